/* The page of memory that the roles of one edge share: workers count, the loader says what it holds and what is wrong,
 * the parent writes the status file from it. Nobody reads it to decide anything about a request but the mirror's feed
 * state and the code of the cut, which /estado repeats. */
#ifndef EDGE_NOTICE_BOARD_H
#define EDGE_NOTICE_BOARD_H

#include "base/err.h"
#include "doors/cut_keys.h"
#include "doors/notice.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { EDGE_WORKERS_MAX = 16, EDGE_PATHS_MAX = 16, EDGE_STAGES_MAX = 8, EDGE_BOARD_CERTS = 8 };

/* One row a counter: its name in the status file. */
#define EDGE_COUNTERS(ROW)                                                                                   \
    ROW(REQUESTS, "requests")                                                                                \
    ROW(2XX, "responses_2xx")                                                                                \
    ROW(3XX, "responses_3xx")                                                                                \
    ROW(4XX, "responses_4xx")                                                                                \
    ROW(5XX, "responses_5xx")                                                                                \
    ROW(BYTES, "bytes")                                                                                      \
    ROW(ACCEPTED, "accepted")                                                                                \
    ROW(REFUSED_HEAD, "refused_head")                                                                        \
    ROW(REFUSED_METHOD, "refused_method")                                                                    \
    ROW(REFUSED_BODY, "refused_body")                                                                        \
    ROW(TIMEOUT_IDLE, "timeout_idle")                                                                        \
    ROW(TIMEOUT_HEAD, "timeout_head")                                                                        \
    ROW(TIMEOUT_RESPONSE, "timeout_response")                                                                \
    ROW(EVICTED, "evicted")                                                                                  \
    ROW(REFUSED_FULL, "refused_full")                                                                        \
    ROW(TLS_FULL, "tls_full")                                                                                \
    ROW(TLS_RESUMED, "tls_resumed")                                                                          \
    ROW(TLS_SIGNED, "tls_signed")                                                                            \
    ROW(REFUSED_TLS, "refused_tls")                                                                          \
    ROW(REFUSED_KEY_ASKS, "refused_key_asks")                                                                \
    ROW(TIMEOUT_HANDSHAKE, "timeout_handshake")                                                              \
    ROW(H2_CONNECTIONS, "h2_connections")                                                                    \
    ROW(H2_STREAMS, "h2_streams")                                                                            \
    ROW(H2_ENDED, "h2_ended")                                                                                \
    ROW(H2_RESETS, "refused_h2_resets")                                                                      \
    ROW(H2_FORCED_RESETS, "refused_h2_forced_resets")                                                        \
    ROW(H2_SETTINGS, "refused_h2_settings")                                                                  \
    ROW(H2_PINGS, "refused_h2_pings")                                                                        \
    ROW(H2_EMPTY, "refused_h2_empty")                                                                        \
    ROW(H2_UPDATES, "refused_h2_window_updates")                                                             \
    ROW(H2_IDLE, "refused_h2_idle_frames")                                                                   \
    ROW(H2_CONTINUATIONS, "refused_h2_continuations")                                                        \
    ROW(FLOW_OPENED, "flow_opened")                                                                          \
    ROW(FLOW_EVENTS, "flow_events")                                                                          \
    ROW(FLOW_SKIPPED, "flow_skipped")                                                                        \
    ROW(REFUSED_FLOW, "refused_flow")                                                                        \
    ROW(VIEWS, "views")

enum edge_counter {
#define ROW(id, name) COUNT_##id,
    EDGE_COUNTERS(ROW)
#undef ROW
        COUNTERS
};

/* Parts of the board that different roles write lie on pages of their own. */
enum { NOTICE_PAGE = 4096 };

struct worker_row {
    _Alignas(NOTICE_PAGE) _Atomic uint64_t counts[COUNTERS];
    _Atomic uint64_t connections;                /* now */
    _Atomic uint64_t flows;                      /* subscribers of /flow now */
    _Atomic int64_t beat_ms;                     /* monotonic: when it last had a turn for itself */
    _Atomic uint64_t paths[EDGE_PATHS_MAX];      /* requests, by enum hits_path */
    _Atomic uint32_t stages[2][EDGE_STAGES_MAX]; /* connections by enum conn_stage: plain, TLS */
};

/* How far the scribe has read a worker's hits; in the first row also what it has counted in all. */
struct hits_place {
    _Atomic uint64_t read;
    _Atomic uint64_t seen, lost, unwritten;
};

/* What the role with the keys says of the certificates in use. */
struct certs_place {
    _Atomic int64_t ends_s[EDGE_BOARD_CERTS]; /* UTC seconds, 0: not known */
    _Atomic uint64_t taken, refused;          /* sets of files that were read again */
    _Atomic uint32_t lacking;                 /* 1: the role began, and has no pair that does */
    _Atomic uint64_t waited; /* packets of answers that a worker's socket did not take at once */
};

enum feed_state { FEED_NONE, FEED_OK, FEED_LOST, FEED_CONFLICT };

/* What the loader says; read and written whole by notice_read and notice_write. */
struct loader_notice {
    uint32_t has_view;
    uint32_t has_cut;
    uint32_t cut;
    uint32_t cuts; /* addressable */
    int64_t cut_time_ms;
    uint32_t code_cut; /* whose code follows */
    char code[20];     /* "" when its proof is not there yet */
    uint64_t load_failures;
    uint64_t held_bytes;              /* in segments and views */
    int64_t load_ms;                  /* of the last load, real time */
    char alarm[320];                  /* "" when all is well */
    struct notice_text public_notice; /* the newest of the night; len 0: none */
    uint64_t sealed_version;          /* of a sealed site: the highest seen, 0: none */
    uint64_t mode_serial;             /* and of its modes */
    uint32_t site_down;
    uint32_t differences; /* of its document root */
};

/* What goes to every subscriber of /flow (edge/flow_note.h). */
enum { FLOW_TEXT_MAX = 800, FLOW_ID_LEN = 16 };
struct flow_event {
    uint32_t has_cut, cut; /* that it tells of */
    uint32_t len;          /* 0: nothing was said yet */
    char id[FLOW_ID_LEN];
    char text[FLOW_TEXT_MAX]; /* as it is sent, up to the empty line */
};
struct flow_note {
    _Atomic uint32_t round; /* odd while the loader writes */
    struct flow_event event;
};

/* The keys of the cuts, the parent's to write (edge/key_list.h). */
struct cut_keys_place {
    _Atomic uint32_t round; /* odd while it is written, 0: not yet */
    struct cut_keys keys;
};

struct notice_board {
    struct worker_row workers[EDGE_WORKERS_MAX];
    _Alignas(NOTICE_PAGE) struct hits_place hits[EDGE_WORKERS_MAX];
    _Alignas(NOTICE_PAGE) struct certs_place certs;
    _Alignas(NOTICE_PAGE) struct cut_keys_place cut_keys;
    _Alignas(NOTICE_PAGE) _Atomic uint32_t feed; /* enum feed_state; from here on the loader's */
    _Atomic int64_t feed_age_s;
    _Atomic uint32_t round; /* odd while the loader writes */
    struct loader_notice notice;
    struct flow_note flow;
};

/* Shared, zeroed memory that forked roles inherit. */
struct notice_board *notice_board_new(void);
/* For good: this process may write `len` bytes at `part` (whole pages; NULL: nothing), and may only read the rest. */
MUST_CHECK enum err notice_board_keep(struct notice_board *board, const void *part, size_t len,
                                      struct why *why);
void notice_write(struct notice_board *board, const struct loader_notice *notice);
/* False: what was read may be torn, because the loader died while it wrote. */
bool notice_read(const struct notice_board *board, struct loader_notice *out);

/* Of an answer with a status from 200 to 599. */
static inline enum edge_counter count_of_status(int status)
{
    static const enum edge_counter classes[] = {COUNT_2XX, COUNT_3XX, COUNT_4XX, COUNT_5XX};
    return classes[status / 100 - 2];
}

static inline void count_path(struct worker_row *row, uint32_t path)
{
    uint64_t was = atomic_load_explicit(&row->paths[path], memory_order_relaxed);
    atomic_store_explicit(&row->paths[path], was + 1, memory_order_relaxed);
}
static inline void count(struct worker_row *row, enum edge_counter counter, uint64_t more)
{
    /* One writer a row: no locked instruction is needed. */
    uint64_t was = atomic_load_explicit(&row->counts[counter], memory_order_relaxed);
    atomic_store_explicit(&row->counts[counter], was + more, memory_order_relaxed);
}
/* Over all workers, the dead included: counters only grow. */
uint64_t notice_sum(const struct notice_board *board, enum edge_counter counter);

#endif

/* What a worker saw, in a ring of shared memory: one writer, which never waits and never looks at its reader; one reader,
 * which may be overrun and then knows by how much. Records are published a handful at a time, when the processor time that
 * they took has been asked for once (290 ns a look, shared by all of them). */
#ifndef EDGE_HITS_RING_H
#define EDGE_HITS_RING_H

#include "edge/server.h"
#include "tls/house.h"

#include <stdatomic.h>

enum { HITS_RING = 32768, HITS_HANDFUL = 16, HITS_PRINTS = 256 };

/* One cache line. */
struct hits_slot {
    int64_t time_ms; /* UTC */
    uint64_t bytes;
    uint8_t source[16];
    uint32_t cost_ns;
    uint16_t port, status;
    uint16_t http, tls; /* fingerprints: place + 1, 0 none */
    uint8_t protocol;   /* enum protocol_id times HITS_WAYS, and the way */
    uint8_t method, path, decision, reason;
    uint8_t zero[15];
};
_Static_assert(sizeof(struct hits_slot) == 64, "a record of the ring is a cache line");

/* The fields of a head, without their values. */
struct hits_print {
    uint64_t names;    /* http1_request.names */
    uint32_t n_fields; /* 0: free */
    uint32_t minor;
};

/* How the connection was spoken on: a protocol in clear, over TLS 1.2, or over 1.3. */
enum { HITS_WAYS = 3 };

struct hits_ring {
    _Atomic uint64_t head; /* records published ever */
    struct hits_print prints[HITS_PRINTS];
    struct tls_hello hellos[HITS_PRINTS]; /* version 0 and ciphers 0: free */
    _Alignas(64) struct hits_slot slots[HITS_RING];
};

/* Memory for a ring, not mapped; -1 when there is none. */
int hits_ring_new(void);
MUST_CHECK enum err hits_ring_map(int fd, bool writes, struct hits_ring **out, struct why *why);

/* Classes of paths, by their beginning alone. */
#define HITS_PATHS(ROW)                                                                                      \
    ROW(NONE, "none")                                                                                        \
    ROW(ENTRY, "entry")                                                                                      \
    ROW(CUT, "cut")                                                                                          \
    ROW(CHUNK, "chunk")                                                                                      \
    ROW(PACKAGE, "package")                                                                                  \
    ROW(ACTA, "acta")                                                                                        \
    ROW(LOG, "log")                                                                                          \
    ROW(STATE, "state")                                                                                      \
    ROW(OTHER, "other")
enum hits_path {
#define ROW(id, name) HITS_PATH_##id,
    HITS_PATHS(ROW)
#undef ROW
        HITS_PATH_CLASSES
};
enum hits_path hits_path_of(struct span target);

/* The worker's end. Without a ring nothing is written. */
struct hits_pen {
    struct hits_ring *ring;
    uint64_t at; /* published and waiting */
    uint32_t waiting;
    int64_t cpu_ns; /* when it was last asked for */
};
MUST_CHECK enum err hits_pen_open(struct hits_pen *pen, int fd, struct why *why);
void hits_pen_write(struct hits_pen *pen, const struct finished *finished, enum hits_path path);
/* The place of a request's fingerprint in the ring, 0: none. */
uint16_t hits_pen_print(struct hits_pen *pen, const struct http1_request *request);
/* A request in the bytes of an earlier one, served as that was. */
void hits_pen_again(struct hits_pen *pen, const struct conn *conn, const struct memo_entry *known);
/* Publishes what waits. Also to be called now and then when nothing does. */
void hits_pen_flush(struct hits_pen *pen);

/* The reader's end: copies up to `max` records from *at on and moves it; adds what was overrun to *lost. */
uint32_t hits_ring_read(const struct hits_ring *ring, uint64_t *at, struct hits_slot *out, uint32_t max,
                        uint64_t *lost);

#endif

/* Hits: what a door saw, request by request. A segment is a head and blocks of about a second; a block has exact counters
 * (in all, and by the network of the source), the gaps, and records, all of them or one in `rate`. Names of codes lie in
 * the segment's own dictionary, so that nobody needs the writer's tables. docs/formats/hits.md. */
#ifndef DOORS_HITS_H
#define DOORS_HITS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HITS_HEAD_BYTES = 96,
    HITS_BLOCK_BYTES = 320, /* of a block's own head and check */
    HITS_ROW_BYTES = 48,
    HITS_RECORD_BYTES = 80,
    HITS_BLOCK_MAX = 64 << 20,
    HITS_IDS = 512, /* ids lie below */
    HITS_WORD_MAX = 80,
    HITS_DECISIONS = 8,
    HITS_STATUSES = 6, /* none, 1xx .. 5xx */
    HITS_COSTS = 32    /* [n]: cost below 2^n ns and not below 2^(n-1); the last holds the rest */
};

/* What an id is an id of. */
enum hits_kind {
    HITS_PLANE,
    HITS_PROTOCOL,
    HITS_METHOD,
    HITS_PATH,
    HITS_DECISION,
    HITS_REASON,
    HITS_HTTP, /* fingerprint; 0: none */
    HITS_TLS,  /* fingerprint; 0: none */
    HITS_KINDS
};

struct hits_word {
    enum hits_kind kind;
    uint16_t id;
    struct span text; /* borrowed */
};

/* Addresses: 16 bytes, IPv4 as ::ffff:a.b.c.d. */
struct hit {
    int64_t time_ms; /* UTC, the system's clock */
    uint64_t number; /* of the worker in the top byte, then its count */
    uint64_t bytes;  /* of the answer's body */
    uint32_t cost_ns;
    uint32_t rate; /* it stands for so many */
    uint8_t source[16], dest[16];
    uint16_t source_port, dest_port;
    uint16_t status; /* 0: no answer */
    uint16_t id[HITS_KINDS];
};

/* Exact counts of one network: of all requests whose source lies in it and in no longer row of the same block. */
struct hits_row {
    uint8_t net[16];
    uint8_t bits; /* of the 128: an IPv4 /24 has 120 */
    uint32_t refused;
    uint64_t requests, cost_ns, bytes;
};

/* Exact. */
struct hits_totals {
    uint64_t seen, lost; /* lost: overrun, known by number alone and in no other count */
    uint64_t cost_ns, bytes;
    uint64_t by_decision[HITS_DECISIONS], by_status[HITS_STATUSES];
    uint32_t by_cost[HITS_COSTS];
};

struct hits_head {
    int64_t opened_ms; /* UTC */
    int64_t offset_ms; /* the night's clock minus UTC */
    uint32_t
        error_us;  /* the system clock's own estimate of its error (adjtimex); UINT32_MAX: not synchronised */
    char name[48]; /* of the server */
};

struct hits_block {
    int64_t from_ms, to_ms; /* from <= t < to */
    struct hits_totals totals;
    uint32_t rate; /* a power of two: one record in so many is here */
    const struct hits_word *words;
    const struct hits_row *rows;
    const struct hit *records;
    uint32_t n_words, n_rows, n_records;
};

/* Words sorted by kind and id, rows by network and bits; asserted, like sums that do not agree. */
void hits_head_print(const struct hits_head *head, struct buf *out);
void hits_block_print(const struct hits_block *block, struct buf *out);

/* A block as it lies in a segment. */
struct hits_view {
    int64_t from_ms, to_ms;
    struct hits_totals totals;
    uint32_t rate, n_words, n_rows, n_records;
    struct span words, rows, records;
};
struct hits_row hits_row_at(const struct hits_view *view, uint32_t i);
struct hit hits_record_at(const struct hits_view *view, uint32_t i);

struct hits_reader {
    struct hits_head head;
    struct span bytes; /* not yet read */
    uint64_t at;       /* bytes read */
    int64_t last_ms;
    struct span names[HITS_KINDS][HITS_IDS]; /* at == NULL: not said */
};
/* Everything borrows from `bytes`. */
MUST_CHECK enum err hits_open(struct hits_reader *reader, struct span bytes, struct why *why);
/* The next block. ERR_MISSING: a clean end. ERR_AGAIN: half a block, as at the end of a segment that still grows. */
MUST_CHECK enum err hits_next(struct hits_reader *reader, struct hits_view *out, struct why *why);
/* "-" when the segment has not said it. */
struct span hits_name(const struct hits_reader *reader, enum hits_kind kind, uint16_t id);

/* True when all bits after `bits` are zero. */
bool hits_is_net(const uint8_t net[16], uint8_t bits);
/* The class of a status and of a cost in the totals. */
static inline uint32_t hits_status_class(uint16_t status)
{
    return status >= 100 && status < 600 ? status / 100 : 0;
}
static inline uint32_t hits_cost_class(uint32_t cost_ns)
{
    uint32_t n = cost_ns == 0 ? 0 : 32U - (uint32_t)__builtin_clz(cost_ns);
    return n < HITS_COSTS ? n : HITS_COSTS - 1;
}

#endif

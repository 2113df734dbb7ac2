/* Fingerprints as the hits name them. Each worker keeps a table of its own in its ring; here each fingerprint has one id, whichever
 * worker saw it, and the text that it had when it was first seen: what a worker writes into its table afterwards changes nothing. */
#ifndef EDGE_PRINTS_H
#define EDGE_PRINTS_H

#include "edge/hits_ring.h"
#include "edge/notice_board.h"

#include "doors/hits.h"

enum prints_kind { PRINTS_HTTP, PRINTS_TLS, PRINTS_KINDS };

struct prints_text {
    uint32_t len;
    char at[HITS_WORD_MAX];
};

/* Begins as zeros. */
struct prints {
    struct prints_table {
        uint16_t id_of[EDGE_WORKERS_MAX][HITS_PRINTS]; /* 0: not looked up yet */
        uint32_t n;
        struct prints_text texts[HITS_IDS]; /* by id; 0 has none */
    } tables[PRINTS_KINDS];
};

/* `place` as the worker's slot has it: place + 1, 0 none. The id, 1 to HITS_IDS - 1; 0: none, or no id is left. */
uint16_t prints_id(struct prints *prints, enum prints_kind kind, const struct hits_ring *ring,
                   uint32_t worker, uint16_t place);
/* The text of an id that was given. */
struct span prints_text(const struct prints *prints, enum prints_kind kind, uint16_t id);

#endif

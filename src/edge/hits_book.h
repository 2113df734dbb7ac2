/* What the scribe has counted since the last block: exact totals, exact rows by network as wide as the room allows, and a
 * sample of the records that stays below its bound by keeping every second of what it has when it is full. Pure. */
#ifndef EDGE_HITS_BOOK_H
#define EDGE_HITS_BOOK_H

#include "doors/hits.h"

enum { BOOK_ROWS = 8192, BOOK_SLOTS = 16384 };

struct hits_book {
    struct hits_totals totals;
    struct hits_row rows[BOOK_ROWS];
    uint16_t slots[BOOK_SLOTS]; /* row + 1 */
    uint32_t n_rows;
    struct hit *records;
    uint32_t n_records, max_records, rate;
    struct hits_row *last; /* the row of who came last, NULL: not known */
    uint8_t last_address[16];
    uint64_t key[2];
};

/* `key` is fresh randomness: outsiders choose their addresses. */
MUST_CHECK enum err book_init(struct hits_book *book, uint32_t max_records, const uint64_t key[2]);
void book_done(struct hits_book *book);
void book_clear(struct hits_book *book);
/* hit->rate is the book's to say. `refused`: no answer of the usual kind. */
void book_add(struct hits_book *book, const struct hit *hit, bool refused);
/* Rows in order, every record with its rate. The block borrows until book_clear. */
void book_block(struct hits_book *book, struct hits_block *out);

#endif

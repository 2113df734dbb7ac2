/* Which texts of a database come more than once: keys and images. They are noted row by row, in order, and compared at the
 * end: texts in ascending order, as keys mostly stand, need no table at all, and a table that is filled in one go does not
 * wait for memory at every row. Keyed hashing, for the texts are foreign. */
#ifndef AUDIT_SEEN_H
#define AUDIT_SEEN_H

#include "base/span.h"

#include <stdint.h>

struct seen_item {
    const char *at;   /* the text: borrowed, must outlive the list */
    struct span line; /* the row it stands in */
    uint32_t len;
    uint32_t row;
    uint32_t tag; /* of its hash */
};

struct seen {
    struct seen_item *items;
    uint32_t n;
    uint32_t room;
    bool ascending; /* so far every text is greater than the one before */
    bool hashed;    /* tags are there already */
    uint64_t key[2];
};

/* `expected` texts fit without growing. */
void seen_init(struct seen *seen, uint32_t expected);
void seen_done(struct seen *seen);
/* `hashed`: bytes that are equal exactly when the texts are: the text, or a shorter form of it; at NULL when the hash may
 * wait until it is needed. */
void seen_add(struct seen *seen, struct span text, struct span hashed, uint32_t row, struct span line);

/* Calls `visit` for every text that came before, in the order of the rows: where it stood first, and the how manieth it
 * is (2, 3, ...). */
typedef void (*seen_visit)(void *arg, const struct seen_item *first, const struct seen_item *again,
                           uint32_t times);
void seen_repeated(struct seen *seen, seen_visit visit, void *arg);

#endif

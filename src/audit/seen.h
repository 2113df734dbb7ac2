/* Which texts came before: keys and images of a database, with how often. Keyed hashing, for the texts are
 * foreign. */
#ifndef AUDIT_SEEN_H
#define AUDIT_SEEN_H

#include "base/span.h"

#include <stdint.h>

struct seen_entry {
    const char *at; /* borrowed: must outlive the table */
    uint32_t len;
    uint32_t tag; /* of its hash */
    uint32_t times;
    uint32_t row; /* where it stood first */
};

struct seen {
    uint32_t *slots; /* index of an entry + 1, 0: free */
    struct seen_entry *entries;
    uint32_t n_slots; /* power of two */
    uint32_t n;
    uint32_t room;
    uint64_t key[2];
};

/* `expected` texts fit without growing. */
void seen_init(struct seen *seen, uint32_t expected);
void seen_done(struct seen *seen);
/* Notes a text and returns its entry: times 1 when it is new. Valid until the next call. `hashed` are bytes that are equal
 * exactly when the texts are: the text, or a shorter form of it. */
const struct seen_entry *seen_note(struct seen *seen, struct span text, struct span hashed, uint32_t row);

#endif

/* Which texts came before: keys and images of a database, with how often. Keyed hashing, for the texts are
 * foreign. */
#ifndef AUDIT_SEEN_H
#define AUDIT_SEEN_H

#include "base/span.h"

#include <stdint.h>

struct seen_slot {
    uint32_t tag; /* of the hash; 0: free */
    uint32_t entry;
};

struct seen_entry {
    struct span text; /* borrowed: must outlive the table */
    uint32_t times;
    uint32_t row; /* where it stood first */
};

struct seen {
    struct seen_slot *slots;
    struct seen_entry *entries;
    uint32_t n_slots; /* power of two */
    uint32_t n;
    uint32_t room;
    uint64_t key[2];
};

/* `expected` texts fit without growing. */
void seen_init(struct seen *seen, uint32_t expected);
void seen_done(struct seen *seen);
/* Notes a text and returns its entry: times 1 when it is new. Valid until the next call. */
const struct seen_entry *seen_note(struct seen *seen, struct span text, uint32_t row);

#endif

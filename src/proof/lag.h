/* Entries that wait to be folded until it is known whether a cut begins between them: a cut's entry comes some entries after those that
 * it covers, and what it states is compared with the state as it was there. */
#ifndef PROOF_LAG_H
#define PROOF_LAG_H

#include "proof/entries.h"

enum { LAG_MAX = 16384 }; /* entries; a cut takes seconds, and no intake brings so many meanwhile */

struct lag {
    struct buf bytes; /* of those that wait and were not read ahead, one after the other */
    struct lag_entry {
        size_t at, len;
        const struct hash *leaf;
        struct ready ready;
        bool is_ready;
    } * entries;
    uint32_t n, done;
    uint64_t next; /* index of the first that waits */
};

void lag_init(struct lag *lag);
void lag_done(struct lag *lag);
/* Room for one more? */
static inline bool lag_full(const struct lag *lag)
{
    return lag->n == LAG_MAX;
}
void lag_push(struct lag *lag, const struct entry_seen *seen);
/* The next entry need not wait and is taken in at once by the caller: false when others wait before it. */
bool lag_pass(struct lag *lag);
/* Gives all entries before `index` to `visit`, in order; those that were read ahead without their bytes. Ends at its first error. */
MUST_CHECK enum err lag_release(struct lag *lag, uint64_t index, entry_visit visit, void *arg,
                                struct why *why);

#endif

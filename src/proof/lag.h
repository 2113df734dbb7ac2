/* Entries that wait to be folded until it is known whether a cut begins between them: a cut's entry comes some entries after those that
 * it covers, and what it states is compared with the state as it was there. */
#ifndef PROOF_LAG_H
#define PROOF_LAG_H

#include "base/buf.h"
#include "base/err.h"
#include "tlog/merkle.h"

enum { LAG_MAX = 16384 }; /* entries; a cut takes seconds, and no intake brings so many meanwhile */

struct lag {
    struct buf bytes; /* of those that wait, one after the other */
    struct lag_entry {
        size_t at, len;
        struct hash leaf;
    } * entries;
    uint32_t n, done;
    uint64_t next; /* index of the first that waits */
};

typedef enum err (*lag_visit)(void *arg, uint64_t index, struct span entry, const struct hash *leaf,
                              struct why *why);

void lag_init(struct lag *lag);
void lag_done(struct lag *lag);
/* Room for one more? */
static inline bool lag_full(const struct lag *lag)
{
    return lag->n == LAG_MAX;
}
void lag_push(struct lag *lag, struct span entry, const struct hash *leaf);
/* Gives all entries before `index` to `visit`, in order. Ends at its first error. */
MUST_CHECK enum err lag_release(struct lag *lag, uint64_t index, lag_visit visit, void *arg, struct why *why);

#endif

/* Heavy hitters: Space-Saving with weights (Metwally, Agrawal, El Abbadi 2005). With k places and a total weight N, each key
 * whose weight is above N/k is here, and of each that is here: estimate - error <= weight <= estimate, error <= N/k. */
#ifndef SKETCH_HEAVY_H
#define SKETCH_HEAVY_H

#include "base/err.h"
#include "sketch/net.h"

struct heavy_item {
    struct net net;
    uint64_t estimate, error;
    uint64_t cost; /* since it has its place: all of it while the error is 0 */
};

struct heavy {
    struct heavy_item *items; /* a heap, the least estimate first */
    uint32_t *table;          /* hash: place in the heap + 1, 0 free */
    uint32_t *slot;           /* of the item at a place of the heap */
    uint32_t n, k, mask;
    uint64_t total;
    uint64_t key[2];
};

/* `key` is randomness where outsiders choose the addresses, and 0, 0 where a result must be made again. */
MUST_CHECK enum err heavy_init(struct heavy *heavy, uint32_t k, const uint64_t key[2]);
void heavy_done(struct heavy *heavy);
void heavy_add(struct heavy *heavy, const struct net *net, uint64_t weight, uint64_t cost);
/* No weight is further off than this, and no missing key is heavier. */
uint64_t heavy_bound(const struct heavy *heavy);
/* The heaviest first, ties by network; returns how many. Leaves the sketch as it is. */
uint32_t heavy_top(const struct heavy *heavy, struct heavy_item *out, uint32_t max);

#endif

/* A binary heap by estimate, and a hash table with linear probing that says where in the heap a key lies. */
#include "sketch/heavy.h"

#include "base/map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { NET_BYTES = 17 };

enum err heavy_init(struct heavy *heavy, uint32_t k, const uint64_t key[2])
{
    uint32_t size = 4;
    assert(k > 0 && k <= UINT32_MAX / 8);
    while (size < 2 * k) {
        size *= 2;
    }
    *heavy = (struct heavy){.k = k, .mask = size - 1, .key = {key[0], key[1]}};
    heavy->items = calloc(k, sizeof *heavy->items);
    heavy->slot = calloc(k, sizeof *heavy->slot);
    heavy->table = calloc(size, sizeof *heavy->table);
    if (heavy->items == NULL || heavy->slot == NULL || heavy->table == NULL) {
        heavy_done(heavy);
        return ERR_FULL;
    }
    return OK;
}

void heavy_done(struct heavy *heavy)
{
    free(heavy->items);
    free(heavy->slot);
    free(heavy->table);
    *heavy = (struct heavy){0};
}

static bool same(const struct net *a, const struct net *b)
{
    return a->bits == b->bits && memcmp(a->address, b->address, 16) == 0;
}

static uint32_t home(const struct heavy *heavy, const struct net *net)
{
    uint8_t bytes[NET_BYTES];
    memcpy(bytes, net->address, 16);
    bytes[16] = net->bits;
    return (uint32_t)siphash(heavy->key[0], heavy->key[1], bytes, sizeof bytes) & heavy->mask;
}

/* Where the key is, or the free slot where it would be. */
static uint32_t find(const struct heavy *heavy, const struct net *net)
{
    uint32_t at = home(heavy, net);
    while (heavy->table[at] != 0 && !same(&heavy->items[heavy->table[at] - 1].net, net)) {
        at = (at + 1) & heavy->mask;
    }
    return at;
}

/* Closes the gap so that probing needs no tombstones (Knuth, algorithm R). */
static void forget(struct heavy *heavy, uint32_t at)
{
    uint32_t next = at;
    heavy->table[at] = 0;
    for (;;) {
        next = (next + 1) & heavy->mask;
        if (heavy->table[next] == 0) {
            return;
        }
        uint32_t wanted = home(heavy, &heavy->items[heavy->table[next] - 1].net);
        if (((next - wanted) & heavy->mask) >= ((next - at) & heavy->mask)) {
            heavy->table[at] = heavy->table[next];
            heavy->slot[heavy->table[at] - 1] = at;
            heavy->table[next] = 0;
            at = next;
        }
    }
}

static void exchange(struct heavy *heavy, uint32_t a, uint32_t b)
{
    struct heavy_item item = heavy->items[a];
    uint32_t slot = heavy->slot[a];
    heavy->items[a] = heavy->items[b];
    heavy->slot[a] = heavy->slot[b];
    heavy->items[b] = item;
    heavy->slot[b] = slot;
    heavy->table[heavy->slot[a]] = a + 1;
    heavy->table[heavy->slot[b]] = b + 1;
}

static void sink(struct heavy *heavy, uint32_t at)
{
    for (;;) {
        uint32_t least = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < heavy->n; child++) {
            least = heavy->items[child].estimate < heavy->items[least].estimate ? child : least;
        }
        if (least == at) {
            return;
        }
        exchange(heavy, at, least);
        at = least;
    }
}

static void rise(struct heavy *heavy, uint32_t at)
{
    while (at > 0 && heavy->items[at].estimate < heavy->items[(at - 1) / 2].estimate) {
        exchange(heavy, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

void heavy_add(struct heavy *heavy, const struct net *net, uint64_t weight, uint64_t cost)
{
    uint32_t slot = find(heavy, net);
    heavy->total += weight;
    if (heavy->table[slot] != 0) {
        uint32_t at = heavy->table[slot] - 1;
        heavy->items[at].estimate += weight;
        heavy->items[at].cost += cost;
        sink(heavy, at);
        return;
    }
    if (heavy->n < heavy->k) {
        uint32_t at = heavy->n++;
        heavy->items[at] = (struct heavy_item){.net = *net, .estimate = weight, .cost = cost};
        heavy->slot[at] = slot;
        heavy->table[slot] = at + 1;
        rise(heavy, at);
        return;
    }
    /* The lightest gives its place, and its weight becomes the newcomer's error. */
    struct heavy_item *least = &heavy->items[0];
    uint64_t error = least->estimate;
    forget(heavy, heavy->slot[0]);
    *least = (struct heavy_item){.net = *net, .estimate = error + weight, .error = error, .cost = cost};
    slot = find(heavy, net);
    heavy->slot[0] = slot;
    heavy->table[slot] = 1;
    sink(heavy, 0);
}

uint64_t heavy_bound(const struct heavy *heavy)
{
    return heavy->n < heavy->k ? 0 : heavy->items[0].estimate;
}

static int by_weight(const void *a, const void *b)
{
    const struct heavy_item *left = a;
    const struct heavy_item *right = b;
    if (left->estimate != right->estimate) {
        return left->estimate < right->estimate ? 1 : -1;
    }
    int order = memcmp(left->net.address, right->net.address, 16);
    return order != 0 ? order : (int)left->net.bits - (int)right->net.bits;
}

uint32_t heavy_top(const struct heavy *heavy, struct heavy_item *out, uint32_t max)
{
    struct heavy_item *all = calloc(heavy->n + 1U, sizeof *all);
    assert(all != NULL);
    uint32_t n = heavy->n < max ? heavy->n : max;
    if (n > 0) {
        memcpy(all, heavy->items, heavy->n * sizeof *all);
        qsort(all, heavy->n, sizeof *all, by_weight);
        memcpy(out, all, n * sizeof *out);
    }
    free(all);
    return n;
}

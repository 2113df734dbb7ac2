/* Open addressing with linear probing; grows at three quarters; no deletion is needed here. */
#include "base/map.h"

#include "base/huge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct map_slot {
    struct span key;
    uint32_t value; /* MAP_NONE: free */
    uint32_t tag;   /* high half of the hash: where to look first, and compared first */
};

static inline uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

/* Eight bytes, the first one lowest, on any machine. */
static inline uint64_t load_le64(const unsigned char *at)
{
    uint64_t word = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(&word, at, sizeof word);
#else
    for (int b = 7; b >= 0; b--) {
        word = word << 8 | at[b];
    }
#endif
    return word;
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

uint64_t siphash(uint64_t key0, uint64_t key1, const void *bytes, size_t len)
{
    const unsigned char *in = bytes;
    uint64_t v[4] = {key0 ^ 0x736f6d6570736575U, key1 ^ 0x646f72616e646f6dU, key0 ^ 0x6c7967656e657261U,
                     key1 ^ 0x7465646279746573U};
    size_t whole = len & ~(size_t)7;
    for (size_t i = 0; i < whole; i += 8) {
        uint64_t word = load_le64(in + i);
        v[3] ^= word;
        sip_round(v);
        sip_round(v);
        v[0] ^= word;
    }
    uint64_t last = (uint64_t)(len & 255) << 56;
    for (size_t i = whole; i < len; i++) {
        last |= (uint64_t)in[i] << (8 * (i - whole));
    }
    v[3] ^= last;
    sip_round(v);
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 255;
    for (int i = 0; i < 4; i++) {
        sip_round(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void map_init(struct map *map, uint64_t key0, uint64_t key1)
{
    *map = (struct map){.key = {key0, key1}};
}

void map_done(struct map *map)
{
    free(map->slots);
    *map = (struct map){0};
}

/* The slot of a key, or the free slot where it would go. */
static struct map_slot *slot_of(const struct map *map, struct span key, uint32_t *tag)
{
    uint64_t hash = siphash(map->key[0], map->key[1], key.at, key.len);
    *tag = (uint32_t)(hash >> 32);
    uint32_t mask = map->cap - 1;
    for (uint32_t i = *tag & mask;; i = (i + 1) & mask) {
        struct map_slot *slot = &map->slots[i];
        if (slot->value == MAP_NONE || (slot->tag == *tag && span_equal(slot->key, key))) {
            return slot;
        }
    }
}

uint32_t map_get(const struct map *map, struct span key)
{
    uint32_t tag = 0;
    return map->count == 0 ? MAP_NONE : slot_of(map, key, &tag)->value;
}

/* The keys themselves are not looked at: they differ, and their tags say where they go. */
static void resize(struct map *map, uint32_t cap)
{
    struct map old = *map;
    map->cap = cap;
    assert(map->cap > old.cap);
    map->slots = huge_alloc((size_t)map->cap * sizeof *map->slots);
    if (map->slots == NULL) {
        abort();
    }
    for (uint32_t i = 0; i < map->cap; i++) {
        map->slots[i] = (struct map_slot){.value = MAP_NONE};
    }
    for (uint32_t i = 0; i < old.cap; i++) {
        if (old.slots[i].value != MAP_NONE) {
            uint32_t at = old.slots[i].tag & (map->cap - 1);
            while (map->slots[at].value != MAP_NONE) {
                at = (at + 1) & (map->cap - 1);
            }
            map->slots[at] = old.slots[i];
        }
    }
    free(old.slots);
}

void map_reserve(struct map *map, uint32_t count)
{
    uint32_t cap = map->cap == 0 ? 64 : map->cap;
    while (count >= cap / 4 * 3) {
        cap *= 2;
        assert(cap != 0);
    }
    if (cap > map->cap) {
        resize(map, cap);
    }
}

uint32_t map_put(struct map *map, struct span key, uint32_t value)
{
    assert(value != MAP_NONE);
    if (map->count >= map->cap / 4 * 3) {
        resize(map, map->cap == 0 ? 64 : map->cap * 2);
    }
    uint32_t tag = 0;
    struct map_slot *slot = slot_of(map, key, &tag);
    uint32_t before = slot->value;
    if (before == MAP_NONE) {
        slot->key = key;
        slot->tag = tag;
        map->count++;
    }
    slot->value = value;
    return before;
}

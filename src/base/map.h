/* A hash map from short byte strings to 32-bit numbers (indices into the caller's arrays). Hashing is
 * SipHash-2-4 with a key, so an outsider cannot choose collisions; nothing may depend on its order, so it has
 * no iteration. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/span.h"

#include <stdint.h>

#define MAP_NONE UINT32_MAX

struct map_slot;

struct map {
    struct map_slot *slots;
    uint32_t cap; /* power of two, or 0 */
    uint32_t count;
    uint64_t key[2];
};

/* The keys' bytes are borrowed: they must outlive the map. */
void map_init(struct map *map, uint64_t key0, uint64_t key1);
void map_done(struct map *map);
/* Room for so many keys in all, so that putting them moves none. */
void map_reserve(struct map *map, uint32_t count);
/* The value of a key, or MAP_NONE. */
uint32_t map_get(const struct map *map, struct span key);
/* Sets a key's value (not MAP_NONE) and returns the value it had before, or MAP_NONE. */
uint32_t map_put(struct map *map, struct span key, uint32_t value);

/* SipHash-2-4 of some bytes (Aumasson and Bernstein 2012), for tables of other shapes. */
uint64_t siphash(uint64_t key0, uint64_t key1, const void *bytes, size_t len);

#endif

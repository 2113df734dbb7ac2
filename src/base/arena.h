/* An arena is memory with one lifetime (process, cut, connection, request): many allocations, one release. It
 * has a fixed budget; past it allocation fails with NULL. Freed memory is poisoned under ASan. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/span.h"

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used;                /* bytes handed out and taken from the system */
    size_t budget;              /* 0 for no budget */
};

void arena_init(struct arena *arena, size_t budget);
/* Gives everything back. */
void arena_done(struct arena *arena);
/* Empties the arena and keeps its first block for the next use. */
void arena_reset(struct arena *arena);

/* Zeroed memory aligned for any type; NULL past the budget. */
void *arena_alloc(struct arena *arena, size_t size);
/* `count` zeroed items of `size` bytes, checked for overflow. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* A terminated copy of the text, as a span; at == NULL past the budget. */
struct span arena_copy(struct arena *arena, struct span text);

#endif

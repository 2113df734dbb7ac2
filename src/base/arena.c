/* Arenas: a list of blocks, bump allocation, poison after release. */
#include "base/arena.h"

#include "base/huge.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(at, size)   __asan_poison_memory_region(at, size)
#define UNPOISON(at, size) __asan_unpoison_memory_region(at, size)
#else
#define POISON(at, size)   ((void)(at), (void)(size))
#define UNPOISON(at, size) ((void)(at), (void)(size))
#endif

enum { FIRST_BLOCK = 16 * 1024, ALIGN = alignof(max_align_t) };

struct arena_block {
    struct arena_block *next;
    size_t size; /* of bytes[] */
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

/* With its head a whole number of large pages. */
enum { LARGE_BLOCK = 4 * 1024 * 1024 - sizeof(struct arena_block) };

void arena_init(struct arena *arena, size_t budget)
{
    *arena = (struct arena){.budget = budget};
}

static void block_free(struct arena_block *block)
{
    UNPOISON(block->bytes, block->size);
    free(block);
}

void arena_done(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *next = arena->blocks->next;
        block_free(arena->blocks);
        arena->blocks = next;
    }
    arena->used = 0;
}

void arena_reset(struct arena *arena)
{
    while (arena->blocks != NULL && arena->blocks->next != NULL) {
        struct arena_block *next = arena->blocks->next;
        arena->used -= arena->blocks->size;
        block_free(arena->blocks);
        arena->blocks = next;
    }
    if (arena->blocks != NULL) {
        arena->blocks->used = 0;
        POISON(arena->blocks->bytes, arena->blocks->size);
    }
}

static struct arena_block *block_new(struct arena *arena, size_t size)
{
    size_t wanted = arena->blocks == NULL ? FIRST_BLOCK : arena->blocks->size * 2;
    if (wanted > LARGE_BLOCK) {
        wanted = LARGE_BLOCK;
    }
    if (wanted < size) {
        wanted = size;
    }
    if (arena->budget != 0 && (wanted > arena->budget || arena->used > arena->budget - wanted)) {
        wanted = size; /* the last bit of the budget may still hold it */
        if (wanted > arena->budget || arena->used > arena->budget - wanted) {
            return NULL;
        }
    }
    struct arena_block *block = huge_alloc(sizeof *block + wanted);
    if (block == NULL) {
        return NULL;
    }
    *block = (struct arena_block){.next = arena->blocks, .size = wanted};
    POISON(block->bytes, block->size);
    arena->blocks = block;
    arena->used += wanted;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    size = size == 0 ? ALIGN : (size + ALIGN - 1) / ALIGN * ALIGN;
    struct arena_block *block = arena->blocks;
    if (block == NULL || block->size - block->used < size) {
        block = block_new(arena, size);
        if (block == NULL) {
            return NULL;
        }
    }
    void *at = block->bytes + block->used;
    block->used += size;
    UNPOISON(at, size);
    memset(at, 0, size);
    return at;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        return NULL;
    }
    return arena_alloc(arena, bytes);
}

struct span arena_copy(struct arena *arena, struct span text)
{
    char *at = arena_alloc(arena, text.len + 1);
    if (at == NULL) {
        return (struct span){NULL, 0};
    }
    if (text.len > 0) {
        memcpy(at, text.at, text.len);
    }
    return span_of(at, text.len);
}

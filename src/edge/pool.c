/* A slab is aligned to its size, so a cell finds it by its own address. */
#include "edge/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { SLAB_BYTES = 64 << 10 };

static const uint32_t cells[POOL_CLASSES] = {128, 256, 512, 1024, 4096, POOL_CELL_MAX};

struct slab {
    struct slab *before, *after; /* among those with a free cell */
    void *free;                  /* a cell that was given back holds the next */
    uint32_t used, fresh;        /* cells; those never taken begin at `fresh` */
    uint32_t most;
    uint8_t class;
};

static unsigned class_of(size_t len)
{
    unsigned class = 0;
    while (cells[class] < len) {
        class ++;
        assert(class < POOL_CLASSES);
    }
    return class;
}

size_t pool_cell(size_t len)
{
    return cells[class_of(len)];
}

static char *first_cell(const struct slab *slab)
{
    size_t cell = cells[slab->class];
    size_t head = cell < 1024 ? (sizeof *slab + cell - 1) / cell * cell : (sizeof *slab + 63) / 64 * 64;
    return (char *)(uintptr_t)slab + head;
}

/* Twice the size is mapped and what is not aligned given back. */
static struct slab *map_slab(void)
{
    char *at = mmap(NULL, 2 * SLAB_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                    -1, 0);
    if (at == MAP_FAILED) {
        abort();
    }
    size_t before = SLAB_BYTES - ((uintptr_t)at & (SLAB_BYTES - 1)); /* never nothing; perhaps all there is */
    munmap(at, before);
    munmap(at + before + SLAB_BYTES, SLAB_BYTES - before);
    return (struct slab *)(void *)(at + before);
}

static void link_slab(struct pool *pool, struct slab *slab)
{
    slab->before = NULL;
    slab->after = pool->open[slab->class];
    if (slab->after != NULL) {
        slab->after->before = slab;
    }
    pool->open[slab->class] = slab;
}

static void unlink_slab(struct pool *pool, struct slab *slab)
{
    *(slab->before != NULL ? &slab->before->after : &pool->open[slab->class]) = slab->after;
    if (slab->after != NULL) {
        slab->after->before = slab->before;
    }
}

static struct slab *new_slab(struct pool *pool, unsigned class)
{
    struct slab *slab = pool->spare != NULL ? pool->spare : map_slab();
    pool->spare = NULL;
    *slab = (struct slab){.class = (uint8_t) class};
    slab->most = (uint32_t)((SLAB_BYTES - (size_t)(first_cell(slab) - (char *)slab)) / cells[class]);
    pool->bytes += SLAB_BYTES;
    link_slab(pool, slab);
    return slab;
}

void *pool_take(struct pool *pool, size_t len)
{
    unsigned class = class_of(len);
    struct slab *slab = pool->open[class] != NULL ? pool->open[class] : new_slab(pool, class);
    void *cell = slab->free;
    if (cell != NULL) {
        slab->free = *(void **)cell;
    } else {
        cell = first_cell(slab) + (size_t)slab->fresh++ * cells[class];
    }
    if (++slab->used == slab->most) {
        unlink_slab(pool, slab);
    }
    return cell;
}

void pool_give(struct pool *pool, void *cell)
{
    if (cell == NULL) {
        return;
    }
    struct slab *slab = (struct slab *)((uintptr_t)cell & ~(uintptr_t)(SLAB_BYTES - 1));
    assert(slab->used > 0 && slab->used <= slab->most);
    if (slab->used == slab->most) {
        link_slab(pool, slab);
    }
    *(void **)cell = slab->free;
    slab->free = cell;
    if (--slab->used > 0) {
        return;
    }
    unlink_slab(pool, slab);
    pool->bytes -= SLAB_BYTES;
    if (pool->spare == NULL) {
        pool->spare = slab;
    } else {
        munmap(slab, SLAB_BYTES);
    }
}

void pool_done(struct pool *pool)
{
    if (pool->spare != NULL) {
        munmap(pool->spare, SLAB_BYTES);
        pool->spare = NULL;
    }
}

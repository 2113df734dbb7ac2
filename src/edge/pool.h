/* Memory for what is pending: cells of a few sizes from slabs of 64 KiB, which go back to the system when they are empty. What a
 * worker holds is known to the byte, so that it can be bounded. */
#ifndef EDGE_POOL_H
#define EDGE_POOL_H

#include <stddef.h>
#include <stdint.h>

enum { POOL_CLASSES = 6, POOL_CELL_MAX = 24 << 10 };

struct slab;

struct pool {
    struct slab *open[POOL_CLASSES]; /* slabs with a free cell */
    struct slab *spare;              /* one empty slab, so that a single connection does not map and unmap */
    uint64_t bytes;                  /* in slabs, the spare one not counted */
};

/* The size of the cell that `len` bytes get; at most POOL_CELL_MAX. */
size_t pool_cell(size_t len);
/* Not cleared. Ends the process when the system has no memory at all. */
void *pool_take(struct pool *pool, size_t len);
void pool_give(struct pool *pool, void *cell); /* NULL: nothing */
void pool_done(struct pool *pool);

#endif

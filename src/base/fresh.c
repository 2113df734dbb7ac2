/* A mapping that begins at a large page; its first line is nobody's, for fresh_touch. */
#include "base/fresh.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { PAGE = 2 << 20, ALIGN = 64 };

/* Where a large page begins, with `len` bytes behind it; what was mapped beside it for that goes back. */
static char *map_aligned(size_t len)
{
    char *at =
        mmap(NULL, len + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
        return NULL;
    }
    size_t before = (PAGE - (uintptr_t)at % PAGE) % PAGE;
    if (before > 0) {
        (void)munmap(at, before);
    }
    if (before < PAGE) {
        (void)munmap(at + before + len, PAGE - before);
    }
    return at + before;
}

void fresh_init(struct fresh *fresh, size_t len)
{
    *fresh = (struct fresh){.at = NULL};
    if (len == 0 || len > SIZE_MAX / 2) {
        return;
    }
    len = (len + ALIGN + PAGE - 1) / PAGE * PAGE;
    fresh->at = map_aligned(len);
    fresh->len = fresh->at == NULL ? 0 : len;
    atomic_init(&fresh->used, ALIGN);
    if (fresh->at != NULL) {
        (void)!madvise(fresh->at, len, MADV_HUGEPAGE);
    }
}

void fresh_touch(struct fresh *fresh)
{
    if (fresh->at != NULL) {
        *(volatile char *)fresh->at = 0;
    }
}

void *fresh_take(struct fresh *fresh, size_t len)
{
    if (fresh == NULL || fresh->at == NULL || len > fresh->len) {
        return calloc(1, len);
    }
    size_t whole = (len + ALIGN - 1) / ALIGN * ALIGN;
    size_t at = atomic_load_explicit(&fresh->used, memory_order_relaxed);
    do {
        if (whole > fresh->len - at) {
            return calloc(1, len);
        }
    } while (!atomic_compare_exchange_weak_explicit(&fresh->used, &at, at + whole, memory_order_relaxed,
                                                    memory_order_relaxed));
    return fresh->at + at;
}

static bool holds(const struct fresh *fresh, const char *at)
{
    return fresh != NULL && fresh->at != NULL && (uintptr_t)at - (uintptr_t)fresh->at < fresh->len;
}

void fresh_return(const struct fresh *fresh, void *at)
{
    if (!holds(fresh, at)) {
        free(at);
    }
}

void fresh_done(struct fresh *fresh)
{
    if (fresh->at != NULL) {
        (void)munmap(fresh->at, fresh->len);
    }
    fresh->at = NULL;
}

/* Advice about the whole pages of an allocation. */
#include "base/huge.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { WORTH_IT = 4 << 20, PAGE = 2 << 20 };

void huge_advise(void *at, size_t len)
{
    size_t before = (PAGE - (uintptr_t)at % PAGE) % PAGE;
    if (at != NULL && len >= WORTH_IT) {
        (void)!madvise((char *)at + before, (len - before) / PAGE * PAGE, MADV_HUGEPAGE);
    }
}

void *huge_alloc(size_t len)
{
    if (len < WORTH_IT) {
        return malloc(len);
    }
    void *at = aligned_alloc(PAGE, (len + PAGE - 1) / PAGE * PAGE);
    huge_advise(at, len);
    return at;
}

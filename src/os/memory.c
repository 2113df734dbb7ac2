/* Advice about memory. */
#include "os/memory.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WORTH_IT = 256 * 1024 };

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

void memory_prepare(void *at, size_t len)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)at + page - 1) & ~(page - 1);
    uintptr_t last = ((uintptr_t)at + len) & ~(page - 1);
    if (len < WORTH_IT || last <= first) {
        return;
    }
    void *start = (char *)at + (first - (uintptr_t)at);
    (void)!madvise(start, last - first, MADV_HUGEPAGE);
    (void)!madvise(start, last - first, MADV_POPULATE_WRITE);
}

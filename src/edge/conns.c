/* Places from a bit map, lowest first, so that what a flood took can be given back when it is over. */
#include "edge/conns.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum err conns_init(struct conns *conns, uint32_t max)
{
    *conns = (struct conns){.max = max};
    void *room = mmap(NULL, (size_t)max * sizeof(struct conn), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    conns->taken = calloc((max + 63) / 64, sizeof *conns->taken);
    if (room == MAP_FAILED || conns->taken == NULL) {
        return ERR_FULL;
    }
    conns->all = room;
    return OK;
}

void conns_done(struct conns *conns)
{
    munmap(conns->all, (size_t)conns->max * sizeof(struct conn));
    free(conns->taken);
}

struct conn *conns_take(struct conns *conns)
{
    uint32_t words = (conns->max + 63) / 64;
    while (conns->low < words && conns->taken[conns->low] == UINT64_MAX) {
        conns->low++;
    }
    if (conns->low == words) {
        return NULL;
    }
    uint32_t bit = (uint32_t)__builtin_ctzll(~conns->taken[conns->low]);
    uint32_t place = conns->low * 64 + bit;
    if (place >= conns->max) {
        return NULL;
    }
    conns->taken[conns->low] |= UINT64_C(1) << bit;
    conns->n++;
    conns->high = place >= conns->high ? place + 1 : conns->high;
    struct conn *conn = &conns->all[place];
    /* Never 0, which is what a place says that was never used. */
    uint16_t round = conn->round == UINT16_MAX ? 1 : (uint16_t)(conn->round + 1);
    *conn = (struct conn){.fd = -1, .round = round};
    return conn;
}

void conns_give(struct conns *conns, struct conn *conn)
{
    uint32_t place = conn_index(conns, conn);
    uint64_t bit = UINT64_C(1) << (place & 63);
    assert((conns->taken[place / 64] & bit) != 0);
    conns->taken[place / 64] &= ~bit;
    conns->low = place / 64 < conns->low ? place / 64 : conns->low;
    conns->n--;
    conn->fd = -1;
}

void conns_trim(struct conns *conns)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint32_t high = conns->high;
    while (high > 0 && (conns->taken[(high - 1) / 64] >> ((high - 1) & 63) & 1) == 0) {
        high--;
    }
    size_t kept = ((size_t)high * sizeof(struct conn) + page - 1) / page * page;
    size_t used = (size_t)conns->high * sizeof(struct conn);
    if (used > kept) {
        (void)madvise((char *)conns->all + kept, used - kept, MADV_DONTNEED);
        conns->high = high; /* records between are at most a page and keep their rounds */
    }
}

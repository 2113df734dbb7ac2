/* Prefixes lie in one array; a hash table finds them, and a list for every count keeps the busiest at hand. */
#include "edge/crowd.h"

#include "base/map.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

enum { SAMPLE = 32, SAMPLE_PREFIXES = 8 };

static void *room(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

/* Lists begin with index + 1, so that fresh memory is full of empty lists. */
static uint32_t get(const uint32_t *list)
{
    return *list - 1;
}

static void put(uint32_t *list, uint32_t index)
{
    *list = index + 1;
}

enum err crowd_init(struct crowd *crowd, struct conns *conns, const uint64_t key[2], uint8_t bits4,
                    uint8_t bits6)
{
    *crowd = (struct crowd){.conns = conns, .key = {key[0], key[1]}, .bits4 = bits4, .bits6 = bits6};
    uint32_t heads = 64;
    while (heads < conns->max) {
        heads *= 2;
    }
    crowd->mask = heads - 1;
    crowd->free = CONN_NONE;
    crowd->prefixes = room((size_t)conns->max * sizeof *crowd->prefixes);
    crowd->heads = room(heads * sizeof *crowd->heads);
    crowd->by_size = room(((size_t)conns->max + 1) * sizeof *crowd->by_size);
    return crowd->prefixes != NULL && crowd->heads != NULL && crowd->by_size != NULL ? OK : ERR_FULL;
}

void crowd_done(struct crowd *crowd)
{
    munmap(crowd->prefixes, (size_t)crowd->conns->max * sizeof *crowd->prefixes);
    munmap(crowd->heads, ((size_t)crowd->mask + 1) * sizeof *crowd->heads);
    munmap(crowd->by_size, ((size_t)crowd->conns->max + 1) * sizeof *crowd->by_size);
}

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static void net_of(const struct crowd *crowd, const uint8_t address[16], uint8_t net[8])
{
    bool is4 = memcmp(address, mapped, sizeof mapped) == 0;
    unsigned bits = is4 ? 32U + crowd->bits4 : crowd->bits6;
    memcpy(net, is4 ? address + 8 : address, 8);
    for (unsigned i = 0; i < 8; i++) {
        unsigned kept = bits > i * 8 ? bits - i * 8 : 0;
        net[i] &= kept >= 8 ? 0xff : (uint8_t)(0xff00U >> kept);
    }
}

static void unlink_size(struct crowd *crowd, uint32_t index)
{
    struct crowd_prefix *prefix = &crowd->prefixes[index];
    if (prefix->before != CONN_NONE) {
        crowd->prefixes[prefix->before].after = prefix->after;
    } else {
        put(&crowd->by_size[prefix->n], prefix->after);
    }
    if (prefix->after != CONN_NONE) {
        crowd->prefixes[prefix->after].before = prefix->before;
    }
}

static void link_size(struct crowd *crowd, uint32_t index)
{
    struct crowd_prefix *prefix = &crowd->prefixes[index];
    prefix->before = CONN_NONE;
    prefix->after = get(&crowd->by_size[prefix->n]);
    if (prefix->after != CONN_NONE) {
        crowd->prefixes[prefix->after].before = index;
    }
    put(&crowd->by_size[prefix->n], index);
}

static uint32_t *head_of(const struct crowd *crowd, const uint8_t net[8])
{
    return &crowd->heads[(uint32_t)siphash(crowd->key[0], crowd->key[1], net, 8) & crowd->mask];
}

static uint32_t find(struct crowd *crowd, const uint8_t net[8])
{
    uint32_t *head = head_of(crowd, net);
    for (uint32_t i = get(head); i != CONN_NONE; i = crowd->prefixes[i].chain) {
        if (memcmp(crowd->prefixes[i].net, net, 8) == 0) {
            return i;
        }
    }
    uint32_t index = crowd->free;
    if (index != CONN_NONE) {
        crowd->free = crowd->prefixes[index].chain;
    } else {
        index = crowd->used++;
        assert(index < crowd->conns->max); /* each has a connection */
    }
    struct crowd_prefix *prefix = &crowd->prefixes[index];
    *prefix = (struct crowd_prefix){.first = CONN_NONE, .last = CONN_NONE, .chain = get(head)};
    memcpy(prefix->net, net, 8);
    put(head, index);
    link_size(crowd, index);
    return index;
}

static void forget(struct crowd *crowd, uint32_t index)
{
    struct crowd_prefix *prefix = &crowd->prefixes[index];
    uint32_t *head = head_of(crowd, prefix->net);
    unlink_size(crowd, index);
    if (get(head) == index) {
        put(head, prefix->chain);
    } else {
        uint32_t i = get(head);
        while (crowd->prefixes[i].chain != index) {
            i = crowd->prefixes[i].chain;
        }
        crowd->prefixes[i].chain = prefix->chain;
    }
    prefix->chain = crowd->free;
    crowd->free = index;
}

/* Puts a chain of connections, first to last, at the end of the prefix's list. */
static void append(struct crowd *crowd, struct crowd_prefix *prefix, uint32_t first, uint32_t last)
{
    struct conn *all = crowd->conns->all;
    all[first].crowd_before = prefix->last;
    all[last].crowd_after = CONN_NONE;
    *(prefix->last != CONN_NONE ? &all[prefix->last].crowd_after : &prefix->first) = first;
    prefix->last = last;
}

void crowd_join(struct crowd *crowd, struct conn *conn)
{
    uint8_t net[8];
    conn->prefix = CONN_NONE;
    if ((conn->flags & CONN_EXEMPT) != 0) {
        return;
    }
    net_of(crowd, conn->address, net);
    uint32_t index = find(crowd, net);
    struct crowd_prefix *prefix = &crowd->prefixes[index];
    unlink_size(crowd, index);
    prefix->n++;
    link_size(crowd, index);
    crowd->busiest = prefix->n > crowd->busiest ? prefix->n : crowd->busiest;
    conn->prefix = index;
    append(crowd, prefix, conn_index(crowd->conns, conn), conn_index(crowd->conns, conn));
}

void crowd_leave(struct crowd *crowd, struct conn *conn)
{
    struct conn *all = crowd->conns->all;
    if (conn->prefix == CONN_NONE) {
        return;
    }
    struct crowd_prefix *prefix = &crowd->prefixes[conn->prefix];
    bool is_first = conn->crowd_before == CONN_NONE;
    bool is_last = conn->crowd_after == CONN_NONE;
    *(is_first ? &prefix->first : &all[conn->crowd_before].crowd_after) = conn->crowd_after;
    *(is_last ? &prefix->last : &all[conn->crowd_after].crowd_before) = conn->crowd_before;
    unlink_size(crowd, conn->prefix);
    prefix->n--;
    link_size(crowd, conn->prefix);
    if (crowd->busiest == prefix->n + 1 && get(&crowd->by_size[crowd->busiest]) == CONN_NONE) {
        crowd->busiest--;
    }
    if (prefix->n == 0) {
        forget(crowd, conn->prefix);
    }
}

uint32_t crowd_size(const struct crowd *crowd, const struct conn *conn)
{
    return conn->prefix == CONN_NONE ? 0 : crowd->prefixes[conn->prefix].n;
}

/* Stage first, then time. */
static uint64_t badness(const struct conn *conn, uint32_t now)
{
    return (uint64_t)conn->stage << 32 | (uint32_t)(now - conn->since);
}

/* Who was looked at goes to the end, so that the next search sees others. */
static void rotate(struct crowd *crowd, struct crowd_prefix *prefix, uint32_t last)
{
    struct conn *all = crowd->conns->all;
    uint32_t first = prefix->first;
    uint32_t rest = all[last].crowd_after;
    if (rest != CONN_NONE) {
        prefix->first = rest;
        all[rest].crowd_before = CONN_NONE;
        append(crowd, prefix, first, last);
    }
}

static struct conn *worst_of(struct crowd *crowd, struct crowd_prefix *prefix, uint32_t now, bool with_state)
{
    struct conn *all = crowd->conns->all;
    struct conn *worst = NULL;
    uint32_t last = prefix->first;
    uint32_t i = prefix->first;
    for (int seen = 0; i != CONN_NONE && seen < SAMPLE; seen++, i = all[i].crowd_after) {
        bool counts = !with_state || all[i].state != NULL || all[i].tls != NULL;
        if (counts && (worst == NULL || badness(&all[i], now) > badness(worst, now))) {
            worst = &all[i];
        }
        last = i;
    }
    rotate(crowd, prefix, last);
    return worst;
}

struct conn *crowd_worst(struct crowd *crowd, uint32_t now, bool with_state)
{
    struct conn *worst = NULL;
    uint32_t prefixes = 0;
    /* One network when it stands out; several when many are equally large. */
    for (uint32_t n = crowd->busiest; n > 0 && prefixes < SAMPLE_PREFIXES; n--) {
        for (uint32_t p = get(&crowd->by_size[n]); p != CONN_NONE && prefixes < SAMPLE_PREFIXES;
             p = crowd->prefixes[p].after) {
            struct conn *one = worst_of(crowd, &crowd->prefixes[p], now, with_state);
            if (one != NULL && (worst == NULL || badness(one, now) > badness(worst, now))) {
                worst = one;
            }
            prefixes++;
        }
        if (worst != NULL) {
            break;
        }
    }
    return worst;
}

/* Who is here in numbers: the connections of a worker by the network they come from (IPv4 /24, IPv6 /48 unless the limits
 * say otherwise). When room is short, the worst connection of the busiest network goes, so that a newcomer from
 * anywhere else always finds a place. Counting costs a few stores when a connection comes and goes, nothing a request. */
#ifndef EDGE_CROWD_H
#define EDGE_CROWD_H

#include "edge/conns.h"

struct crowd_prefix {
    uint8_t net[8];         /* the first 64 bits that count; IPv4 as 0, 0, 0xff, 0xff, a, b, c, d */
    uint32_t n;             /* connections now */
    uint32_t first, last;   /* of them: who came, or was looked at, longest ago first */
    uint32_t before, after; /* among the prefixes with as many */
    uint32_t chain;         /* of the hash table, or of the free ones */
    uint32_t flows;         /* subscribers of /flow */
    uint32_t asks;          /* signatures that handshakes from here wait for */
};

struct crowd {
    struct conns *conns;
    struct crowd_prefix *prefixes;
    uint32_t *heads;   /* hash table; a power of two */
    uint32_t *by_size; /* by_size[n]: first prefix with n connections */
    uint32_t mask, free, used, busiest;
    uint64_t key[2];
    uint8_t bits4, bits6;
};

/* `key` is fresh randomness: outsiders choose their addresses. */
MUST_CHECK enum err crowd_init(struct crowd *crowd, struct conns *conns, const uint64_t key[2], uint8_t bits4,
                               uint8_t bits6);
void crowd_done(struct crowd *crowd);
/* One that is exempt (CONN_EXEMPT) is not counted, and never the worst. */
void crowd_join(struct crowd *crowd, struct conn *conn);
void crowd_leave(struct crowd *crowd, struct conn *conn);
/* How many connections its network has. */
uint32_t crowd_size(const struct crowd *crowd, const struct conn *conn);

/* The connection that goes first: of the busiest network, by stage, then by how long it has been there. Looks at a
 * bounded sample. `with_state`: memory is what is short, so one that holds none helps nobody. NULL: nobody to take. */
struct conn *crowd_worst(struct crowd *crowd, uint32_t now, bool with_state);

#endif

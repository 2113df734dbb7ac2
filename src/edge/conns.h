/* The connections of a worker as one table of small records. A record is all that an idle connection costs; whatever
 * a protocol needs while bytes are pending hangs on `state` and comes from pools (edge/pool.h).
 *
 * Three orders run through the table: free places, the wheel of deadlines (edge/wheel.h) and the crowd of prefixes
 * (edge/crowd.h). Links are indices; CONN_NONE ends a list. */
#ifndef EDGE_CONNS_H
#define EDGE_CONNS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CONN_NONE = UINT32_MAX, TICK_MS = 100 };

/* Listed by how little is lost when one has to go: the last first. */
enum conn_stage {
    CONN_SENDING, /* an answer waits for the other side to take it */
    CONN_FLOW,    /* subscribed to /flow: comes back by itself */
    CONN_IDLE,    /* between answers */
    CONN_NEW,     /* not a byte yet */
    CONN_HEAD,    /* half a head, or half a handshake */
    CONN_LINGER,  /* refused; reads on so that the refusal arrives */
    CONN_STAGES
};

enum conn_flag {
    CONN_WATCHED = 1,   /* the event loop knows it */
    CONN_UNREAD = 2,    /* bytes may have come while nothing was read */
    CONN_HUNG_UP = 4,   /* the other side sends no more */
    CONN_ENDS = 8,      /* closes after this answer */
    CONN_EXEMPT = 16,   /* a listed forwarder: stands for many, is never counted as one */
    CONN_OVER_TLS = 64, /* came to the listener for TLS */
    CONN_ABORT = 32,    /* close with a reset: nothing more is to be delivered */
    CONN_GREETS = 128   /* all that came so far is a part of HTTP/2's preface */
};

struct conn {
    void *state;          /* the protocol's; NULL while nothing is pending */
    struct tls_line *tls; /* below the protocol; NULL: plain */
    uint32_t wheel_before, wheel_after;
    uint32_t crowd_before, crowd_after;
    uint32_t prefix;     /* its row in the crowd, CONN_NONE: not counted */
    uint32_t due;        /* tick; the wheel looks no earlier */
    uint32_t since;      /* tick: when this stage began */
    int32_t fd;          /* -1: a free place */
    uint8_t address[16]; /* of the client, IPv4 as ::ffff:a.b.c.d */
    uint16_t port;
    uint16_t round; /* tells an event of an earlier connection in the same place */
    uint8_t slot;   /* of the wheel */
    uint8_t stage : 7;
    uint8_t
        wide : 1; /* has shown that it reads: more may wait for it unsent in the kernel (edge/sending.h) */
    uint8_t flags;
    uint8_t protocol; /* enum protocol_id */
};

struct conns {
    struct conn *all;
    uint64_t *taken; /* a bit a place */
    uint32_t max, n;
    uint32_t low;  /* no free place lies in a word before */
    uint32_t high; /* no taken place lies at or after */
};

/* Address space for `max` records; memory comes as they are used. */
MUST_CHECK enum err conns_init(struct conns *conns, uint32_t max);
void conns_done(struct conns *conns);
/* The lowest free place, cleared but for `round`; NULL when all are taken. */
struct conn *conns_take(struct conns *conns);
void conns_give(struct conns *conns, struct conn *conn);
/* Gives the memory behind the highest taken place back to the system. Rounds are forgotten there, so no event that was
 * fetched before may be looked at after. */
void conns_trim(struct conns *conns);

static inline uint32_t conn_index(const struct conns *conns, const struct conn *conn)
{
    return (uint32_t)(conn - conns->all);
}

/* What the event loop keeps of a connection, and back; NULL when it is gone. */
static inline uint64_t conn_tag(const struct conns *conns, const struct conn *conn)
{
    return (uint64_t)conn->round << 32 | conn_index(conns, conn);
}
static inline struct conn *conn_of_tag(const struct conns *conns, uint64_t tag)
{
    struct conn *conn = &conns->all[(uint32_t)tag];
    return conn->round == (uint16_t)(tag >> 32) && conn->fd >= 0 ? conn : NULL;
}

#endif

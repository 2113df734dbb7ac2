/* Subscribers of /flow in one worker: who they are, and how an event goes out to all of them, so many a turn of the loop, between
 * other requests. Nothing is queued for anybody: who does not take an event gets a later one, and who takes none is cut off.
 * What lies between a subscriber and its socket is flow_http1.c's and flow_h2.c's. Private to the edge. */
#ifndef EDGE_FLOW_H
#define EDGE_FLOW_H

#include "edge/server.h"

struct h2_stream;

/* A connection of HTTP/1.1, or a stream. From the pool. */
struct flow_sub {
    uint32_t conn;            /* index */
    uint32_t place;           /* in the list */
    struct h2_stream *stream; /* NULL: HTTP/1.1 */
    uint32_t seen;            /* number of the event that went out last */
    uint32_t said;            /* tick: when anything went out last */
    uint32_t passed;          /* bytes given to the connection, as a count that wraps */
    uint32_t mark;            /* what it had been given when that was last looked at */
    char *left;               /* HTTP/1.1: what went out in part */
    uint16_t left_at, left_len;
    uint16_t heard; /* bytes that it sent, and nobody asked for */
    bool doomed;    /* its place is another's: ends at the next look */
};

struct flow {
    const struct flow_note *note;
    struct flow_sub **all;
    uint32_t n, room;
    uint32_t cursor; /* places from here on have had their turn in this pass; 0: no pass */
    uint32_t number; /* counts the events */
    uint32_t began;  /* tick of the last one */
    bool turning;    /* the next turn is armed */
    bool doomed;     /* somebody is, somewhere before the cursor */
    uint64_t dice;
    struct flow_event event, next; /* `next` waits for its cut to be here, and for its second */
};

/* Begins to look at the note. Afterwards server->flow is set. */
MUST_CHECK enum err flow_init(struct flow *flow, struct server *server, const struct flow_note *note);

/* True when one more subscriber finds room, also by dooming one of a network that has more. */
bool flow_admits(struct server *server, const struct conn *conn);
/* What a new subscriber gets behind the head: when to come back, and the event unless it is the one that it has seen. */
void flow_greet(struct server *server, const struct http1_request *request, struct buf *out);
/* ERR_FULL: no memory. */
MUST_CHECK enum err flow_join(struct server *server, struct conn *conn, struct h2_stream *stream,
                              struct flow_sub **out);
void flow_leave(struct server *server, struct flow_sub *sub);

/* The other half has gone out whole. */
void flow_said(struct server *server, struct flow_sub *sub, uint32_t bytes);
static inline bool flow_is_behind(const struct flow *flow, const struct flow_sub *sub)
{
    return sub->seen != flow->number && flow->event.len > 0;
}
/* Nothing was said for so long that a comment is due. */
bool flow_is_silent(const struct server *server, const struct flow_sub *sub);

#define FLOW_COMMENT ":\n\n"

/* HTTP/1.1: the head and the greeting have gone out. */
void flow_http1_begin(struct server *server, struct conn *conn);
/* The newest event, if it takes it. The connection may be gone afterwards. */
void flow_http1_push(struct server *server, struct conn *conn, struct flow_sub *sub);
void flow_http1_end(struct server *server, struct conn *conn, struct flow_sub *sub);

/* The same on a stream of HTTP/2. */
void flow_h2_push(struct server *server, struct conn *conn, struct flow_sub *sub);
void flow_h2_end(struct server *server, struct conn *conn, struct flow_sub *sub);

#endif

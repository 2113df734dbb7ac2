/* What a worker's connections may speak, one row each. A row is called with a connection that is open; afterwards the
 * connection may be gone, so callers look it up again by its tag. */
#ifndef EDGE_PROTOCOL_H
#define EDGE_PROTOCOL_H

#include "edge/server.h"

struct protocol {
    const char *name;
    /* LOOP_ bits. Edge-triggered: whoever does not read to the end notes CONN_UNREAD. */
    void (*on_event)(struct server *server, struct conn *conn, unsigned events);
    /* `due` has come: close, or set a later one. */
    void (*on_due)(struct server *server, struct conn *conn);
    /* Gives back `state`; the connection closes. */
    void (*done)(struct server *server, struct conn *conn);
};

enum protocol_id { PROTOCOL_HTTP1, PROTOCOL_PROXY, PROTOCOL_TLS, PROTOCOL_HTTP2, PROTOCOL_FLOW, PROTOCOLS };

extern const struct protocol protocol_http1, protocol_proxy, protocol_http2;
extern const struct protocol protocol_flow; /* HTTP/1.1, once subscribed to /flow (edge/flow.h) */
extern const struct protocol protocol_tls;  /* the handshake; gives way to what was agreed on */

/* HTTP/2 with prior knowledge, in clear (RFC 9113 §3.3): the connection began with these bytes, the preface first. */
void http2_begin_clear(struct server *server, struct conn *conn, struct span bytes);

static inline const struct protocol *protocol_of(const struct conn *conn)
{
    static const struct protocol *const rows[PROTOCOLS] = {&protocol_http1, &protocol_proxy, &protocol_tls,
                                                           &protocol_http2, &protocol_flow};
    return rows[conn->protocol];
}

#endif

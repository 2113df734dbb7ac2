/* TLS below a connection: the handshake is a protocol of its own (edge/protocol.h), which gives way to the one that was agreed on. */
#ifndef EDGE_CONN_TLS_H
#define EDGE_CONN_TLS_H

#include "edge/server.h"

/* What the keys role says; `socket` is the worker's end. ERR_IO: it is gone. */
MUST_CHECK enum err conn_tls_init(struct server *server, int socket);
MUST_CHECK enum err conn_tls_on_keys(struct server *server);
/* Events of a connection that has TLS below: flushes, and says what is to be said above; 0: nothing. */
unsigned conn_tls_events(struct server *server, struct conn *conn, unsigned events);
/* The connection closes. */
void conn_tls_done(struct server *server, struct conn *conn);

#endif

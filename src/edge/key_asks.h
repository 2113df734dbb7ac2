/* A worker's questions to the role that holds the keys: gathered in a turn of the loop and sent together, so many a network and
 * so many in all; what is more waits for its turn. */
#ifndef EDGE_KEY_ASKS_H
#define EDGE_KEY_ASKS_H

#include "edge/keys_packet.h"
#include "edge/server.h"
#include "tls/house.h"

/* `socket` is the worker's end. */
MUST_CHECK enum err key_asks_init(struct server *server, int socket);
/* tls_ask: the owner is a connection's place. */
bool key_asks_ask(void *arg, void *owner, struct tls_question *question);
/* What was gathered in this turn goes out; what the socket does not take, when it has room again. */
void key_asks_send(struct server *server);
/* An answer came: false when the connection is gone, or does not wait for it. */
bool key_asks_answered(struct server *server, struct conn *conn);
/* A role has just begun, and knows of no question. */
void key_asks_forgotten(void);
/* The connection closes, or has its answer. */
void key_asks_leave(struct server *server, const struct conn *conn);
/* Places are free again: those who waited, in their order. */
void key_asks_next(struct server *server);

#endif

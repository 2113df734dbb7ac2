/* Answers that lie ready: the whole of what goes out to a head that came before (edge/memo.h), laid out once a second at most,
 * so that the next one costs a comparison, a send and its record. */
#ifndef EDGE_READY_H
#define EDGE_READY_H

#include "edge/server.h"

/* The answer to exactly these bytes in entry->whole; NULL when there is none, or it is too large to lie ready. */
const struct memo_entry *ready_find(struct server *server, const struct conn *conn, struct span bytes);

/* It was given to a connection: counted, and told to the hits. */
void ready_record(struct server *server, const struct conn *conn, const struct memo_entry *known);

#endif

/* The last of a connection: the other side may still be sending, and a reset would take the last answer away from it. */
#ifndef EDGE_LINGER_H
#define EDGE_LINGER_H

#include "edge/server.h"

/* Reads and forgets what came; the end closes. So much a turn, then others have theirs. */
void linger_read(struct server *server, struct conn *conn);

#endif

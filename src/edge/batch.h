/* Requests of HTTP/1.1 that came in one go, and the answers to them, formed one behind the other in scratch memory. */
#ifndef EDGE_BATCH_H
#define EDGE_BATCH_H

#include "edge/sending.h"

struct batch {
    struct span bytes;   /* not yet understood */
    struct sending last; /* the body of the last answer, where it was not put behind its head */
    bool some;           /* at least one answer was formed */
    bool ends;           /* the connection, after them */
    bool polite;         /* nothing that was sent is left unread */
    bool subscribes;     /* to /flow: the connection is another protocol's after this answer */
};

/* Forms answers in server->out until one has a body that is not copied, ends the connection, or enough have come together.
 * Every answer is recorded. */
void batch_form(struct server *server, const struct conn *conn, struct batch *batch);

#endif

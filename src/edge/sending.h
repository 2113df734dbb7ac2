/* What is still to go out on a connection: formed bytes of our own, then a body from a view or a file. Exists only while the
 * other side does not take it as fast as we could send. */
#ifndef EDGE_SENDING_H
#define EDGE_SENDING_H

#include "edge/server.h"

enum step { STEP_DONE, STEP_BLOCKED, STEP_BROKEN };

struct sending {
    struct shelf_view *view; /* held while a body of it is sent */
    char *own;               /* from the pool */
    const char *body;        /* in memory */
    uint64_t body_left;      /* of `body` or of `file` */
    uint64_t file_at;
    uint64_t passed; /* bytes handed to the kernel */
    int64_t taken;   /* of them taken by the other side when that was last looked at */
    uint32_t own_at, own_len;
    int file; /* -1: none */
    bool file_is_ours;
};

/* The body of a reply as it is to be sent; nothing is held yet. */
void sending_begin(struct sending *sending, const struct server *server, const struct reply *reply);
/* Sends `own` (which may lie in scratch memory) and the body. `ends`: the connection closes after this, so the last
 * bytes may wait for the FIN. */
enum step sending_go(struct sending *sending, struct server *server, const struct conn *conn, bool ends);
/* Blocked: takes hold of the view and copies what lies in scratch memory. ERR_FULL: no room for that. */
MUST_CHECK enum err sending_keep(struct sending *sending, struct server *server, const struct conn *conn);
/* Blocked, and there is room again: who took a good part of an answer at once has no trickle for a window, and from then on the kernel
 * may hold as much for this connection unsent as spares turns; the others stay at what a trickle costs. */
void sending_widen(const struct sending *sending, const struct server *server, struct conn *conn);
/* True when the other side took at least `least` bytes since the last call. */
bool sending_moves(struct sending *sending, const struct conn *conn, int64_t least);
/* Gives back whatever is held. */
void sending_done(struct sending *sending, struct server *server);

#endif

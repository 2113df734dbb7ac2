/* What the loader hands to a worker: descriptors of objects, then the view that names them. Packets between two roles
 * of one program; a worker that starts says hello and gets everything again. */
#ifndef EDGE_CHANNEL_H
#define EDGE_CHANNEL_H

#include "base/err.h"

#include <stdint.h>

enum channel_kind { CHANNEL_HELLO = 1, CHANNEL_SEGMENT, CHANNEL_FILE, CHANNEL_VIEW };

struct channel_message {
    uint32_t kind;
    uint32_t zero;
    uint64_t id;   /* of the object */
    uint64_t size; /* bytes behind the descriptor */
};

/* `fd` goes along unless -1. Waits while the other side is busy, as long as the socket's send timeout says. */
MUST_CHECK enum err channel_send(int socket, const struct channel_message *message, int fd);
/* Never waits: ERR_AGAIN when there is nothing, ERR_IO when the other side is gone, ERR_SYNTAX for what is no message
 * (its descriptor, if any, is closed). *fd is -1 when none came. */
MUST_CHECK enum err channel_receive(int socket, struct channel_message *message, int *fd);

#endif

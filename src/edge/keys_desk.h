/* Where one worker's questions are answered. Answers that its socket does not take wait here, and until they are gone no
 * further question is read: nothing is lost, and what waits is at most one packet. */
#ifndef EDGE_KEYS_DESK_H
#define EDGE_KEYS_DESK_H

#include "edge/keys_packet.h"
#include "os/loop.h"

#include <stdatomic.h>

/* Puts the answer where the question was; len 0 refuses. */
typedef void (*keys_answer)(void *arg, struct keys_slot *slot);
/* The worker began: it wants to know everything. */
typedef void (*keys_greet)(void *arg, int socket);

struct keys_desk {
    struct loop *loop;
    int socket;
    keys_answer answer;
    keys_greet greet;
    void *arg;
    _Atomic uint64_t *waited; /* packets of answers that had to */
    uint32_t held;            /* slots in `packet` that are not sent */
    struct keys_packet packet;
};

/* loop, socket and what follows are set; watches the socket. */
MUST_CHECK enum err keys_desk_open(struct keys_desk *desk);

#endif

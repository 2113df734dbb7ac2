/* What workers and the role that holds the keys (edge/keys.h) say to each other: packets over one socket pair a worker. Questions and
 * answers lie in slots of one size, up to KEYS_SLOTS in a packet, so that a crowd's signatures cost one wake each way for
 * many of them. */
#ifndef EDGE_KEYS_PACKET_H
#define EDGE_KEYS_PACKET_H

#include "base/span.h"
#include "tls/secret.h"

#include <stdbool.h>

enum keys_kind {
    KEYS_HELLO = 1, /* worker: tell me everything */
    KEYS_ASK,       /* worker: questions, in slots */
    KEYS_BEGIN,     /* keys: a new set of certificates follows; `what` 1: from a role that has just begun */
    KEYS_CHAIN,     /* keys: `cert` and its chain */
    KEYS_READY,     /* keys: the set is complete */
    KEYS_TICKETS,   /* keys: ticket keys, the newest first */
    KEYS_ANSWER     /* keys: the slots of questions with what is to be said to them; len 0: refused */
};

enum { KEYS_SLOTS = 16 };

struct keys_slot {
    uint64_t tag; /* of the connection that waits */
    uint32_t cert;
    uint32_t what; /* enum tls_ask_kind */
    uint32_t padding;
    uint32_t len;
    char bytes[TLS_ASK_MAX];
};

struct keys_packet {
    uint32_t kind;
    uint32_t cert, what;
    uint32_t len; /* bytes that follow */
    union {
        char bytes[TLS_CHAIN_MAX];
        struct keys_slot slots[KEYS_SLOTS];
    };
};
_Static_assert(sizeof(struct keys_slot[KEYS_SLOTS]) <= TLS_CHAIN_MAX, "slots fit where a chain does");

/* Waits as long as the other side is busy. False: not sent. */
bool keys_send(int socket, struct keys_packet *packet, struct span bytes);
/* The packet's first slots, without waiting. ERR_AGAIN: no room now. */
MUST_CHECK enum err keys_send_slots(int socket, struct keys_packet *packet, uint32_t n);
/* ERR_AGAIN: nothing there. ERR_IO: the other side is gone. What is no packet is passed over. */
MUST_CHECK enum err keys_receive(int socket, struct keys_packet *packet);
/* How many slots there are in a packet that came; every one's `len` fits. 0: it is no packet of slots. */
uint32_t keys_slots(const struct keys_packet *packet);

#endif

/* The role that holds the private keys. It reads certificates and keys (and reads them again when the files change), tells the
 * workers the chains and the keys of session tickets, and answers their questions: a few bytes in, a signature out. It parses
 * nothing that a stranger sent and speaks with nobody but the workers. Packets over one socket pair a worker. */
#ifndef EDGE_KEYS_H
#define EDGE_KEYS_H

#include "base/span.h"
#include "tls/secret.h"

#include <stdbool.h>

enum keys_kind {
    KEYS_HELLO = 1, /* worker: tell me everything */
    KEYS_ASK,       /* worker: `cert`, `what`, `padding`, the question */
    KEYS_BEGIN,     /* keys: a new set of certificates follows; `what` 1: from a role that has just begun */
    KEYS_CHAIN,     /* keys: `cert` and its chain */
    KEYS_READY,     /* keys: the set is complete */
    KEYS_TICKETS,   /* keys: ticket keys, the newest first */
    KEYS_ANSWER     /* keys: to `tag` and `round`; no bytes: refused */
};

struct keys_packet {
    uint32_t kind;
    uint32_t cert;
    uint32_t what; /* enum tls_ask_kind */
    uint32_t padding;
    uint64_t tag;   /* of the connection that waits */
    uint32_t round; /* of the question */
    uint32_t len;
    char bytes[TLS_CHAIN_MAX];
};

/* Without waiting, unless `waits`: then as long as the other side is busy. False: not sent. */
bool keys_send(int socket, struct keys_packet *packet, struct span bytes, bool waits);
/* ERR_AGAIN: nothing there. ERR_IO: the other side is gone. What is no packet is passed over. */
MUST_CHECK enum err keys_receive(int socket, struct keys_packet *packet);

/* role_main; the argument is a struct role_gift. */
int keys_main(void *arg);

#endif

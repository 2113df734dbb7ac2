/* The PROXY protocol, version 2 (haproxy.org, doc/proxy-protocol.txt §2.2): how a balancer in front says whom it speaks for.
 * Only TCP over IPv4 and IPv6, and LOCAL, are understood; extensions (TLVs) are passed over. Pure. */
#ifndef WIRE_PROXY_H
#define WIRE_PROXY_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum { PROXY_HEAD_MAX = 16 + 520 };

struct proxy_head {
    bool local;          /* the balancer speaks for itself; no address */
    uint8_t address[16]; /* of the client, IPv4 as ::ffff:a.b.c.d */
    uint16_t port;
    size_t len; /* bytes of the head */
};

/* ERR_AGAIN: more bytes are needed; ERR_SYNTAX, ERR_TOO_BIG: the connection cannot go on. */
MUST_CHECK enum err proxy_parse(struct span bytes, struct proxy_head *out, struct why *why);

#endif

/* Networks of source addresses: 16 bytes, IPv4 as ::ffff:a.b.c.d, and how many bits of them count. */
#ifndef SKETCH_NET_H
#define SKETCH_NET_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct net {
    uint8_t address[16];
    uint8_t bits; /* of 128: an IPv4 /24 has 120 */
};

bool net_is_v4(const uint8_t address[16]);
/* The network of that many bits around an address. */
struct net net_of(const uint8_t address[16], uint8_t bits);
bool net_holds(const struct net *net, const uint8_t address[16]);
/* "192.0.2.0/24", "2001:db8::/48"; a whole address without its bits. */
void net_print(const struct net *net, struct buf *out);

/* The three widths that reports speak of: /32 /24 /16, and /64 /48 /32. */
enum { NET_LEVELS = 3 };
uint8_t net_level_bits(bool v4, int level);

#endif

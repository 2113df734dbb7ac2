/* Prefixes and their spelling (RFC 5952). */
#include "sketch/net.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t v4_begin[12] = {[10] = 0xff, [11] = 0xff};

bool net_is_v4(const uint8_t address[16])
{
    return memcmp(address, v4_begin, sizeof v4_begin) == 0;
}

struct net net_of(const uint8_t address[16], uint8_t bits)
{
    struct net net = {.bits = bits > 128 ? 128 : bits};
    unsigned whole = net.bits / 8U;
    memcpy(net.address, address, whole);
    if (whole < 16) {
        net.address[whole] = (uint8_t)(address[whole] & ~(0xffU >> (net.bits % 8U)));
    }
    return net;
}

bool net_holds(const struct net *net, const uint8_t address[16])
{
    struct net other = net_of(address, net->bits);
    return memcmp(other.address, net->address, 16) == 0;
}

uint8_t net_level_bits(bool v4, int level)
{
    static const uint8_t bits[2][NET_LEVELS] = {{64, 48, 32}, {128, 120, 112}};
    return bits[v4][level];
}

void net_print(const struct net *net, struct buf *out)
{
    char text[INET6_ADDRSTRLEN];
    bool v4 = net->bits >= 96 && net_is_v4(net->address);
    const void *at = v4 ? net->address + 12 : net->address;
    unsigned bits = v4 ? net->bits - 96U : net->bits;
    buf_str(out, inet_ntop(v4 ? AF_INET : AF_INET6, at, text, sizeof text) != NULL ? text : "?");
    if (bits != (v4 ? 32U : 128U)) {
        buf_printf(out, "/%u", bits);
    }
}

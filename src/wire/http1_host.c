/* Host (RFC 9110 §7.2): a name, an IPv4 address, or an IPv6 address in brackets, and maybe a port; one spelling each, as every server
 * on the way reads it, so that nobody can be sent to another place than the one that was looked at. */
#include "base/num.h"
#include "wire/http1_head.h"

#include <arpa/inet.h>
#include <string.h>

enum { PORT_MAX = 65535 };

static bool is_host_char(char c)
{
    return (http1_class[(unsigned char)c] & HTTP1_HOST) != 0;
}

static bool is_address(struct span text, int family)
{
    char room[INET6_ADDRSTRLEN];
    unsigned char out[sizeof(struct in6_addr)];
    if (text.len >= sizeof room) {
        return false;
    }
    memcpy(room, text.at, text.len);
    room[text.len] = '\0';
    return inet_pton(family, room, out) == 1;
}

/* True for what some resolvers read as a number: digits, or hexadecimal ones after 0x. */
static bool is_number(struct span label)
{
    bool hex = label.len >= 2 && label.at[0] == '0' && (label.at[1] | 0x20) == 'x';
    for (size_t i = hex ? 2 : 0; i < label.len; i++) {
        char c = label.at[i];
        char low = (char)(c | 0x20);
        if (!(c >= '0' && c <= '9') && !(hex && low >= 'a' && low <= 'f')) {
            return false;
        }
    }
    return label.len > 0;
}

/* No label is empty or begins with a hyphen, but a whole name may end in its dot; who ends in a number is an IPv4 address. */
static bool name_ok(struct span name)
{
    size_t last = 0; /* where the last label begins */
    for (size_t i = 0; i < name.len; i++) {
        bool begins = i == 0 || name.at[i - 1] == '.';
        if (begins && (name.at[i] == '.' || name.at[i] == '-')) {
            return false;
        }
        last = begins ? i : last;
    }
    struct span label = span_from(name, last);
    if (label.len > 0 && label.at[label.len - 1] == '.') {
        label.len--;
    }
    return name.len > 0 && (!is_number(label) || is_address(name, AF_INET));
}

static bool port_ok(struct span port)
{
    uint32_t number = 0;
    return num_parse_u32(port, &number) == OK && number >= 1 && number <= PORT_MAX;
}

bool http1_host_ok(struct span host)
{
    size_t i = 0;
    bool good = false;
    if (host.len > 0 && host.at[0] == '[') {
        while (i < host.len && host.at[i] != ']') {
            i++;
        }
        good = i < host.len && is_address(span_of(host.at + 1, i - 1), AF_INET6);
        i += good ? 1 : 0;
    } else {
        while (i < host.len && is_host_char(host.at[i])) {
            i++;
        }
        good = name_ok(span_of(host.at, i));
    }
    return good && (i == host.len || (host.at[i] == ':' && port_ok(span_from(host, i + 1))));
}

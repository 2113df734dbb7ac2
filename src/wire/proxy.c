/* Sixteen bytes that are always there, then addresses of a stated length. */
#include "wire/proxy.h"

enum { FIXED = 16, LOCAL = 0x20, PROXY = 0x21, TCP4 = 0x11, TCP6 = 0x21, LEN4 = 12, LEN6 = 36 };

static const char signature[12] = {'\r', '\n', '\r', '\n', '\0', '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

static uint16_t big16(const char *at)
{
    return (uint16_t)((unsigned char)at[0] << 8 | (unsigned char)at[1]);
}

static enum err addresses(struct span rest, unsigned family, struct proxy_head *out, struct why *why)
{
    if (family == TCP4 && rest.len >= LEN4) {
        static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
        memcpy(out->address, mapped, sizeof mapped);
        memcpy(out->address + 12, rest.at, 4);
        out->port = big16(rest.at + 8);
        return OK;
    }
    if (family == TCP6 && rest.len >= LEN6) {
        memcpy(out->address, rest.at, 16);
        out->port = big16(rest.at + 32);
        return OK;
    }
    return why_set(why, ERR_SYNTAX,
                   "a PROXY head of another family than TCP over IPv4 or IPv6, or too short for it");
}

enum err proxy_parse(struct span bytes, struct proxy_head *out, struct why *why)
{
    size_t known = bytes.len < sizeof signature ? bytes.len : sizeof signature;
    if (known > 0 && memcmp(bytes.at, signature, known) != 0) {
        return why_set(why, ERR_SYNTAX, "no PROXY head of version 2");
    }
    if (bytes.len < FIXED) {
        return ERR_AGAIN;
    }
    unsigned command = (unsigned char)bytes.at[12];
    size_t len = big16(bytes.at + 14);
    if (command != LOCAL && command != PROXY) {
        return why_set(why, ERR_SYNTAX, "a PROXY head of another version or with an unknown command");
    }
    if (FIXED + len > PROXY_HEAD_MAX) {
        return why_set(why, ERR_TOO_BIG, "a PROXY head of more than %d bytes", PROXY_HEAD_MAX);
    }
    if (bytes.len < FIXED + len) {
        return ERR_AGAIN;
    }
    *out = (struct proxy_head){.local = command == LOCAL, .len = FIXED + len};
    return out->local ? OK : addresses(span_of(bytes.at + FIXED, len), (unsigned char)bytes.at[13], out, why);
}

/* The field Forwarded (RFC 7239): who passed a request on, for whom. Strict, because it decides who is counted: an element that two
 * readers could take differently spoils the whole field. Pure. */
#ifndef WIRE_FORWARDED_H
#define WIRE_FORWARDED_H

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum { FORWARDED_MAX = 32 /* elements of one field */ };

/* Of one element what stands in for=. */
struct forwarded_node {
    bool has_address;    /* not "unknown", not a name of somebody's own (_x), and for= is there */
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
};

/* The elements in the order in which they stand. ERR_SYNTAX: not by RFC 7239 §4 and §6, or a parameter twice in an element;
 * ERR_TOO_BIG: more elements than FORWARDED_MAX. */
MUST_CHECK enum err forwarded_parse(struct span value, struct forwarded_node out[FORWARDED_MAX], uint32_t *n,
                                    struct why *why);

#endif

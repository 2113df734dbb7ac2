/* Who may speak for others: balancers and CDNs that the operator lists. From them, and from nobody else, a PROXY head or the
 * X-Forwarded-For or Forwarded field says who the client is; limits and records then name the client. */
#ifndef EDGE_FORWARDERS_H
#define EDGE_FORWARDERS_H

#include "base/err.h"
#include "wire/http1.h"

#include <stdbool.h>
#include <stdint.h>

enum { FORWARDERS_MAX = 64 };
enum forwarded_how { FORWARDED_PROXY, FORWARDED_FIELD, FORWARDED_RFC7239 };

struct forwarders {
    struct {
        uint8_t net[16];
        uint8_t bits; /* of 128 */
    } rows[FORWARDERS_MAX];
    uint32_t n;
    enum forwarded_how how;
};

/* "10.0.0.0/8,2001:db8::/32,192.0.2.7": adds to what is there. */
MUST_CHECK enum err forwarders_parse(struct span text, struct forwarders *out, struct why *why);
bool forwarders_have(const struct forwarders *forwarders, const uint8_t address[16]);
/* The last address of X-Forwarded-For, or of Forwarded (RFC 7239), that is no forwarder's. False when there is none; what is no
 * address, or a field that is not as it must be, ends the search, because what stands before was written by whoever wrote it. */
bool forwarders_client(const struct forwarders *forwarders, const struct http1_request *request,
                       uint8_t client[16]);

#endif

/* What a request's fields ask of a representation: its encoding, whether it is known already, a part of it. Pure. */
#ifndef EDGE_NEGOTIATE_H
#define EDGE_NEGOTIATE_H

#include "base/span.h"

#include <stdint.h>

enum encoding { ENC_IDENTITY, ENC_GZIP, ENC_BR, ENC_COUNT };

/* Accept-Encoding (RFC 9110 §12.5.3), gathered over all its fields. Weights in thousandths, -1: not named. */
struct accept {
    int weight[ENC_COUNT];
    int any; /* "*" */
};
void accept_init(struct accept *accept);
void accept_add(struct accept *accept, struct span value);
/* The best of the encodings whose bit (1 << encoding) is set in `there`; the smaller one when equally welcome.
 * Identity when nothing fits: better plain bytes than none. */
enum encoding accept_choose(const struct accept *accept, unsigned there);

/* If-None-Match: the tag is in the list, by weak comparison, or the list is "*". */
bool etag_listed(struct span list, struct span etag);

enum range_verdict { RANGE_WHOLE, RANGE_PART, RANGE_OUTSIDE };
/* One range of bytes (RFC 9110 §14.1.2). Several, or what is no range: the whole is sent, which is always allowed. */
enum range_verdict range_read(struct span value, uint64_t size, uint64_t *first, uint64_t *len);

#endif

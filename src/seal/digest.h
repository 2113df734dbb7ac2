/* SHA-256 through OpenSSL's pre-fetched interface (the processor's SHA instructions; one-shot calls are
 * several times slower because they look the algorithm up each time). */
#ifndef SEAL_DIGEST_H
#define SEAL_DIGEST_H

#include "base/span.h"

#include <stdint.h>

enum { DIGEST_LEN = 32, DIGEST_HEX = 64 };

struct digest; /* a running hash */

struct digest *digest_new(void);
void digest_free(struct digest *digest);
void digest_add(struct digest *digest, const void *bytes, size_t len);
/* Writes the hash and starts over. */
void digest_end(struct digest *digest, uint8_t out[DIGEST_LEN]);

/* The hashes of n texts with one and the same byte before each, as the leaves and nodes of a tree are hashed, one after the other
 * into `out`. Several times as fast as one by one where the processor has SHA instructions. */
void digest_each(struct digest *digest, uint8_t first, const struct span *texts, size_t n, uint8_t *out);

/* The hash of some bytes (keeps one context a process; not for threads). */
void digest_of(struct span bytes, uint8_t out[DIGEST_LEN]);
/* As 64 lower-case hex digits and a zero. */
void digest_hex(struct span bytes, char out[DIGEST_HEX + 1]);

#endif

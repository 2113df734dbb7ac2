/* The secret half of a certificate: for the one role that holds private keys. It answers questions of a few bytes and hands
 * out the chain, which is public; the key itself has no way out. */
#ifndef TLS_SECRET_H
#define TLS_SECRET_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { TLS_ASK_MAX = 512, TLS_CHAIN_MAX = 32 << 10, TLS_TICKET_KEY = 80, TLS_TICKET_KEYS = 3 };

/* What a handshake asks: a signature of a digest (ECDSA), or the private operation on a padded or unpadded block (RSA, OpenSSL's
 * padding numbers). */
enum tls_ask_kind { TLS_ASK_ECDSA = 1, TLS_ASK_RSA };

struct tls_secret;

/* PEM files: the certificate with its chain, and its key. They must belong together. */
MUST_CHECK enum err tls_secret_read(const char *cert, const char *key, struct tls_secret **out,
                                    struct why *why);
void tls_secret_free(struct tls_secret *secret);
/* The certificates alone, as PEM. */
struct span tls_secret_chain(const struct tls_secret *secret);
/* When the first certificate of the chain ends: UTC seconds. */
int64_t tls_secret_ends_s(const struct tls_secret *secret);
/* ERR_REFUSED for what this key does not do. */
MUST_CHECK enum err tls_secret_answer(const struct tls_secret *secret, enum tls_ask_kind kind, int padding,
                                      struct span question, uint8_t out[TLS_ASK_MAX], size_t *out_len);
/* Fresh randomness for a session ticket key. */
MUST_CHECK enum err tls_ticket_key(uint8_t out[TLS_TICKET_KEY]);

#endif

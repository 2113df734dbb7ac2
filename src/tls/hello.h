/* What a client's first TLS message says of the program that sent it: a fingerprint of our own, in the manner of JA4. Made from what is
 * offered, never from the order in which extensions come, which browsers shuffle (docs/formats/hits.md). */
#ifndef TLS_HELLO_H
#define TLS_HELLO_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct tls_hello {
    uint64_t ciphers;    /* hash of the suites, sorted; 0 with `extensions`: nothing was seen */
    uint64_t extensions; /* of the extensions, sorted, and of the signature algorithms, in their order */
    uint8_t version;     /* the highest offered: 13, 12, 11, 10, or 0 */
    uint8_t n_ciphers, n_extensions;
    bool named;   /* SNI */
    char alpn[2]; /* first and last character of the first protocol, "00" without */
};

/* What the message offers, as OpenSSL hands it out: lists of two bytes a code. */
struct tls_offer {
    uint16_t legacy_version;
    struct span ciphers;
    const int *extensions;
    size_t n_extensions;
    struct span versions, signatures, alpn; /* the bodies of these extensions; empty when absent */
};

enum { TLS_HELLO_TEXT = 48 };

/* Pure. */
void tls_hello_of(const struct tls_offer *offer, struct tls_hello *out);
/* "t13d1516h2_8daaf6152771_02713d6af862"; the length. Whatever the struct holds, the text is printable ASCII. */
size_t tls_hello_print(const struct tls_hello *hello, char out[TLS_HELLO_TEXT]);

#endif

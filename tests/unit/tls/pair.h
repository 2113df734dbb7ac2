/* Certificates and keys made for one test: self-signed, in memory, written as the PEM files that an operator would have. */
#ifndef TEST_TLS_PAIR_H
#define TEST_TLS_PAIR_H

#include "base/buf.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

enum { PAIR_YEAR_S = 365 * 24 * 3600 };

struct pair {
    EVP_PKEY *key;
    X509 *certificate;
    struct buf pem;     /* the certificate */
    struct buf key_pem; /* its key */
};

/* `kind` is EVP_PKEY_EC (P-256), EVP_PKEY_RSA (2,048 bits) or EVP_PKEY_ED25519; it ends `life_s` seconds from now. */
void pair_init(struct pair *pair, int kind, const char *host, long life_s);
void pair_done(struct pair *pair);

/* "FOLDER/NAME" with these bytes; the path is valid until the next call but three. */
const char *pair_file(const char *folder, const char *name, struct span bytes);

#endif

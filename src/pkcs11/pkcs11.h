/* Ed25519 keys that a token holds (PKCS#11: a smart card, an HSM, softhsm2): the module is loaded, the token opened with its
 * PIN, and it signs; the secret never is in this process. CKM_EDDSA over CKK_EC_EDWARDS, OASIS PKCS#11 3.0, which softhsm2 2.6 has. */
#ifndef PKCS11_PKCS11_H
#define PKCS11_PKCS11_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct token_place {
    const char *module; /* "/usr/lib/softhsm/libsofthsm2.so" */
    const char *token;  /* its label */
    const char *key;    /* the key's label */
    struct span pin;
};

struct token;
/* Logs in and finds the key. ERR_MISSING: no such module, token or key; ERR_REFUSED: another PIN; ERR_CONFLICT: more keys
 * than one of that label, or one that is no Ed25519. */
MUST_CHECK enum err token_open(const struct token_place *place, struct token **out, struct why *why);
/* Makes a key in the token first: sensitive, not extractable. ERR_EXISTS when there is one of that label. */
MUST_CHECK enum err token_make_key(const struct token_place *place, struct token **out, struct why *why);
void token_close(struct token *token);

void token_public(const struct token *token, uint8_t public[32]);
/* ERR_IO when the token says no; the answer is verified before it is given out. */
MUST_CHECK enum err token_sign(void *token, struct span message, uint8_t signature[64]);

#endif

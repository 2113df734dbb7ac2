/* The secret half: Ed25519 keys and signatures. Only the programs that must sign link this module; what
 * parses the outside world never does. Secrets are wiped when done. */
#ifndef SEAL_SECRET_SIGN_H
#define SEAL_SECRET_SIGN_H

#include "base/buf.h"
#include "base/err.h"
#include "seal/note.h"

struct secret_key {
    struct note_key key;
    uint8_t secret[64]; /* libsodium's form: seed || public; zeros when a token holds it */
    /* A token (src/pkcs11) that signs in its stead; NULL: the secret is here. */
    enum err (*sign)(void *token, struct span message, uint8_t signature[64]);
    void *token;
};

/* A fresh key from the system's randomness, or from a 32-byte seed (drills, tests). */
MUST_CHECK enum err secret_key_new(struct span name, struct secret_key *out);
MUST_CHECK enum err secret_key_from_seed(struct span name, const uint8_t seed[32], struct secret_key *out);
void secret_key_wipe(struct secret_key *key);

/* Text form, one line: "PRIVATE+KEY+<name>+<8 hex>+<base64(01 || seed)>\n" (Go's signed-note form). */
MUST_CHECK enum err secret_key_parse(struct span text, struct secret_key *out, struct why *why);
void secret_key_print(const struct secret_key *key, struct buf *out);

/* Of a secret that is here (asserted). */
void ed25519_sign(const struct secret_key *key, struct span message, uint8_t signature[64]);
/* Also by a token, which may say no (ERR_IO). */
MUST_CHECK enum err secret_key_sign(const struct secret_key *key, struct span message, uint8_t signature[64]);

/* Notes and minisign files: when a token says no, `out` remembers the failure (out->err). */
/* Appends "— name base64\n". */
void note_sign(const struct secret_key *key, struct span text, struct buf *out);
/* text, blank line, signature line. `text` must end in a newline. */
void note_make(const struct secret_key *key, struct span text, struct buf *out);

/* A minisign signature file (prehashed, algorithm "ED") over `file`, with a trusted comment. */
void minisign_make(const struct secret_key *key, struct span file, struct span trusted_comment,
                   struct buf *out);

/* A secret under a passphrase: Argon2id, then XSalsa20-Poly1305. Appends / opens bytes
 *   operations[4] || KiB of memory[4] || salt[16] || nonce[24] || box(seed)[48]      big endian
 * Opening: ERR_FORGED for another passphrase or changed bytes, ERR_RANGE when it asks for more than 16 passes or 1 GiB. */
void secret_key_lock(const struct secret_key *key, struct span passphrase, struct buf *out);
MUST_CHECK enum err secret_key_unlock(struct span name, struct span bytes, struct span passphrase,
                                      struct secret_key *out);

#endif

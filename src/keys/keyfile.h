/* Signing keys as they are kept. A key file is one of three texts (docs/formats/keys.md), mode 0600, refused otherwise:
 *
 *   PRIVATE+KEY+<name>+<id>+<base64>            the secret itself: signers of a night, which nobody can ask for a word
 *
 *   prep-secret/v1                              under a passphrase: root keys, in a safe
 *   vkey <verifier key>
 *   sealed <base64>                             seal_secret's secret_key_lock
 *
 *   prep-token/v1                               in a token, by PKCS#11: the file only says where
 *   vkey <verifier key>
 *   module /usr/lib/softhsm/libsofthsm2.so
 *   token <label>
 *   key <label>
 *   pin <path of a file of mode 0600>
 *   path <a folder that the module needs> | -   what the signer's jail lets through
 */
#ifndef KEYS_KEYFILE_H
#define KEYS_KEYFILE_H

#include "os/file.h"
#include "seal_secret/sign.h"

enum { KEYFILE_MAX = 4096, PASSPHRASE_MAX = 256 };

struct signing_key {
    struct secret_key secret; /* signs: note_make, note_sign, minisign_make */
    struct token *token;      /* NULL: the secret is here */
    char path[FILE_PATH_MAX]; /* that the token's module needs; "" */
};

/* Asks a person for a passphrase: into `out`, its length; ERR_MISSING when nobody answers. */
typedef enum err (*keyfile_ask)(void *arg, const char *name, char out[PASSPHRASE_MAX], size_t *len);

/* ERR_REFUSED: others may read the file, or it needs a passphrase and `ask` is NULL. */
MUST_CHECK enum err keyfile_load(const char *path, keyfile_ask ask, void *arg, struct signing_key *out,
                                 struct why *why);
void signing_key_done(struct signing_key *key);

/* Writes FILE and FILE.pub; neither may exist (ERR_EXISTS). An empty passphrase: none. */
MUST_CHECK enum err keyfile_write(const char *path, const struct secret_key *key, struct span passphrase,
                                  struct why *why);

struct token_words {
    const char *module, *token, *key, *pin, *path; /* path may be NULL */
};
/* Makes the key in the token, and the files that say where it is. */
MUST_CHECK enum err keyfile_write_token(const char *path, struct span name, const struct token_words *words,
                                        struct why *why);

/* A file that only its owner may read (mode 0600 or less). ERR_REFUSED otherwise. */
MUST_CHECK enum err private_read(const char *path, struct buf *out, struct why *why);

#endif

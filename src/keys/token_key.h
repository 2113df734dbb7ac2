/* Key files of the form prep-token/v1. */
#ifndef KEYS_TOKEN_KEY_H
#define KEYS_TOKEN_KEY_H

#include "keys/keyfile.h"

MUST_CHECK enum err token_key_open(struct span text, struct signing_key *out, struct why *why);
void token_key_close(struct signing_key *key);
/* FILE (mode 0600) and FILE.pub, neither of which may exist. */
MUST_CHECK enum err keyfile_write_pair(const char *path, const struct note_key *key, struct span secret,
                                       struct why *why);

#endif

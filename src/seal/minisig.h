/* minisign's signature files, public half (the secret half makes them in seal_secret/sign.h). */
#ifndef SEAL_MINISIG_H
#define SEAL_MINISIG_H

#include "seal/note.h"

/* Verifies FILE.minisig (prehashed, algorithm "ED") over a file by the key of a note. ERR_SYNTAX, ERR_FORGED. */
MUST_CHECK enum err minisig_verify(const struct note_key *key, struct span file, struct span minisig,
                                   struct why *why);

/* The public key as minisign reads it: "Ed" || key id || key; the id is the note key's, twice. */
void minisign_public(const struct note_key *key, struct buf *out);

#endif

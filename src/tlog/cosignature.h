/* Timestamped cosignatures with Ed25519 (C2SP tlog-cosignature v1, key type 0x04): what a witness says of a checkpoint,
 * "as of that time this is the largest consistent tree I have seen for that origin".
 *
 *   signed message   "cosignature/v1\n" "time <decimal>\n" <the checkpoint's text>
 *   signature bytes  time, 64 bits, big endian || Ed25519 signature */
#ifndef TLOG_COSIGNATURE_H
#define TLOG_COSIGNATURE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum { COSIGNATURE_LEN = 8 + 64 };

/* What the witness signs, appended. */
void cosignature_message(struct span checkpoint_text, uint64_t time_s, struct buf *out);
/* `bytes` are those behind the key id. False as well for a time of 0 or beyond 2^63 - 1. */
bool cosignature_verify(const uint8_t public[32], struct span checkpoint_text, struct span bytes,
                        uint64_t *time_s);

/* The verifier key of a cosigner, whose type is another than that of the key it is made from. */
struct note_key;
void cosigner_print(const struct note_key *key, struct buf *out);

#endif

/* Signed notes (C2SP signed-note v1.0.0) and the public half of Ed25519: vkeys, key ids, verification.
 *
 * A note is UTF-8 text that ends in a newline, a blank line, and signature lines
 *     "— <key name> <base64(key id[4] || signature[64])>\n"
 * Signatures by unknown keys are ignored; one by a known key must verify or the whole note is refused. */
#ifndef SEAL_NOTE_H
#define SEAL_NOTE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "seal/ed25519.h"

#include <stdint.h>

enum { NOTE_SIGNATURES_MAX = 100, KEY_NAME_MAX = 127 };

struct note_key {
    char name[KEY_NAME_MAX + 1];
    uint8_t id[4];      /* SHA-256(name || 0x0A || 0x01 || public)[0:4] */
    uint8_t public[32]; /* Ed25519 */
};

/* "<name>+<8 hex>+<base64(01 || public)>". Refuses low-order and non-canonical points. */
MUST_CHECK enum err note_key_parse(struct span vkey, struct note_key *out, struct why *why);
void note_key_print(const struct note_key *key, struct buf *out);
/* Fills in the id. */
MUST_CHECK enum err note_key_make(struct span name, const uint8_t public[32], struct note_key *out);

/* A verifier key of any type: its name, id and type, the raw key appended to `raw`. The id belongs to the bytes; whether
 * the key is a sound one is for the type to know. ERR_SYNTAX, ERR_FORGED. */
struct note_vkey {
    struct span name; /* borrows from the text */
    uint8_t id[4];
    uint8_t type;
};
enum note_key_type { NOTE_ED25519 = 1, NOTE_COSIGNATURE = 4, NOTE_ML_DSA_44 = 6 };
MUST_CHECK enum err note_vkey_split(struct span vkey, struct note_vkey *out, struct buf *raw,
                                    struct why *why);
/* The id of a key: SHA-256(name || 0x0A || type || key)[0:4]. */
void note_key_id(struct span name, uint8_t type, struct span raw, uint8_t id[4]);

/* Splits at the last blank line; spans borrow. The text ends in a newline and holds no control byte but
 * newlines. ERR_SYNTAX when it is no note. */
MUST_CHECK enum err note_split(struct span note, struct span *text, struct span *signatures);

/* One signature line "— name base64\n" cut off `rest`: its key's name, key id and the bytes behind the id
 * (appended to `signature`). ERR_AGAIN at the end. */
MUST_CHECK enum err note_signature_next(struct span *rest, struct span *name, uint8_t id[4],
                                        struct buf *signature);

/* Verifies against known keys: at least one of them has signed and none of their signatures is wrong. `*by`
 * is the index of the first that verified. ERR_FORGED, ERR_MISSING (no known key signed), ERR_SYNTAX. */
MUST_CHECK enum err note_verify(struct span note, const struct note_key *keys, size_t n_keys,
                                struct span *text, size_t *by, struct why *why);

#endif

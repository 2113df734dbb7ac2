/* The keys that sign the cuts' manifests, one after the other: each from the number of a cut on, as the log binds them
 * (docs/formats/keys.md). Whoever checks a cut without reading the log holds this list in a file:
 *
 *   cut 0 prep.example.mx/2027+1a2b3c4d+AQ...
 *   cut 37 prep.example.mx/2027+5e6f7a8b+AQ...
 *
 * From cut 37 on the first key signs nothing. The second may have signed an earlier cut that the first left unsigned: the log
 * names that cut's text. A file with a verifier key alone is a list of one. */
#ifndef DOORS_CUT_KEYS_H
#define DOORS_CUT_KEYS_H

#include "seal/note.h"

#include <stdbool.h>

enum { CUT_KEYS_MAX = 32, CUT_KEYS_BYTES = 16384 };

struct cut_key {
    uint32_t from; /* the first cut that no earlier key may sign */
    struct note_key key;
};

struct cut_keys {
    uint32_t n;
    struct cut_key keys[CUT_KEYS_MAX]; /* in the order in which they were bound */
};

/* Lines as above, or one bare verifier key; an empty text is no key yet. ERR_SYNTAX, ERR_RANGE, ERR_EXISTS, ERR_FULL. */
MUST_CHECK enum err cut_keys_parse(struct span text, struct cut_keys *out, struct why *why);
void cut_keys_print(const struct cut_keys *keys, struct buf *out);

/* One more. ERR_EXISTS: a key that has ended does not come back; ERR_RANGE: `from` is before the last one's. */
MUST_CHECK enum err cut_keys_add(struct cut_keys *keys, uint32_t from, const struct note_key *key,
                                 struct why *why);
/* Place of a key, -1: it is not among them. */
int cut_keys_find(const struct cut_keys *keys, const struct note_key *key);
/* May the key at that place have signed this cut? Only until the next one begins. */
bool cut_keys_hold(const struct cut_keys *keys, uint32_t place, uint32_t cut);

/* The manifest of a cut as a signed note, by a key that holds for its number. ERR_SYNTAX, ERR_FORGED, ERR_MISSING: signed by
 * nobody known, or by a key that had ended: `why` says which. `*by` is the key's place. */
MUST_CHECK enum err cut_keys_verify(const struct cut_keys *keys, struct span note, struct span *text,
                                    uint32_t *by, struct why *why);

#endif

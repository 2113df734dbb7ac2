/* The continuous copy: a role that follows the store and keeps a journal of its events, the images, and what
 * was there before the night (definition, keys, night.ini) in a second folder, so that a night goes on from
 * there alone. */
#ifndef INTAKE_COPY_H
#define INTAKE_COPY_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct copy_config {
    const char *dir;  /* of the night */
    const char *copy; /* the second folder */
    bool keys;        /* the copy has them too */
    int link;         /* to the store role */
};

/* Runs the role; its exit code. */
int copy_run(const struct copy_config *config);

/* Rebuilds a night's folder from its copy: store, ledger, images, definition, keys. Refuses a folder that has
 * a store. Prints what it did. */
MUST_CHECK enum err copy_restore(const char *copy, const char *dir, struct why *why);

/* Copies definition, keys (0600, if wanted) and night.ini between a night's folder and its copy, either way. */
MUST_CHECK enum err copy_ground(const char *from, const char *to, bool keys, struct why *why);
/* The night's keys and its policy once more, when one of them is another since the last call. */
struct copy_keys_seen {
    uint64_t keys[2][3];
};
MUST_CHECK enum err copy_keys(const char *from, const char *to, struct copy_keys_seen *seen, struct why *why);
/* What was shown and does not follow from the events: manifests of the cuts, proofs of the cuts. Begun anew with each copy. */
struct copy_shown {
    const char *dir, *copy;
    uint64_t next; /* the first cut whose manifest the copy may not have */
};
/* Copies what came since the last call; then proofs that wait for the copy are moved on (docs/formats/copy.md). */
MUST_CHECK enum err copy_shown(struct copy_shown *shown, struct why *why);
/* At the beginning: also the proofs that stand before the public. */
MUST_CHECK enum err copy_shown_begin(struct copy_shown *shown, struct why *why);
/* Into a night's folder that is made again from its copy: manifests before the last cut, which the cut program puts in place
 * itself, and all proofs up to it; the log does not make anew what is there. Counts what is missing. */
MUST_CHECK enum err copy_shown_restore(const char *copy, const char *dir, uint64_t last_cut,
                                       uint64_t *missing, struct why *why);

/* One file as it is, durable, unless the same bytes are there. ERR_MISSING. */
MUST_CHECK enum err copy_file(const char *from, const char *to, bool private, struct why *why);
/* One image by its digest, JPEG or PNG, its SHA-256 checked. ERR_MISSING, ERR_FORGED. */
MUST_CHECK enum err copy_image(const char *from, const char *to, const unsigned char digest[32],
                               struct why *why);

#endif

/* The continuous copy: a role that follows the store and keeps a journal of its events, the images, and what
 * was there before the night (definition, keys, night.ini) in a second folder, so that a night goes on from
 * there alone. */
#ifndef INTAKE_COPY_H
#define INTAKE_COPY_H

#include "base/err.h"

struct copy_config {
    const char *dir;  /* of the night */
    const char *copy; /* the second folder */
    int link;         /* to the store role */
};

/* Runs the role; its exit code. */
int copy_run(const struct copy_config *config);

/* Rebuilds a night's folder from its copy: store, ledger, images, definition, keys. Refuses a folder that has
 * a store. Prints what it did. */
MUST_CHECK enum err copy_restore(const char *copy, const char *dir, struct why *why);

/* Copies definition, keys (0600) and night.ini between a night's folder and its copy, either way. */
MUST_CHECK enum err copy_ground(const char *from, const char *to, struct why *why);
/* One image by its digest, JPEG or PNG, its SHA-256 checked. ERR_MISSING, ERR_FORGED. */
MUST_CHECK enum err copy_image(const char *from, const char *to, const unsigned char digest[32],
                               struct why *why);

#endif

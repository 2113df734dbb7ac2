/* atalaya-cut: builds numbered, immutable cuts from the election's definition and the ledger, and nothing
 * else.
 *
 * A parent that serves nobody; the role `cut` folds, renders and publishes; the role `sign` holds the key
 * (docs/formats/tree.md, night.md). */
#ifndef CUT_CUT_H
#define CUT_CUT_H

#include "base/err.h"

#include <stdint.h>

struct cut_options {
    const char *dir;     /* the night's folder */
    uint32_t cadence_s;  /* night seconds between cuts; 60 */
    uint32_t package_s;  /* and between packages; 300 */
    uint32_t keep_cuts;  /* bodies of the newest; 12 */
    uint32_t keep_every; /* and of older ones every so many; 30 */
    const char
        *copy_dir; /* DIR/run/copy: no cut is shown before its entry is in the copy; NULL: nobody waits */
    const char *crash_at; /* tests: the step at which the process ends at once, as if killed; NULL */
};
extern const struct cut_options cut_defaults;

/* Runs until SIGTERM or SIGINT; the exit code. */
int cut_run(const struct cut_options *options);

#endif

/* The ledger's bundles as the public gets them: full ones, and the last one up to where a cut's entries end.
 */
#ifndef CUT_BUNDLES_H
#define CUT_BUNDLES_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

/* Calls `emit` with "log/tile/entries/000" or "log/tile/entries/000.p/17" and the bytes, for every bundle
 * that [0, size) has and [0, before) had not, or not so full. */
typedef enum err (*bundle_emit)(void *arg, const char *path, struct span bytes);
MUST_CHECK enum err bundles_emit(const char *ledger_dir, uint64_t before, uint64_t size, bundle_emit emit,
                                 void *arg, struct why *why);

#endif

/* The entries of a published log, read bundle by bundle. A second thread reads and hashes the next bundles while the caller takes
 * in those before: both cost about the same. */
#ifndef PROOF_ENTRIES_H
#define PROOF_ENTRIES_H

#include "proof/log_tree.h"
#include "proof/source.h"

typedef enum err (*entry_visit)(void *arg, uint64_t index, struct span entry, const struct hash *leaf,
                                struct why *why);

/* Gives entries [0, size) to `visit`, in order, and grows `tree` (from empty). The spans are valid during the call. `visit` may not
 * use the source. */
MUST_CHECK enum err entries_read(struct source *source, uint64_t size, struct log_tree *tree,
                                 entry_visit visit, void *arg, struct why *why);

/* The bundle as a tree of `size` entries has it: the partial one of that size, or the full one that has taken its place since. */
MUST_CHECK enum err bundle_read(struct source *source, uint64_t bundle, uint64_t size, struct buf *out,
                                struct why *why);

#endif

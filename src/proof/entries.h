/* The entries of a published log, read bundle by bundle. A team reads, hashes and takes apart the next bundles while the caller takes
 * in those before, in order; what it has read ahead for the fold is handed over with the entry. */
#ifndef PROOF_ENTRIES_H
#define PROOF_ENTRIES_H

#include "proof/log_tree.h"
#include "proof/source.h"
#include "render/fold.h"

struct entries {
    struct source *source;
    uint64_t size;            /* of the log: entries [0, size) are read */
    struct log_tree *tree;    /* grown from empty by all of them */
    struct fold *const *fold; /* where the fold will be once there is one */
    uint64_t fold_size;       /* entries from there on are not read ahead for it */
};

struct entry_seen {
    uint64_t index;
    struct span bytes;         /* valid during the call */
    const struct hash *leaf;   /* valid as long as the tree */
    const struct ready *ready; /* NULL: not read ahead; it may be any entry */
};

/* May not use the source. */
typedef enum err (*entry_visit)(void *arg, const struct entry_seen *seen, struct why *why);

/* Gives the entries to `visit`, in order, up to the first error. */
MUST_CHECK enum err entries_read(const struct entries *entries, entry_visit visit, void *arg,
                                 struct why *why);

/* The bundle as a tree of `size` entries has it: the partial one of that size, or the full one that has taken its place since. */
MUST_CHECK enum err bundle_read(struct source *source, uint64_t bundle, uint64_t size, struct buf *out,
                                struct why *why);

#endif

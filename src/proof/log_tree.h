/* The log's tree made again from the entries, all of it in memory: roots and proofs of any size up to its own. What lies within a
 * bundle of entries is hashed bundle by bundle, by whatever thread, before the tree grows by it. */
#ifndef PROOF_LOG_TREE_H
#define PROOF_LOG_TREE_H

#include "tlog/ledger.h"
#include "tlog/merkle.h"

struct digest;

/* The nodes within a bundle and its root, level by level: 256 leaves, 128 nodes above them, ... */
enum { LOG_TREE_LEVELS = 64, LOG_TREE_BUNDLE = 8 };
struct log_bundle {
    struct hash nodes[2 * BUNDLE_ENTRIES];
};

struct log_tree {
    uint64_t size;
    struct log_bundle **slabs; /* of LOG_TREE_SLAB bundles each */
    uint32_t n_slabs;
    struct hash
        *levels[LOG_TREE_LEVELS]; /* from LOG_TREE_BUNDLE up: roots of complete subtrees of 2^level leaves */
    uint64_t n[LOG_TREE_LEVELS], cap[LOG_TREE_LEVELS];
};
enum { LOG_TREE_SLAB = 256 };

void log_tree_init(struct log_tree *tree);
void log_tree_done(struct log_tree *tree);
/* Room for a bundle, in order from the first one; stays where it is. */
struct log_bundle *log_tree_room(struct log_tree *tree, uint64_t bundle);
/* Hashes the entries of a bundle. Several threads may do so at once, each with a digest of its own. */
void log_bundle_hash(struct log_bundle *bundle, struct digest *digest, const struct span *entries,
                     uint32_t n);
/* Grows by the next bundle's n entries, which are hashed. Only the last bundle has fewer than 256. */
void log_tree_grow(struct log_tree *tree, struct digest *digest, uint32_t n);
/* What the hashes of a tile are compared with: at least as many as a tree of this size has of it. */
const struct hash *log_tree_tile(const struct log_tree *tree, unsigned tile_level, uint64_t tile);
/* A merkle_read; argument: the tree. */
enum err log_tree_read(void *arg, unsigned level, uint64_t index, struct hash *out);
/* The root of the first `size` entries; false when there are fewer. */
bool log_tree_root(const struct log_tree *tree, uint64_t size, struct hash *out);

#endif

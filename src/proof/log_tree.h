/* The log's tree made again from the entries, all of it in memory: roots and proofs of any size up to its own. It hashes with a
 * context of its own, so that a second thread may grow it. */
#ifndef PROOF_LOG_TREE_H
#define PROOF_LOG_TREE_H

#include "tlog/merkle.h"

struct digest;

enum { LOG_TREE_LEVELS = 64 };

struct log_tree {
    struct digest *digest;
    uint64_t size;
    struct hash *levels[LOG_TREE_LEVELS]; /* roots of complete subtrees of 2^level leaves */
    uint64_t n[LOG_TREE_LEVELS], cap[LOG_TREE_LEVELS];
};

void log_tree_init(struct log_tree *tree);
void log_tree_done(struct log_tree *tree);
/* Appends an entry; `leaf` gets its hash. */
void log_tree_add(struct log_tree *tree, struct span entry, struct hash *leaf);
/* A merkle_read; argument: the tree. */
enum err log_tree_read(void *arg, unsigned level, uint64_t index, struct hash *out);
/* The root of the first `size` entries; false when there are fewer. */
bool log_tree_root(const struct log_tree *tree, uint64_t size, struct hash *out);

#endif

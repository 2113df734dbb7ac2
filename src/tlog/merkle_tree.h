/* A whole RFC 6962 tree in memory whose leaves may be replaced and added: a new root costs only the paths of
 * the leaves that changed. For the three roots of a cut (docs/formats/roots.md); the log itself grows in
 * tlog/tiles. */
#ifndef TLOG_MERKLE_TREE_H
#define TLOG_MERKLE_TREE_H

#include "tlog/merkle.h"

enum { MERKLE_TREE_LEVELS = 33 }; /* up to 2^32 leaves */

struct merkle_tree {
    uint32_t size;
    struct hash *nodes[MERKLE_TREE_LEVELS]; /* [0] leaves; a node without a sibling stands for itself above */
    uint32_t cap[MERKLE_TREE_LEVELS];
    uint32_t *changed; /* leaves set since the last root */
    uint32_t n_changed, cap_changed;
};

void merkle_tree_init(struct merkle_tree *tree);
void merkle_tree_done(struct merkle_tree *tree);
/* Forgets the leaves, keeps the memory. */
void merkle_tree_clear(struct merkle_tree *tree);
/* Replaces leaf `index`, or adds it when index is the size. */
void merkle_tree_set(struct merkle_tree *tree, uint32_t index, const struct hash *leaf);
/* Hashes what changed and gives the root. */
void merkle_tree_root(struct merkle_tree *tree, struct hash *out);
/* A merkle_read (argument: the tree, after merkle_tree_root). */
enum err merkle_tree_read(void *arg, unsigned level, uint64_t index, struct hash *out);

#endif

/* The Merkle tree of RFC 6962 section 2.1 (= RFC 9162 section 2.1): hashing, appending, proofs and their
 * checks. Pure.
 *
 *   leaf(d)   = SHA-256(00 || d)
 *   node(l,r) = SHA-256(01 || l || r)
 *   MTH({})   = SHA-256("") ; MTH(D[n]) = node(MTH(D[0:k]), MTH(D[k:n])), k the largest power of two below n
 */
#ifndef TLOG_MERKLE_H
#define TLOG_MERKLE_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum { HASH_LEN = 32, PROOF_MAX = 64 };

struct hash {
    uint8_t bytes[HASH_LEN];
};

void merkle_leaf(struct span data, struct hash *out);
void merkle_node(const struct hash *left, const struct hash *right, struct hash *out);
/* The root of the empty tree. */
void merkle_empty(struct hash *out);
bool hash_equal(const struct hash *a, const struct hash *b);

/* The right edge of a growing tree: the roots of its complete subtrees, smallest first where size has a one
 * bit. */
struct merkle_edge {
    uint64_t size;
    struct hash nodes[64];
};
void merkle_edge_init(struct merkle_edge *edge);
void merkle_edge_add(struct merkle_edge *edge, const struct hash *leaf);
void merkle_edge_root(const struct merkle_edge *edge, struct hash *out);

struct merkle_proof {
    struct hash path[PROOF_MAX];
    uint32_t len;
};

/* Checks (RFC 9162, 2.1.3.2 and 2.1.4.2). Every unused hash and every index past the end is refused.
 * From the empty tree nothing can be proven: old_size 0 checks with new_size 0 only, and whoever starts to
 * follow a tree decides that for himself. */
bool merkle_check_inclusion(const struct hash *leaf, uint64_t index, uint64_t size,
                            const struct merkle_proof *proof, const struct hash *root);
bool merkle_check_consistency(uint64_t old_size, uint64_t new_size, const struct merkle_proof *proof,
                              const struct hash *old_root, const struct hash *new_root);

/* Proofs from stored subtrees: `read` gives the root of the complete subtree of 2^level leaves that starts at
 * leaf index * 2^level. ERR_RANGE when index or sizes make no sense. */
typedef enum err (*merkle_read)(void *arg, unsigned level, uint64_t index, struct hash *out);
MUST_CHECK enum err merkle_prove_inclusion(uint64_t index, uint64_t size, merkle_read read, void *arg,
                                           struct merkle_proof *out);
MUST_CHECK enum err merkle_prove_consistency(uint64_t old_size, uint64_t new_size, merkle_read read,
                                             void *arg, struct merkle_proof *out);
/* MTH(D[0:size]) from stored subtrees. */
MUST_CHECK enum err merkle_root_of(uint64_t size, merkle_read read, void *arg, struct hash *out);
/* The edge of a tree of that size, to go on appending. */
MUST_CHECK enum err merkle_edge_of(uint64_t size, merkle_read read, void *arg, struct merkle_edge *out);

#endif

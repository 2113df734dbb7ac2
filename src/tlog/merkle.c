/* Hashing, appending and proving in RFC 6962's tree. */
#include "tlog/merkle.h"

#include "seal/digest.h"

#include <assert.h>
#include <string.h>

static struct digest *shared(void)
{
    static struct digest *digest = NULL;
    if (digest == NULL) {
        digest = digest_new();
    }
    return digest;
}

void merkle_leaf(struct span data, struct hash *out)
{
    struct digest *digest = shared();
    digest_add(digest, "\x00", 1);
    digest_add(digest, data.at, data.len);
    digest_end(digest, out->bytes);
}

void merkle_node(const struct hash *left, const struct hash *right, struct hash *out)
{
    uint8_t both[1 + 2 * HASH_LEN] = {1};
    memcpy(both + 1, left->bytes, HASH_LEN);
    memcpy(both + 1 + HASH_LEN, right->bytes, HASH_LEN);
    struct digest *digest = shared();
    digest_add(digest, both, sizeof both);
    digest_end(digest, out->bytes);
}

void merkle_empty(struct hash *out)
{
    digest_of(SPAN(""), out->bytes);
}

bool hash_equal(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, HASH_LEN) == 0;
}

void merkle_edge_init(struct merkle_edge *edge)
{
    *edge = (struct merkle_edge){0};
}

void merkle_edge_add(struct merkle_edge *edge, const struct hash *leaf)
{
    struct hash hash = *leaf;
    unsigned level = 0;
    for (uint64_t n = edge->size; n & 1; n >>= 1, level++) {
        merkle_node(&edge->nodes[level], &hash, &hash);
    }
    edge->nodes[level] = hash;
    edge->size++;
}

void merkle_edge_root(const struct merkle_edge *edge, struct hash *out)
{
    if (edge->size == 0) {
        merkle_empty(out);
        return;
    }
    unsigned level = (unsigned)__builtin_ctzll(edge->size);
    struct hash hash = edge->nodes[level];
    for (level++; level < 64 && edge->size >> level != 0; level++) {
        if (edge->size >> level & 1) {
            merkle_node(&edge->nodes[level], &hash, &hash);
        }
    }
    *out = hash;
}

/* One step up the tree: skips the levels at which the node is the last and alone. */
static void climb(uint64_t *first, uint64_t *last)
{
    while (!(*first & 1) && *first != 0) {
        *first >>= 1;
        *last >>= 1;
    }
}

bool merkle_check_inclusion(const struct hash *leaf, uint64_t index, uint64_t size,
                            const struct merkle_proof *proof, const struct hash *root)
{
    if (index >= size) {
        return false;
    }
    uint64_t first = index;
    uint64_t last = size - 1;
    struct hash hash = *leaf;
    for (uint32_t i = 0; i < proof->len; i++) {
        if (last == 0) {
            return false; /* more hashes than the tree has levels */
        }
        if ((first & 1) || first == last) {
            merkle_node(&proof->path[i], &hash, &hash);
            climb(&first, &last);
        } else {
            merkle_node(&hash, &proof->path[i], &hash);
        }
        first >>= 1;
        last >>= 1;
    }
    return last == 0 && hash_equal(&hash, root);
}

/* The walk of 0 < old < new. `start` is the hash both trees begin with, `next` the first proof hash after it.
 */
static bool joins(uint64_t old_size, uint64_t new_size, const struct merkle_proof *proof,
                  const struct hash *start, uint32_t next, const struct hash *old_root,
                  const struct hash *new_root)
{
    uint64_t first = old_size - 1;
    uint64_t last = new_size - 1;
    while (first & 1) {
        first >>= 1;
        last >>= 1;
    }
    struct hash old_hash = *start;
    struct hash new_hash = *start;
    for (uint32_t i = next; i < proof->len; i++) {
        if (last == 0) {
            return false;
        }
        if ((first & 1) || first == last) {
            merkle_node(&proof->path[i], &old_hash, &old_hash);
            merkle_node(&proof->path[i], &new_hash, &new_hash);
            climb(&first, &last);
        } else {
            merkle_node(&new_hash, &proof->path[i], &new_hash);
        }
        first >>= 1;
        last >>= 1;
    }
    return last == 0 && hash_equal(&old_hash, old_root) && hash_equal(&new_hash, new_root);
}

bool merkle_check_consistency(uint64_t old_size, uint64_t new_size, const struct merkle_proof *proof,
                              const struct hash *old_root, const struct hash *new_root)
{
    if (old_size > new_size) {
        return false;
    }
    if (old_size == new_size) {
        struct hash empty;
        merkle_empty(&empty);
        return proof->len == 0 && hash_equal(old_root, new_root) &&
               (new_size != 0 || hash_equal(new_root, &empty));
    }
    if (old_size == 0) {
        return false; /* every tree begins with the empty one: nothing is proven */
    }
    bool whole = (old_size & (old_size - 1)) == 0; /* a power of two: the old root itself is the start */
    if (proof->len == 0) {
        return false;
    }
    return joins(old_size, new_size, proof, whole ? old_root : &proof->path[0], whole ? 0 : 1, old_root,
                 new_root);
}

/* The largest power of two below n, n > 1. */
static uint64_t split(uint64_t n)
{
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/* MTH(D[from : from + n]), from aligned to the largest power of two not above n. */
static enum err subtree(uint64_t from, uint64_t n, merkle_read read, void *arg, struct hash *out)
{
    assert(n > 0);
    if ((n & (n - 1)) == 0) {
        unsigned level = (unsigned)__builtin_ctzll(n);
        return read(arg, level, from >> level, out);
    }
    uint64_t k = split(n);
    struct hash left;
    struct hash right;
    TRY(subtree(from, k, read, arg, &left));
    TRY(subtree(from + k, n - k, read, arg, &right));
    merkle_node(&left, &right, out);
    return OK;
}

enum err merkle_root_of(uint64_t size, merkle_read read, void *arg, struct hash *out)
{
    if (size == 0) {
        merkle_empty(out);
        return OK;
    }
    return subtree(0, size, read, arg, out);
}

enum err merkle_edge_of(uint64_t size, merkle_read read, void *arg, struct merkle_edge *out)
{
    struct merkle_edge edge = {.size = size};
    uint64_t from = 0;
    for (int level = 63; level >= 0; level--) {
        if (size >> level & 1) {
            TRY(read(arg, (unsigned)level, from >> level, &edge.nodes[level]));
            from += UINT64_C(1) << level;
        }
    }
    *out = edge;
    return OK;
}

static void reverse(struct merkle_proof *proof)
{
    for (uint32_t i = 0; i < proof->len / 2; i++) {
        struct hash held = proof->path[i];
        proof->path[i] = proof->path[proof->len - 1 - i];
        proof->path[proof->len - 1 - i] = held;
    }
}

static enum err take(struct merkle_proof *proof, uint64_t from, uint64_t n, merkle_read read, void *arg)
{
    assert(proof->len < PROOF_MAX);
    TRY(subtree(from, n, read, arg, &proof->path[proof->len]));
    proof->len++;
    return OK;
}

/* From the root down, then turned around: the leaf's sibling comes first. */
enum err merkle_prove_inclusion(uint64_t index, uint64_t size, merkle_read read, void *arg,
                                struct merkle_proof *out)
{
    if (index >= size) {
        return ERR_RANGE;
    }
    struct merkle_proof proof = {.len = 0};
    uint64_t from = 0;
    while (size > 1) {
        uint64_t k = split(size);
        if (index - from < k) {
            TRY(take(&proof, from + k, size - k, read, arg));
            size = k;
        } else {
            TRY(take(&proof, from, k, read, arg));
            from += k;
            size -= k;
        }
    }
    reverse(&proof);
    *out = proof;
    return OK;
}

enum err merkle_prove_consistency(uint64_t old_size, uint64_t new_size, merkle_read read, void *arg,
                                  struct merkle_proof *out)
{
    if (old_size > new_size) {
        return ERR_RANGE;
    }
    struct merkle_proof proof = {.len = 0};
    uint64_t from = 0;
    uint64_t n = new_size;
    bool whole = true; /* D[from : from + n] so far contains the old tree from its start */
    while (old_size != 0 && old_size != new_size && old_size - from != n) {
        uint64_t k = split(n);
        if (old_size - from <= k) {
            TRY(take(&proof, from + k, n - k, read, arg));
            n = k;
        } else {
            TRY(take(&proof, from, k, read, arg));
            from += k;
            n -= k;
            whole = false;
        }
    }
    if (!whole) {
        TRY(take(&proof, from, n, read, arg));
    }
    reverse(&proof);
    *out = proof;
    return OK;
}

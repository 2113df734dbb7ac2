/* Hashing a bundle, and what lies above the bundles. */
#include "proof/log_tree.h"

#include "base/huge.h"
#include "seal/digest.h"

#include <assert.h>
#include <stdlib.h>

_Static_assert(1 << LOG_TREE_BUNDLE == BUNDLE_ENTRIES, "the root of a bundle is a node of the tree");

void log_tree_init(struct log_tree *tree)
{
    *tree = (struct log_tree){0};
}

void log_tree_done(struct log_tree *tree)
{
    for (int i = 0; i < LOG_TREE_LEVELS; i++) {
        free(tree->levels[i]);
    }
    for (uint32_t i = 0; i < tree->n_slabs; i++) {
        free(tree->slabs[i]);
    }
    free(tree->slabs);
    *tree = (struct log_tree){0};
}

struct log_bundle *log_tree_room(struct log_tree *tree, uint64_t bundle)
{
    assert(bundle <= (uint64_t)tree->n_slabs * LOG_TREE_SLAB);
    if (bundle == (uint64_t)tree->n_slabs * LOG_TREE_SLAB) {
        tree->slabs = realloc(tree->slabs, (tree->n_slabs + 1) * sizeof(struct log_bundle *));
        struct log_bundle *slab = huge_alloc(LOG_TREE_SLAB * sizeof *slab);
        if (tree->slabs == NULL || slab == NULL) {
            abort();
        }
        tree->slabs[tree->n_slabs++] = slab;
    }
    return &tree->slabs[bundle / LOG_TREE_SLAB][bundle % LOG_TREE_SLAB];
}

static void node(struct digest *digest, const struct hash children[2], struct hash *out)
{
    uint8_t both[1 + 2 * HASH_LEN] = {1};
    memcpy(both + 1, children, (size_t)2 * HASH_LEN);
    digest_add(digest, both, sizeof both);
    digest_end(digest, out->bytes);
}

/* Where a level begins: 0, 256, 384, ... */
static size_t level_at(unsigned level)
{
    return 2 * BUNDLE_ENTRIES - (2 * BUNDLE_ENTRIES >> level);
}

void log_bundle_hash(struct log_bundle *bundle, struct digest *digest, const struct span *entries, uint32_t n)
{
    assert(n <= BUNDLE_ENTRIES);
    struct span pairs[BUNDLE_ENTRIES / 2];
    digest_each(digest, 0, entries, n, bundle->nodes[0].bytes);
    for (unsigned level = 1; level <= LOG_TREE_BUNDLE; level++) {
        const struct hash *below = &bundle->nodes[level_at(level - 1)];
        for (uint32_t i = 0; i < n >> level; i++) {
            pairs[i] = span_of((const char *)below[2 * i].bytes, (size_t)2 * HASH_LEN);
        }
        digest_each(digest, 1, pairs, n >> level, bundle->nodes[level_at(level)].bytes);
    }
}

static const struct log_bundle *bundle_of(const struct log_tree *tree, uint64_t bundle)
{
    return &tree->slabs[bundle / LOG_TREE_SLAB][bundle % LOG_TREE_SLAB];
}

static void push(struct log_tree *tree, unsigned level, const struct hash *hash)
{
    if (tree->n[level] == tree->cap[level]) {
        tree->cap[level] = tree->cap[level] == 0 ? 256 : tree->cap[level] * 2;
        tree->levels[level] = realloc(tree->levels[level], tree->cap[level] * sizeof *hash);
        if (tree->levels[level] == NULL) {
            abort();
        }
    }
    tree->levels[level][tree->n[level]++] = *hash;
}

void log_tree_grow(struct log_tree *tree, struct digest *digest, uint32_t n)
{
    assert(tree->size % BUNDLE_ENTRIES == 0 && n <= BUNDLE_ENTRIES);
    uint64_t bundle = tree->size / BUNDLE_ENTRIES;
    tree->size += n;
    if (n < BUNDLE_ENTRIES) {
        return;
    }
    struct hash root = bundle_of(tree, bundle)->nodes[level_at(LOG_TREE_BUNDLE)];
    push(tree, LOG_TREE_BUNDLE, &root);
    for (unsigned level = LOG_TREE_BUNDLE; (tree->n[level] & 1) == 0; level++) {
        node(digest, &tree->levels[level][tree->n[level] - 2], &root);
        push(tree, level + 1, &root);
    }
}

const struct hash *log_tree_tile(const struct log_tree *tree, unsigned tile_level, uint64_t tile)
{
    return tile_level == 0 ? bundle_of(tree, tile)->nodes
                           : &tree->levels[LOG_TREE_BUNDLE * tile_level][tile * BUNDLE_ENTRIES];
}

enum err log_tree_read(void *arg, unsigned level, uint64_t index, struct hash *out)
{
    const struct log_tree *tree = arg;
    if (level >= LOG_TREE_LEVELS || index >= tree->size >> level) {
        return ERR_RANGE;
    }
    if (level >= LOG_TREE_BUNDLE) {
        *out = tree->levels[level][index];
        return OK;
    }
    unsigned above = LOG_TREE_BUNDLE - level;
    *out = bundle_of(tree, index >> above)->nodes[level_at(level) + (index & (((uint64_t)1 << above) - 1))];
    return OK;
}

bool log_tree_root(const struct log_tree *tree, uint64_t size, struct hash *out)
{
    return size <= tree->size && merkle_root_of(size, log_tree_read, (void *)(uintptr_t)tree, out) == OK;
}

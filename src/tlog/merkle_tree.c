/* A tree kept as one array a level. The node of a pair is its hash; a last node without a sibling goes up as it is, which gives
 * RFC 6962's tree: its left part is always the largest complete one. */
#include "tlog/merkle_tree.h"

#include <assert.h>
#include <stdlib.h>

void merkle_tree_init(struct merkle_tree *tree)
{
    *tree = (struct merkle_tree){0};
}

void merkle_tree_done(struct merkle_tree *tree)
{
    for (int level = 0; level < MERKLE_TREE_LEVELS; level++) {
        free(tree->nodes[level]);
    }
    free(tree->changed);
    *tree = (struct merkle_tree){0};
}

void merkle_tree_clear(struct merkle_tree *tree)
{
    tree->size = 0;
    tree->n_changed = 0;
}

static void *room(void *items, uint32_t *cap, uint32_t need, size_t size)
{
    if (need <= *cap) {
        return items;
    }
    *cap = *cap == 0 ? need < 64 ? 64 : need : *cap < UINT32_MAX / 2 ? *cap * 2 : UINT32_MAX;
    *cap = *cap < need ? need : *cap;
    items = realloc(items, (size_t)*cap * size);
    assert(items != NULL);
    return items;
}

static void node_set(struct merkle_tree *tree, unsigned level, uint32_t index, const struct hash *hash)
{
    tree->nodes[level] = room(tree->nodes[level], &tree->cap[level], index + 1, sizeof *hash);
    tree->nodes[level][index] = *hash;
}

void merkle_tree_set(struct merkle_tree *tree, uint32_t index, const struct hash *leaf)
{
    assert(index <= tree->size && index < UINT32_MAX);
    node_set(tree, 0, index, leaf);
    tree->size += index == tree->size;
    tree->changed = room(tree->changed, &tree->cap_changed, tree->n_changed + 1, sizeof *tree->changed);
    tree->changed[tree->n_changed++] = index;
}

/* The nodes above the changed ones of a level of n nodes; of neighbours that changed one after the other only one is hashed. */
static void level_up(struct merkle_tree *tree, unsigned level, uint32_t n)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < tree->n_changed; i++) {
        uint32_t up = tree->changed[i] / 2;
        uint32_t left = up * 2;
        struct hash hash;
        if (kept > 0 && tree->changed[kept - 1] == up) {
            continue;
        }
        if (left + 1 < n) {
            merkle_node(&tree->nodes[level][left], &tree->nodes[level][left + 1], &hash);
        } else {
            hash = tree->nodes[level][left];
        }
        node_set(tree, level + 1, up, &hash);
        tree->changed[kept++] = up;
    }
    tree->n_changed = kept;
}

void merkle_tree_root(struct merkle_tree *tree, struct hash *out)
{
    if (tree->size == 0) {
        merkle_empty(out);
        return;
    }
    unsigned level = 0;
    for (uint32_t n = tree->size; n > 1; n = n / 2 + n % 2) {
        level_up(tree, level++, n);
    }
    tree->n_changed = 0;
    *out = tree->nodes[level][0];
}

enum err merkle_tree_read(void *arg, unsigned level, uint64_t index, struct hash *out)
{
    const struct merkle_tree *tree = arg;
    assert(tree->n_changed == 0);
    if (level >= MERKLE_TREE_LEVELS || (index + 1) << level > tree->size) {
        return ERR_RANGE;
    }
    *out = tree->nodes[level][index];
    return OK;
}

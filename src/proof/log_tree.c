/* Appending, level by level. */
#include "proof/log_tree.h"

#include "seal/digest.h"

#include <stdlib.h>

void log_tree_init(struct log_tree *tree)
{
    *tree = (struct log_tree){.digest = digest_new()};
}

void log_tree_done(struct log_tree *tree)
{
    for (int i = 0; i < LOG_TREE_LEVELS; i++) {
        free(tree->levels[i]);
    }
    digest_free(tree->digest);
    *tree = (struct log_tree){0};
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

void log_tree_add(struct log_tree *tree, struct span entry, struct hash *leaf)
{
    struct hash hash = {{0}};
    digest_add(tree->digest, "\x00", 1);
    digest_add(tree->digest, entry.at, entry.len);
    digest_end(tree->digest, hash.bytes);
    *leaf = hash;
    push(tree, 0, &hash);
    for (unsigned level = 0; (tree->n[level] & 1) == 0; level++) {
        uint8_t both[1 + 2 * HASH_LEN] = {1};
        memcpy(both + 1, &tree->levels[level][tree->n[level] - 2], (size_t)2 * HASH_LEN);
        digest_add(tree->digest, both, sizeof both);
        digest_end(tree->digest, hash.bytes);
        push(tree, level + 1, &hash);
    }
    tree->size++;
}

enum err log_tree_read(void *arg, unsigned level, uint64_t index, struct hash *out)
{
    const struct log_tree *tree = arg;
    if (level >= LOG_TREE_LEVELS || index >= tree->n[level]) {
        return ERR_RANGE;
    }
    *out = tree->levels[level][index];
    return OK;
}

bool log_tree_root(const struct log_tree *tree, uint64_t size, struct hash *out)
{
    return size <= tree->size && merkle_root_of(size, log_tree_read, (void *)(uintptr_t)tree, out) == OK;
}

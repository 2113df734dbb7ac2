/* The log's tree grown bundle by bundle, against the edge that grows leaf by leaf. */
#include "proof/log_tree.h"
#include "seal/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { ENTRIES = 3 * BUNDLE_ENTRIES + 77 };
static char texts[ENTRIES][32];
static struct span entries[ENTRIES];

static void grow(struct log_tree *tree, struct digest *digest, uint32_t size)
{
    log_tree_init(tree);
    /* Bundles are hashed in any order before the tree grows by them. */
    for (uint32_t at = 0; at < size; at += BUNDLE_ENTRIES) {
        (void)log_tree_room(tree, at / BUNDLE_ENTRIES);
    }
    for (uint32_t at = (size + BUNDLE_ENTRIES - 1) / BUNDLE_ENTRIES; at > 0; at--) {
        uint32_t first = (at - 1) * BUNDLE_ENTRIES;
        uint32_t n = size - first < BUNDLE_ENTRIES ? size - first : BUNDLE_ENTRIES;
        log_bundle_hash(log_tree_room(tree, at - 1), digest, &entries[first], n);
    }
    for (uint32_t first = 0; first < size; first += BUNDLE_ENTRIES) {
        log_tree_grow(tree, digest, size - first < BUNDLE_ENTRIES ? size - first : BUNDLE_ENTRIES);
    }
}

static void roots_are_those_of_the_edge(void **state)
{
    (void)state;
    struct digest *digest = digest_new();
    static const uint32_t sizes[] = {1, 2, 255, 256, 257, 511, 512, 513, 767, 768, ENTRIES};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct log_tree tree;
        struct merkle_edge edge;
        struct hash leaf;
        struct hash stated;
        struct hash root;
        grow(&tree, digest, sizes[s]);
        merkle_edge_init(&edge);
        for (uint32_t i = 0; i < sizes[s]; i++) {
            merkle_leaf(entries[i], &leaf);
            merkle_edge_add(&edge, &leaf);
            merkle_edge_root(&edge, &stated);
            assert_true(log_tree_root(&tree, i + 1, &root) && hash_equal(&root, &stated));
            assert_true(hash_equal(&log_tree_tile(&tree, 0, i / BUNDLE_ENTRIES)[i % BUNDLE_ENTRIES], &leaf));
        }
        assert_false(log_tree_root(&tree, sizes[s] + 1, &root));
        assert_int_equal(log_tree_read(&tree, 0, sizes[s], &root), ERR_RANGE);
        assert_int_equal(log_tree_read(&tree, 8, sizes[s] / BUNDLE_ENTRIES, &root), ERR_RANGE);
        log_tree_done(&tree);
    }
    digest_free(digest);
}

static void proofs_are_checked(void **state)
{
    (void)state;
    struct digest *digest = digest_new();
    struct log_tree tree;
    struct hash root;
    struct hash leaf;
    grow(&tree, digest, ENTRIES);
    assert_true(log_tree_root(&tree, ENTRIES, &root));
    for (uint32_t i = 0; i < ENTRIES; i += 13) {
        struct merkle_proof proof;
        merkle_leaf(entries[i], &leaf);
        assert_int_equal(merkle_prove_inclusion(i, ENTRIES, log_tree_read, &tree, &proof), OK);
        assert_true(merkle_check_inclusion(&leaf, i, ENTRIES, &proof, &root));
    }
    log_tree_done(&tree);
    digest_free(digest);
}

int main(void)
{
    for (int i = 0; i < ENTRIES; i++) {
        entries[i] = span_of(texts[i], (size_t)snprintf(texts[i], sizeof texts[i], "entry %d", i));
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_are_those_of_the_edge),
        cmocka_unit_test(proofs_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

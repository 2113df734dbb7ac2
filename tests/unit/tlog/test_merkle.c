/* The Merkle tree against a plain recursive definition, every proof of every small tree, and the published
 * vectors when they are at hand. */
#include "tlog/merkle.h"
#include "tlog/merkle_tree.h"

#include "base/buf.h"
#include "base/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

enum { TREE_MAX = 130 };

static struct hash leaves[TREE_MAX];

/* RFC 6962's words, without cleverness. */
static struct hash plain_root(uint64_t from, uint64_t n)
{
    struct hash out;
    if (n == 0) {
        merkle_empty(&out);
        return out;
    }
    if (n == 1) {
        return leaves[from];
    }
    uint64_t k = 1;
    while (k * 2 < n) {
        k *= 2;
    }
    struct hash left = plain_root(from, k);
    struct hash right = plain_root(from + k, n - k);
    merkle_node(&left, &right, &out);
    return out;
}

static enum err read_plain(void *arg, unsigned level, uint64_t index, struct hash *out)
{
    uint64_t size = *(uint64_t *)arg;
    uint64_t from = index << level;
    assert_true(from + (UINT64_C(1) << level) <= size); /* only complete subtrees are asked for */
    *out = plain_root(from, UINT64_C(1) << level);
    return OK;
}

static int make_leaves(void **state)
{
    (void)state;
    for (int i = 0; i < TREE_MAX; i++) {
        char text[32];
        int n = snprintf(text, sizeof text, "leaf %d", i);
        merkle_leaf(span_of(text, (size_t)n), &leaves[i]);
    }
    return 0;
}

static void known_roots(void **state)
{
    (void)state;
    /* RFC 6962's empty root, and the tree of the eight classic test leaves. */
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {{"", 0},
                {"\x00", 1},
                {"\x10", 1},
                {"\x20\x21", 2},
                {"\x30\x31", 2},
                {"\x40\x41\x42\x43", 4},
                {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
                {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16}};
    struct merkle_edge edge;
    merkle_edge_init(&edge);
    struct hash root;
    char hex[65];
    merkle_edge_root(&edge, &root);
    hex_print(hex, root.bytes, HASH_LEN);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < 8; i++) {
        struct hash leaf;
        merkle_leaf(span_of(rows[i].bytes, rows[i].len), &leaf);
        merkle_edge_add(&edge, &leaf);
    }
    merkle_edge_root(&edge, &root);
    hex_print(hex, root.bytes, HASH_LEN);
    assert_string_equal(hex, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

static void the_edge_is_the_definition(void **state)
{
    (void)state;
    struct merkle_edge edge;
    merkle_edge_init(&edge);
    for (uint64_t n = 0; n <= TREE_MAX; n++) {
        struct hash root;
        struct hash plain = plain_root(0, n);
        merkle_edge_root(&edge, &root);
        assert_true(hash_equal(&root, &plain));
        struct merkle_edge again;
        assert_int_equal(merkle_edge_of(n, read_plain, &n, &again), OK);
        merkle_edge_root(&again, &root);
        assert_true(hash_equal(&root, &plain));
        assert_int_equal(merkle_root_of(n, read_plain, &n, &root), OK);
        assert_true(hash_equal(&root, &plain));
        if (n < TREE_MAX) {
            merkle_edge_add(&edge, &leaves[n]);
        }
    }
}

/* A proof with any one thing wrong does not check. */
static void tampered(const struct hash *leaf, uint64_t index, uint64_t size, const struct merkle_proof *good,
                     const struct hash *root)
{
    assert_false(merkle_check_inclusion(leaf, index + 1, size, good, root) && index + 1 != index);
    struct merkle_proof bad = *good;
    bad.path[bad.len++] = *root;
    assert_false(merkle_check_inclusion(leaf, index, size, &bad, root));
    if (good->len == 0) {
        return;
    }
    bad = *good;
    bad.len--;
    assert_false(merkle_check_inclusion(leaf, index, size, &bad, root));
    for (uint32_t i = 0; i < good->len; i++) {
        bad = *good;
        bad.path[i].bytes[i % HASH_LEN] ^= 4;
        assert_false(merkle_check_inclusion(leaf, index, size, &bad, root));
    }
}

static void every_inclusion_proof(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= 70; size++) {
        struct hash root = plain_root(0, size);
        for (uint64_t index = 0; index < size; index++) {
            struct merkle_proof proof;
            assert_int_equal(merkle_prove_inclusion(index, size, read_plain, &size, &proof), OK);
            assert_true(merkle_check_inclusion(&leaves[index], index, size, &proof, &root));
            tampered(&leaves[index], index, size, &proof, &root);
        }
        struct merkle_proof none;
        assert_int_equal(merkle_prove_inclusion(size, size, read_plain, &size, &none), ERR_RANGE);
    }
}

static void every_consistency_proof(void **state)
{
    (void)state;
    for (uint64_t size = 0; size <= 70; size++) {
        struct hash new_root = plain_root(0, size);
        for (uint64_t old = 0; old <= size; old++) {
            struct hash old_root = plain_root(0, old);
            struct merkle_proof proof;
            assert_int_equal(merkle_prove_consistency(old, size, read_plain, &size, &proof), OK);
            assert_int_equal(merkle_check_consistency(old, size, &proof, &old_root, &new_root),
                             old != 0 || size == 0);
            if (old == 0 || old == size) {
                assert_int_equal(proof.len, 0);
                continue;
            }
            struct hash other = old_root;
            other.bytes[0] ^= 1;
            assert_false(merkle_check_consistency(old, size, &proof, &other, &new_root));
            assert_false(merkle_check_consistency(old, size, &proof, &old_root, &other));
            struct merkle_proof bad = proof;
            bad.len--;
            assert_false(merkle_check_consistency(old, size, &bad, &old_root, &new_root));
            bad = proof;
            bad.path[bad.len++] = new_root;
            assert_false(merkle_check_consistency(old, size, &bad, &old_root, &new_root));
        }
        struct merkle_proof none;
        assert_int_equal(merkle_prove_consistency(size + 1, size, read_plain, &size, &none), ERR_RANGE);
    }
}

/* A kept tree against the plain definition: grown by one, by many, and with leaves replaced in any order. */
static void test_tree(void **state)
{
    (void)state;
    struct merkle_tree tree;
    struct hash root;
    struct hash held[TREE_MAX];
    memcpy(held, leaves, sizeof held);
    merkle_tree_init(&tree);
    merkle_tree_root(&tree, &root);
    struct hash plain = plain_root(0, 0);
    assert_true(hash_equal(&root, &plain));
    uint64_t dice = 88172645463325252u;
    for (uint32_t size = 0; size < TREE_MAX;) {
        for (uint32_t more = 1 + size % 3; more > 0 && size < TREE_MAX; more--, size++) {
            merkle_tree_set(&tree, size, &leaves[size]);
        }
        for (int i = 0; i < 3; i++) {
            dice = dice * 6364136223846793005u + 1442695040888963407u;
            uint32_t at = (uint32_t)(dice >> 33) % size;
            leaves[at].bytes[i] ^= 0x5A;
            merkle_tree_set(&tree, at, &leaves[at]);
        }
        merkle_tree_root(&tree, &root);
        plain = plain_root(0, size);
        assert_true(hash_equal(&root, &plain));
        struct merkle_proof proof;
        assert_int_equal(merkle_prove_inclusion(size / 2, size, merkle_tree_read, &tree, &proof), OK);
        assert_true(merkle_check_inclusion(&leaves[size / 2], size / 2, size, &proof, &root));
    }
    assert_int_equal(merkle_tree_read(&tree, 0, TREE_MAX, &root), ERR_RANGE);
    merkle_tree_clear(&tree);
    merkle_tree_set(&tree, 0, &leaves[7]);
    merkle_tree_root(&tree, &root);
    assert_true(hash_equal(&root, &leaves[7]));
    merkle_tree_done(&tree);
    memcpy(leaves, held, sizeof held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),
        cmocka_unit_test(known_roots),
        cmocka_unit_test(the_edge_is_the_definition),
        cmocka_unit_test(every_inclusion_proof),
        cmocka_unit_test(every_consistency_proof),
    };
    return cmocka_run_group_tests(tests, make_leaves, NULL);
}

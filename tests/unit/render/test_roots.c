/* The roots of a state: leaves against golden files, and a kept tree against one made anew after every step of a night. */
#include "ledger_text.h"
#include "night.h"

#include "base/codec.h"
#include "formats/files_root.h"
#include "render/roots.h"

#include <stdio.h>
#include <stdlib.h>

static void compare(const char *name, const struct buf *given)
{
    char path[256];
    struct buf golden = {0};
    struct why why = {{0}};
    snprintf(path, sizeof path, "tests/vectors/roots/small/%s", name);
    if (getenv("ATALAYA_WRITE_GOLDEN") != NULL) { /* writes them anew: then they are read by a person */
        assert_int_equal(file_write(path, buf_as_span(given), false, &why), OK);
    }
    assert_int_equal(file_read(path, 1 << 22, &golden, &why), OK);
    if (!span_equal(buf_as_span(&golden), buf_as_span(given))) {
        fail_msg("%s is not its golden file", name);
    }
    buf_done(&golden);
}

static void put_root(struct buf *out, const char *name, const struct hash *root)
{
    char hex[65];
    hex_print(hex, root->bytes, sizeof root->bytes);
    buf_printf(out, "%s %s\n", name, hex);
}

/* tests/vectors/package/ledger.txt: its leaves, an empty line after each, and its roots. */
static void test_golden(void **state)
{
    (void)state;
    struct election election;
    struct fold *fold;
    struct roots *roots;
    struct hash of_state;
    struct hash of_totals;
    struct buf out = {0};
    election_small(&election);
    assert_int_equal(fold_new(&election, &fold), OK);
    assert_int_equal(roots_new(&election, &roots), OK);
    ledger_text_apply(fold, "tests/vectors/package/ledger.txt");
    assert_true(fold->n_outsides > 0);
    roots_update(roots, fold, &of_state, &of_totals);
    assert_int_equal(roots->state.size, election.n_actas + fold->n_outsides);
    for (uint32_t i = 0; i < roots->state.size; i++) {
        state_leaf_print(fold, i, &out);
        buf_char(&out, '\n');
    }
    compare("state.txt", &out);
    buf_clear(&out);
    for (uint32_t i = 0; i < roots->totals.size; i++) {
        totals_leaf_print(roots, fold, i, &out);
        buf_char(&out, '\n');
    }
    compare("totals.txt", &out);
    buf_clear(&out);
    put_root(&out, "state-root", &of_state);
    put_root(&out, "totals-root", &of_totals);
    compare("roots.txt", &out);
    buf_done(&out);
    roots_free(roots);
    fold_free(fold);
    election_done(&election);
}

/* Every leaf of a tree has a proof that leads to its root, and to no other place. */
static void proofs_lead(struct merkle_tree *tree, const struct hash *root)
{
    for (uint32_t i = 0; i < tree->size; i++) {
        struct merkle_proof proof;
        assert_int_equal(merkle_prove_inclusion(i, tree->size, merkle_tree_read, tree, &proof), OK);
        assert_true(merkle_check_inclusion(&tree->nodes[0][i], i, tree->size, &proof, root));
        assert_false(merkle_check_inclusion(&tree->nodes[0][i], i + 1, tree->size, &proof, root));
    }
}

/* The roots of the fold, and that a tree made anew has the same. */
static void same_as_fresh(struct roots *kept, const struct fold *fold, struct hash out[2])
{
    struct roots *fresh;
    struct hash again[2];
    assert_int_equal(roots_new(fold->election, &fresh), OK);
    roots_update(kept, fold, &out[0], &out[1]);
    roots_update(fresh, fold, &again[0], &again[1]);
    assert_true(hash_equal(&out[0], &again[0]));
    assert_true(hash_equal(&out[1], &again[1]));
    proofs_lead(&kept->state, &out[0]);
    proofs_lead(&kept->totals, &out[1]);
    roots_free(fresh);
}

static void review(struct fold *fold, uint32_t acta, bool hold)
{
    struct buf bytes = {0};
    struct why why = {{0}};
    struct entry entry = {.type = ENTRY_REVIEW,
                          .as.review = {.entry = fold->records[acta]->entry,
                                        .hold = hold,
                                        .time_ms = fold->election->opening_ms,
                                        .reason = SPAN("prueba")}};
    memcpy(entry.as.review.key, fold->election->actas[acta].key, sizeof entry.as.review.key);
    entry_print(&entry, &bytes);
    assert_int_equal(fold_apply(fold, fold->log_size, buf_as_span(&bytes), &why), OK);
    buf_done(&bytes);
}

static void test_kept(void **state)
{
    (void)state;
    struct election election;
    struct fold *fold;
    struct roots *roots;
    struct hash before[2] = {{{0}}};
    uint32_t came = 0;
    election_small(&election);
    assert_int_equal(fold_new(&election, &fold), OK);
    assert_int_equal(roots_new(&election, &roots), OK);
    night_open(fold);
    for (uint32_t until = 0; until <= election.n_actas; until += 3) {
        struct hash now[2];
        night_arrive(fold, &came, until, election.opening_ms + until * 1000, until * 2 < election.n_actas);
        same_as_fresh(roots, fold, now);
        assert_true(until == 0 || !hash_equal(&now[0], &before[0]));
        memcpy(before, now, sizeof before);
        fold_clean(fold);
    }
    uint32_t acta = 0;
    while (fold->records[acta]->entry == ENTRY_NONE || fold->records[acta]->in_review ||
           roots->acta_cell[acta] == UINT32_MAX) {
        acta++;
    }
    for (int hold = 1; hold >= 0; hold--) { /* no version changes, the figures do */
        struct hash now[2];
        review(fold, acta, hold == 1);
        same_as_fresh(roots, fold, now);
        assert_true(hash_equal(&now[0], &before[0]));
        assert_int_equal(hash_equal(&now[1], &before[1]), hold == 0);
        fold_clean(fold);
    }
    roots_free(roots);
    fold_free(fold);
    election_done(&election);
}

/* The sections of a district add up to it: what pages do not show is proven by the same figures. */
static void test_sections_add_up(void **state)
{
    (void)state;
    struct election election;
    struct roots *roots;
    election_small(&election);
    assert_int_equal(roots_new(&election, &roots), OK);
    assert_true(roots->n_sections > 0);
    uint32_t row = election.n_areas + roots->n_sections;
    for (uint32_t i = 0; i < roots->n_sections; i++) {
        assert_int_equal(totals_leaf_of_section(roots, 1, roots->sections[i]), row + election.n_areas + i);
    }
    assert_int_equal(totals_leaf_of_section(roots, 0, 0), UINT32_MAX);
    assert_int_equal(totals_leaf_of_section(roots, 0, 9998), UINT32_MAX);
    uint32_t with = 0;
    for (uint32_t i = 0; i < election.n_actas; i++) {
        const struct acta *acta = &election.actas[i];
        bool of_section = !acta->proportional && election.stations[acta->station].section != 0;
        assert_int_equal(roots->acta_cell[i] != UINT32_MAX, of_section);
        with += of_section;
    }
    assert_int_equal(roots->cell_first[election.n_contests * roots->n_sections], with);
    roots_free(roots);
    election_done(&election);
}

static void test_files(void **state)
{
    (void)state;
    struct manifest manifest = {0};
    struct hash root;
    struct hash leaf;
    struct hash other;
    struct buf line = {0};
    files_root(&manifest, &root);
    merkle_empty(&other);
    assert_true(hash_equal(&root, &other));
    const uint8_t sha256[32] = {1};
    manifest_add(&manifest, SPAN("b.html"), sha256, 3);
    files_root(&manifest, &root);
    buf_str(&line, "0100000000000000000000000000000000000000000000000000000000000000 3 b.html\n");
    merkle_leaf(buf_as_span(&line), &leaf);
    assert_true(hash_equal(&root, &leaf));
    manifest_add(&manifest, SPAN("b.html.gz"), sha256, 3); /* twins are not in it */
    files_root(&manifest, &other);
    assert_true(hash_equal(&root, &other));
    manifest_add(&manifest, SPAN("a.html"), sha256, 4);
    manifest_sort(&manifest);
    files_root(&manifest, &root);
    buf_clear(&line);
    buf_str(&line, "0100000000000000000000000000000000000000000000000000000000000000 4 a.html\n");
    merkle_leaf(buf_as_span(&line), &other);
    merkle_node(&other, &leaf, &other);
    assert_true(hash_equal(&root, &other));
    buf_done(&line);
    manifest_done(&manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_kept),
                                       cmocka_unit_test(test_sections_add_up), cmocka_unit_test(test_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

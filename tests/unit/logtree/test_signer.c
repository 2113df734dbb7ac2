/* The signer cannot be brought to sign two trees that cannot be joined. */
#include "logtree/signer.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

enum { LEAVES = 40 };

static char root_dir[64];
static char path[FILE_PATH_MAX];
static struct secret_key key;

/* Two histories that agree on the first ten leaves and then part. */
struct history {
    struct hash leaves[LEAVES];
};
static struct history ours;
static struct history forked;

static struct hash root_of(const struct history *history, uint64_t from, uint64_t n)
{
    struct merkle_edge edge;
    struct hash out;
    merkle_edge_init(&edge);
    for (uint64_t i = 0; i < n; i++) {
        merkle_edge_add(&edge, &history->leaves[from + i]);
    }
    merkle_edge_root(&edge, &out);
    return out;
}

static enum err read_history(void *arg, unsigned level, uint64_t index, struct hash *out)
{
    *out = root_of(arg, index << level, UINT64_C(1) << level);
    return OK;
}

static int setup(void **state)
{
    (void)state;
    snprintf(root_dir, sizeof root_dir, "/tmp/atalaya-signer-XXXXXX");
    if (mkdtemp(root_dir) == NULL) {
        return 1;
    }
    path_join(path, root_dir, "state");
    uint8_t seed[32] = {9};
    for (int i = 0; i < LEAVES; i++) {
        char text[16];
        int n = snprintf(text, sizeof text, "%d", i);
        merkle_leaf(span_of(text, (size_t)n), &ours.leaves[i]);
        forked.leaves[i] = ours.leaves[i];
        if (i >= 10) {
            merkle_leaf(SPAN("another"), &forked.leaves[i]);
        }
    }
    return secret_key_from_seed(SPAN("log.example/1"), seed, &key) != OK;
}

static int teardown(void **state)
{
    (void)state;
    struct why why = {""};
    return folder_remove(root_dir, &why) != OK;
}

/* A request to go from `old` to `size` in a history, as an honest publisher would make it. */
static void request(const struct history *history, const char *origin, uint64_t old, uint64_t size,
                    struct buf *out)
{
    struct buf text;
    buf_init(&text, 0);
    struct checkpoint checkpoint = {
        .origin = span_str(origin), .size = size, .root = root_of(history, 0, size)};
    checkpoint_print(&checkpoint, &text);
    struct add_checkpoint asked = {.old_size = old, .checkpoint = buf_as_span(&text)};
    if (old <= size) {
        struct history copy = *history;
        assert_int_equal(merkle_prove_consistency(old, size, read_history, &copy, &asked.proof), OK);
    }
    buf_clear(out);
    add_checkpoint_print(&asked, out);
    buf_done(&text);
}

static enum err ask(struct signer_state *state, const struct history *history, const char *origin,
                    uint64_t old, uint64_t size, struct buf *note)
{
    struct buf body;
    struct why why = {""};
    buf_init(&body, 0);
    request(history, origin, old, size, &body);
    buf_clear(note);
    enum err err = signer_sign(path, state, &key, buf_as_span(&body), note, &why);
    assert_true(err == OK || why.text[0] != '\0');
    assert_true(err == OK || note->len == 0);
    buf_done(&body);
    return err;
}

static void begin(struct signer_state *state)
{
    struct why why = {""};
    remove(path);
    assert_int_equal(signer_begin(path, SPAN("log.example/1"), &why), OK);
    assert_int_equal(signer_load(path, state, &why), OK);
}

static void it_signs_a_growing_tree(void **unused)
{
    (void)unused;
    struct signer_state state;
    struct buf note;
    buf_init(&note, 0);
    begin(&state);
    uint64_t old = 0;
    for (uint64_t size = 0; size <= LEAVES; size += size < 3 ? 1 : 5) {
        assert_int_equal(ask(&state, &ours, "log.example/1", old, size, &note), OK);
        struct span text;
        size_t by = 9;
        struct why why = {""};
        assert_int_equal(note_verify(buf_as_span(&note), &key.key, 1, &text, &by, &why), OK);
        old = size;
        assert_true(state.size == size);
        struct signer_state on_disk;
        assert_int_equal(signer_load(path, &on_disk, &why), OK);
        assert_true(on_disk.size == size && hash_equal(&on_disk.root, &state.root));
    }
    assert_int_equal(ask(&state, &ours, "log.example/1", old, old, &note), OK); /* the same again is fine */
    buf_done(&note);
}

static void it_signs_no_fork(void **unused)
{
    (void)unused;
    struct signer_state state;
    struct buf note;
    buf_init(&note, 0);
    begin(&state);
    assert_int_equal(ask(&state, &ours, "log.example/1", 0, 20, &note), OK);
    struct signer_state before = state;
    assert_int_equal(ask(&state, &forked, "log.example/1", 20, 30, &note), ERR_FORGED);
    assert_int_equal(ask(&state, &forked, "log.example/1", 20, 20, &note), ERR_FORGED);
    assert_int_equal(ask(&state, &forked, "log.example/1", 10, 30, &note), ERR_CONFLICT);
    assert_int_equal(ask(&state, &forked, "log.example/1", 0, 30, &note), ERR_CONFLICT);
    assert_int_equal(ask(&state, &ours, "log.example/1", 20, 15, &note),
                     ERR_FORGED); /* smaller: a rollback */
    assert_int_equal(ask(&state, &ours, "log.example/2", 20, 30, &note), ERR_REFUSED);
    assert_memory_equal(&state, &before, sizeof state);
    assert_int_equal(ask(&state, &ours, "log.example/1", 20, 30, &note), OK);
    buf_done(&note);
}

static void an_origin_is_begun_once(void **unused)
{
    (void)unused;
    struct signer_state state;
    struct why why = {""};
    begin(&state);
    assert_int_equal(signer_begin(path, SPAN("log.example/1"), &why), ERR_EXISTS);
    remove(path);
    why.text[0] = '\0';
    assert_int_equal(signer_load(path, &state, &why), ERR_MISSING); /* a lost state is no empty tree */
}

static void requests_that_are_none(void **unused)
{
    (void)unused;
    static const char *const rows[] = {
        "",
        "old 0\n",
        "old 0\n\n",
        "old -1\n\nlog.example/1\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "old 00\n\nlog.example/1\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "old 0\nAAAA\n\nlog.example/1\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "old 0\n\nlog.example/1\n00\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "old 0\n\nlog.example/1\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n",
        "old 0\n\nlog.example/1\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nextension\n",
        "old 0\n\nlog.example/1\n0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", /* not the empty root */
    };
    struct signer_state state;
    begin(&state);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf note;
        struct why why = {""};
        buf_init(&note, 0);
        assert_int_not_equal(signer_sign(path, &state, &key, span_str(rows[i]), &note, &why), OK);
        assert_int_equal(note.len, 0);
        buf_done(&note);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_signs_a_growing_tree),
        cmocka_unit_test(it_signs_no_fork),
        cmocka_unit_test(an_origin_is_begun_once),
        cmocka_unit_test(requests_that_are_none),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

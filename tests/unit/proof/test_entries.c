/* The entries of a published log: each once and in order, whatever bundle it lies in, with its leaf; and bundles that somebody cut
 * short, drew out or left away. */
#include "folder.h"

#include "proof/entries.h"
#include "tlog/ledger.h"
#include "tlog/tiles.h"

#include <stdio.h>

enum { ALL = 2 * BUNDLE_ENTRIES + 40 };

struct seen {
    uint64_t n;       /* how many came */
    uint64_t stop_at; /* where the visitor has had enough */
    const struct log_tree *tree;
};

static size_t text_of(uint64_t index, char out[64])
{
    size_t len = index % 50 == 7 ? 0 : (size_t)snprintf(out, 64, "entry %d of some length", (int)index);
    return len;
}

static void put_entry(struct buf *out, struct span bytes)
{
    buf_char(out, (char)(bytes.len >> 8));
    buf_char(out, (char)bytes.len);
    buf_span(out, bytes);
}

/* A bundle of `n` entries under the name of one that is `width` wide. */
static void put_bundle(const struct folder *folder, uint64_t bundle, unsigned n, unsigned width,
                       struct span more)
{
    char name[TILE_PATH_MAX];
    char path[TILE_PATH_MAX + 8];
    char text[64];
    struct buf bytes = {0};
    for (unsigned i = 0; i < n; i++) {
        put_entry(&bytes, span_of(text, text_of(bundle * BUNDLE_ENTRIES + i, text)));
    }
    buf_span(&bytes, more);
    tile_entries_path(bundle, width, name);
    (void)snprintf(path, sizeof path, "log/%s", name);
    folder_put(folder, path, buf_as_span(&bytes));
    buf_done(&bytes);
}

static enum err on_entry(void *arg, const struct entry_seen *entry, struct why *why)
{
    struct seen *seen = arg;
    char text[64];
    struct hash leaf;
    struct span expected = span_of(text, text_of(entry->index, text));
    assert_int_equal(entry->index, seen->n);
    assert_true(span_equal(entry->bytes, expected));
    assert_null(entry->ready); /* there is no fold to read ahead for */
    merkle_leaf(expected, &leaf);
    assert_true(hash_equal(entry->leaf, &leaf));
    if (seen->n == seen->stop_at) {
        return why_set(why, ERR_CONFLICT, "enough");
    }
    seen->n++;
    return OK;
}

static enum err read_all(const struct folder *folder, uint64_t size, struct seen *seen, struct why *why)
{
    struct log_tree tree;
    struct fold *none = NULL;
    struct source *source = folder_source(folder);
    struct entries entries = {.source = source, .size = size, .tree = &tree, .fold = &none};
    log_tree_init(&tree);
    seen->tree = &tree;
    enum err err = entries_read(&entries, on_entry, seen, why);
    log_tree_done(&tree);
    source_close(source);
    return err;
}

static void begin_with_all(struct folder *folder)
{
    folder_begin(folder);
    put_bundle(folder, 0, BUNDLE_ENTRIES, BUNDLE_ENTRIES, SPAN(""));
    put_bundle(folder, 1, BUNDLE_ENTRIES, BUNDLE_ENTRIES, SPAN(""));
    put_bundle(folder, 2, ALL % BUNDLE_ENTRIES, ALL % BUNDLE_ENTRIES, SPAN(""));
}

static void every_entry_once_and_in_order(void **state)
{
    (void)state;
    struct folder folder;
    begin_with_all(&folder);
    static const uint64_t sizes[] = {1, 255, 256, 257, 512, ALL};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct seen seen = {.stop_at = UINT64_MAX};
        struct why why = {""};
        if (sizes[i] ==
            257) { /* of a partial bundle that is gone, the full one that took its place is read */
            put_bundle(&folder, 1, BUNDLE_ENTRIES, BUNDLE_ENTRIES, SPAN(""));
        }
        assert_int_equal(read_all(&folder, sizes[i], &seen, &why), OK);
        assert_int_equal(seen.n, sizes[i]);
    }
    folder_end(&folder);
}

static void a_visitor_that_has_had_enough(void **state)
{
    (void)state;
    struct folder folder;
    begin_with_all(&folder);
    static const uint64_t stops[] = {0, 255, 256, 300, ALL - 1};
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        struct seen seen = {.stop_at = stops[i]};
        struct why why = {""};
        assert_int_equal(read_all(&folder, ALL, &seen, &why), ERR_CONFLICT);
        assert_int_equal(seen.n, stops[i]);
        assert_string_equal(why.text, "enough");
    }
    folder_end(&folder);
}

/* What stands before the damage is given out all the same: findings in it have names. */
static void damaged_bundles(void **state)
{
    (void)state;
    static const struct {
        unsigned n, width;
        const char *more;
        size_t more_len;
        enum err err;
        uint64_t given;
        const char *says;
    } cases[] = {
        {39, 40, "", 0, ERR_SYNTAX, ALL - 1, "bundle 2 ends after 39 of 40 entries"},
        {0, 40, "", 0, ERR_SYNTAX, ALL - 40, "bundle 2 ends after 0 of 40 entries"},
        {40, 40, "\x01", 1, ERR_SYNTAX, ALL, "bundle 2 has bytes after its entries"},
        {40, 40, "\x00\x05shor", 6, ERR_SYNTAX, ALL, "bundle 2 has bytes after its entries"},
        {39, 40, "\xff\xff and no more", 14, ERR_SYNTAX, ALL - 1, "bundle 2 ends after 39 of 40 entries"},
        {40, 41, "", 0, ERR_MISSING, ALL - 40, "log/"}, /* under another name */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct folder folder;
        struct seen seen = {.stop_at = UINT64_MAX};
        struct why why = {""};
        folder_begin(&folder);
        put_bundle(&folder, 0, BUNDLE_ENTRIES, BUNDLE_ENTRIES, SPAN(""));
        put_bundle(&folder, 1, BUNDLE_ENTRIES, BUNDLE_ENTRIES, SPAN(""));
        put_bundle(&folder, 2, cases[i].n, cases[i].width, span_of(cases[i].more, cases[i].more_len));
        assert_int_equal(read_all(&folder, ALL, &seen, &why), cases[i].err);
        assert_int_equal(seen.n, cases[i].given);
        assert_non_null(strstr(why.text, cases[i].says));
        folder_end(&folder);
    }
}

static void a_log_that_is_not_there(void **state)
{
    (void)state;
    struct folder folder;
    struct seen seen = {.stop_at = UINT64_MAX};
    struct why why = {""};
    folder_begin(&folder);
    assert_int_equal(read_all(&folder, ALL, &seen, &why), ERR_MISSING);
    assert_int_equal(read_all(&folder, 0, &seen, &why), OK); /* of which nothing is asked */
    assert_int_equal(seen.n, 0);
    folder_end(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_once_and_in_order),
        cmocka_unit_test(a_visitor_that_has_had_enough),
        cmocka_unit_test(damaged_bundles),
        cmocka_unit_test(a_log_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

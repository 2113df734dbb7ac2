/* The ledger on disk: bundles and their names, readers that follow, tails torn at every byte. */
#include "os/append.h"
#include "os/file.h"
#include "tlog/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char dir[64];

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/atalaya-ledger-XXXXXX");
    return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
    (void)state;
    return folder_remove(dir, NULL) != OK;
}

/* Entry i: its number and a run of bytes whose length depends on it. */
static struct span nth(uint64_t i)
{
    static char text[512];
    int n = snprintf(text, sizeof text, "entry %llu ", (unsigned long long)i);
    memset(text + n, 'x', i % 300);
    return span_of(text, (size_t)n + i % 300);
}

static void append_to(struct ledger *ledger, uint64_t until)
{
    while (ledger_size(ledger) < until) {
        assert_int_equal(ledger_append(ledger, nth(ledger_size(ledger)), NULL), OK);
    }
}

static void expect(struct ledger_reader *reader, uint64_t from, uint64_t until)
{
    struct span entry;
    uint64_t index = 0;
    for (uint64_t i = from; i < until; i++) {
        assert_int_equal(ledger_reader_next(reader, &entry, &index, NULL), OK);
        assert_int_equal(index, i);
        assert_true(span_equal(entry, nth(i)));
    }
    assert_int_equal(ledger_reader_next(reader, &entry, &index, NULL), ERR_AGAIN);
}

static void bundles_are_named_as_tiles(void **state)
{
    (void)state;
    static const struct {
        uint64_t bundle;
        const char *path;
    } names[] = {{0, "entries/000"},
                 {67, "entries/067"},
                 {999, "entries/999"},
                 {1000, "entries/x001/000"},
                 {1234067, "entries/x001/x234/067"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[BUNDLE_PATH_MAX];
        bundle_path(names[i].bundle, path);
        assert_string_equal(path, names[i].path);
    }
}

static void a_reader_follows_the_writer(void **state)
{
    (void)state;
    struct ledger *ledger = NULL;
    struct ledger_reader *reader = NULL;
    assert_int_equal(ledger_open(dir, &ledger, NULL), OK);
    assert_int_equal(ledger_reader_open(dir, &reader, NULL), OK);
    uint64_t stops[] = {0, 1, 2, 255, 256, 257, 511, 512, 700};
    uint64_t from = 0;
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        append_to(ledger, stops[i]);
        expect(reader, from, stops[i]);
        from = stops[i];
    }
    assert_int_equal(ledger_sync(ledger, NULL), OK);
    ledger_close(ledger);
    assert_int_equal(ledger_open(dir, &ledger, NULL), OK);
    assert_int_equal(ledger_size(ledger), 700);
    append_to(ledger, 800);
    expect(reader, 700, 800);
    ledger_reader_close(reader);
    ledger_close(ledger);
}

/* Whatever byte a crash cuts the last bundle at, what is left are whole entries and the writer goes on from
 * there. */
static void tails_torn_at_every_byte(void **state)
{
    (void)state;
    struct ledger *ledger = NULL;
    assert_int_equal(ledger_open(dir, &ledger, NULL), OK);
    append_to(ledger, 260);
    ledger_close(ledger);
    char path[FILE_PATH_MAX];
    path_join(path, dir, "entries/001");
    struct buf whole = {0};
    assert_int_equal(file_read(path, 1 << 20, &whole, NULL), OK);
    for (size_t cut = 0; cut <= whole.len; cut++) {
        assert_int_equal(file_write(path, span_of(whole.at, cut), false, NULL), OK);
        struct ledger_reader *reader = NULL;
        assert_int_equal(ledger_reader_open(dir, &reader, NULL), OK);
        assert_int_equal(ledger_open(dir, &ledger, NULL), OK);
        uint64_t size = ledger_size(ledger);
        assert_true(size >= 256 && size <= 260);
        expect(reader, 0, size);
        append_to(ledger, 261);
        expect(reader, size, 261);
        ledger_close(ledger);
        ledger_reader_close(reader);
    }
    buf_done(&whole);
}

/* A reader that saw a torn entry before a crash sees the entry that is written in its place. */
static void a_torn_entry_is_read_anew(void **state)
{
    (void)state;
    struct ledger *ledger = NULL;
    struct ledger_reader *reader = NULL;
    assert_int_equal(ledger_open(dir, &ledger, NULL), OK);
    append_to(ledger, 3);
    ledger_close(ledger);
    char path[FILE_PATH_MAX];
    path_join(path, dir, "entries/000");
    struct append tail;
    assert_int_equal(append_open(path, &tail, NULL), OK);
    assert_int_equal(append_add(&tail, span_of("\0\x20torn, and never finished", 20), NULL), OK);
    append_close(&tail);
    assert_int_equal(ledger_reader_open(dir, &reader, NULL), OK);
    expect(reader, 0, 3);
    assert_int_equal(ledger_open(dir, &ledger, NULL), OK);
    append_to(ledger, 5);
    expect(reader, 3, 5);
    ledger_reader_close(reader);
    ledger_close(ledger);
}

/* Bundles after one that is not full were never synced in order: they go. */
static void bundles_after_a_hole_go(void **state)
{
    (void)state;
    struct ledger *ledger = NULL;
    assert_int_equal(ledger_open(dir, &ledger, NULL), OK);
    append_to(ledger, 600);
    ledger_close(ledger);
    char path[FILE_PATH_MAX];
    assert_int_equal(file_write(path_join(path, dir, "entries/000"), SPAN("\0\3abc"), false, NULL), OK);
    assert_int_equal(ledger_open(dir, &ledger, NULL), OK);
    assert_int_equal(ledger_size(ledger), 1);
    assert_false(file_exists(path_join(path, dir, "entries/001")));
    assert_false(file_exists(path_join(path, dir, "entries/002")));
    ledger_close(ledger);
}

/* Blocks that never came to the disk read as zeros: no entries. Cutting takes off what is not what was appended. */
static void zeros_are_no_entries_and_the_end_can_be_cut(void **state)
{
    (void)state;
    struct ledger *ledger = NULL;
    struct ledger_reader *reader = NULL;
    char path[FILE_PATH_MAX];
    struct append tail;
    static char zeros[8192];
    assert_int_equal(ledger_open(dir, &ledger, NULL), OK);
    append_to(ledger, 300);
    ledger_close(ledger);
    assert_int_equal(append_open(path_join(path, dir, "entries/001"), &tail, NULL), OK);
    assert_int_equal(append_add(&tail, span_of(zeros, sizeof zeros), NULL), OK);
    append_close(&tail);
    assert_int_equal(ledger_open(dir, &ledger, NULL), OK);
    assert_int_equal(ledger_size(ledger), 300);
    assert_int_equal(ledger_cut(ledger, 290, NULL), OK);
    assert_int_equal(ledger_size(ledger), 290);
    append_to(ledger, 310);
    assert_int_equal(ledger_reader_open(dir, &reader, NULL), OK);
    expect(reader, 0, 310);
    ledger_reader_close(reader);
    ledger_close(ledger);
}

static void a_full_bundle_can_be_cut(void **state)
{
    (void)state;
    struct ledger *ledger = NULL;
    struct ledger_reader *reader = NULL;
    assert_int_equal(ledger_open(dir, &ledger, NULL), OK);
    append_to(ledger, 256);
    ledger_close(ledger);
    assert_int_equal(ledger_open(dir, &ledger, NULL), OK);
    assert_int_equal(ledger_cut(ledger, 0, NULL), OK);
    append_to(ledger, 257);
    assert_int_equal(ledger_reader_open(dir, &reader, NULL), OK);
    expect(reader, 0, 257);
    ledger_reader_close(reader);
    ledger_close(ledger);
}

/* What may not have been on disk can be cut off, over several bundles; what was there long before cannot. */
static void only_what_may_not_be_on_disk_is_cut(void **state)
{
    (void)state;
    struct ledger *ledger = NULL;
    struct ledger_reader *reader = NULL;
    char path[FILE_PATH_MAX];
    uint64_t size = (LEDGER_UNSYNCED + 2) * BUNDLE_ENTRIES + 10;
    assert_int_equal(ledger_open(dir, &ledger, NULL), OK);
    append_to(ledger, size);
    assert_int_equal(ledger_cut(ledger, 2 * BUNDLE_ENTRIES - 1, NULL), ERR_RANGE);
    assert_int_equal(ledger_size(ledger), size);
    assert_int_equal(ledger_cut(ledger, 2 * BUNDLE_ENTRIES + 3, NULL), OK);
    assert_int_equal(ledger_size(ledger), 2 * BUNDLE_ENTRIES + 3);
    assert_false(file_exists(path_join(path, dir, "entries/003")));
    append_to(ledger, size);
    assert_int_equal(ledger_reader_open(dir, &reader, NULL), OK);
    expect(reader, 0, size);
    ledger_reader_close(reader);
    ledger_close(ledger);
}

/* Names come to the disk in any order: a bundle may be missing before one that is there. */
static void bundles_after_a_missing_one_go(void **state)
{
    (void)state;
    struct ledger *ledger = NULL;
    struct ledger_reader *reader = NULL;
    char path[FILE_PATH_MAX];
    assert_int_equal(ledger_open(dir, &ledger, NULL), OK);
    append_to(ledger, 6 * BUNDLE_ENTRIES);
    ledger_close(ledger);
    assert_int_equal(file_remove(path_join(path, dir, "entries/001"), NULL), OK);
    assert_int_equal(file_remove(path_join(path, dir, "entries/003"), NULL), OK);
    assert_int_equal(ledger_open(dir, &ledger, NULL), OK);
    assert_int_equal(ledger_size(ledger), BUNDLE_ENTRIES);
    assert_false(file_exists(path_join(path, dir, "entries/002")));
    assert_false(file_exists(path_join(path, dir, "entries/004")));
    append_to(ledger, 6 * BUNDLE_ENTRIES + 1);
    assert_int_equal(ledger_reader_open(dir, &reader, NULL), OK);
    expect(reader, 0, 6 * BUNDLE_ENTRIES + 1);
    ledger_reader_close(reader);
    ledger_close(ledger);
}

/* A debt is paid once; what comes meanwhile is owed still. */
static void what_is_owed_is_paid_beside_appends(void **state)
{
    (void)state;
    struct ledger *ledger = NULL;
    struct ledger_debt debt;
    struct ledger_debt rest;
    assert_int_equal(ledger_open(dir, &ledger, NULL), OK);
    assert_false(ledger_owes(ledger, &debt));
    append_to(ledger, 3 * BUNDLE_ENTRIES);
    assert_true(ledger_owes(ledger, &debt));
    assert_int_equal(debt.from, 0);
    assert_int_equal(debt.size, 3 * BUNDLE_ENTRIES);
    append_to(ledger, 3 * BUNDLE_ENTRIES + 5);
    assert_int_equal(ledger_pay(&debt, NULL), OK);
    assert_true(ledger_owes(ledger, &rest));
    assert_int_equal(rest.from, debt.size);
    assert_int_equal(rest.size, 3 * BUNDLE_ENTRIES + 5);
    assert_int_equal(ledger_sync(ledger, NULL), OK);
    assert_false(ledger_owes(ledger, &rest));
    ledger_close(ledger);
}

/* Many at once are the same bytes as one by one. */
static void a_group_is_appended_over_bundle_ends(void **state)
{
    (void)state;
    struct ledger *ledger = NULL;
    struct ledger_reader *reader = NULL;
    struct buf framed = {0};
    assert_int_equal(ledger_open(dir, &ledger, NULL), OK);
    append_to(ledger, 250);
    for (uint64_t i = 250; i < 1000; i++) {
        struct span entry = nth(i);
        buf_char(&framed, (char)(entry.len >> 8));
        buf_char(&framed, (char)(entry.len & 0xff));
        buf_span(&framed, entry);
    }
    assert_int_equal(ledger_append_all(ledger, buf_as_span(&framed), NULL), OK);
    assert_int_equal(ledger_size(ledger), 1000);
    assert_int_equal(ledger_reader_open(dir, &reader, NULL), OK);
    expect(reader, 0, 1000);
    ledger_reader_close(reader);
    ledger_close(ledger);
    buf_done(&framed);
}

static void a_published_copy_ends_in_a_partial_bundle(void **state)
{
    (void)state;
    struct ledger *ledger = NULL;
    assert_int_equal(ledger_open(dir, &ledger, NULL), OK);
    append_to(ledger, 258);
    ledger_close(ledger);
    char full[FILE_PATH_MAX];
    char part[FILE_PATH_MAX];
    struct buf whole = {0};
    path_join(full, dir, "entries/001");
    assert_int_equal(file_read(full, 1 << 20, &whole, NULL), OK);
    assert_int_equal(file_remove(full, NULL), OK);
    assert_int_equal(folder_make(path_join(part, dir, "entries/001.p"), NULL), OK);
    size_t first = 2 + nth(256).len;
    assert_int_equal(
        file_write(path_join(part, dir, "entries/001.p/1"), span_of(whole.at, first), false, NULL), OK);
    struct ledger_reader *reader = NULL;
    assert_int_equal(ledger_reader_open(dir, &reader, NULL), OK);
    expect(reader, 0, 257);
    assert_int_equal(file_write(path_join(part, dir, "entries/001.p/2"), buf_as_span(&whole), false, NULL),
                     OK);
    expect(reader, 257, 258);
    ledger_reader_close(reader);
    buf_done(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bundles_are_named_as_tiles),
        cmocka_unit_test_setup_teardown(a_reader_follows_the_writer, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(tails_torn_at_every_byte, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(a_torn_entry_is_read_anew, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(bundles_after_a_hole_go, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(zeros_are_no_entries_and_the_end_can_be_cut, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(a_full_bundle_can_be_cut, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(only_what_may_not_be_on_disk_is_cut, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(bundles_after_a_missing_one_go, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(what_is_owed_is_paid_beside_appends, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(a_group_is_appended_over_bundle_ends, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(a_published_copy_ends_in_a_partial_bundle, make_dir, remove_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

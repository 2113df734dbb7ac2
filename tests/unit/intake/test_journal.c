/* The copy's journal: records print and read back, torn ends at every byte are no records, changed bytes are found; of what was
 * written together last any part may be missing. */
#include "intake/journal.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char dir[64];
static char path[FILE_PATH_MAX];
static struct buf journal;
static size_t ends[4]; /* where record i ends; [3]: of the head */

static int set_up(void **state)
{
    static const char *const entries[] = {"prep-close/v1\n", "entry two\n", "entry three\n"};
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/atalaya-journal-XXXXXX");
    if (mkdtemp(dir) == NULL) {
        return 1;
    }
    path_join(path, dir, "journal");
    buf_clear(&journal);
    buf_str(&journal, JOURNAL_HEAD);
    ends[3] = journal.len;
    for (uint64_t i = 0; i < 3; i++) {
        struct journal_record record = {i, true, span_str(entries[i]),
                                        i == 1 ? SPAN("its note\n") : SPAN("")};
        journal_print(&journal, &record);
        ends[i] = journal.len;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return folder_remove(dir, NULL) != OK;
}

static enum err read_first(size_t len, struct journal_about *about)
{
    assert_int_equal(file_write(path, span_of(journal.at, len), false, NULL), OK);
    return journal_read(path, NULL, NULL, about, NULL);
}

static enum err see(void *arg, const struct journal_record *record)
{
    uint64_t *n = arg;
    assert_int_equal(record->index, *n);
    assert_int_equal(record->note.len, *n == 1 ? 9 : 0);
    ++*n;
    return OK;
}

static void records_read_back(void **state)
{
    (void)state;
    uint64_t n = 0;
    struct journal_about about;
    assert_int_equal(file_write(path, buf_as_span(&journal), false, NULL), OK);
    assert_int_equal(journal_read(path, see, &n, &about, NULL), OK);
    assert_int_equal(n, 3);
    assert_int_equal(about.events, 3);
    assert_int_equal(about.bytes, journal.len);
}

static void an_end_torn_at_every_byte_is_no_record(void **state)
{
    (void)state;
    for (size_t len = 0; len <= journal.len; len++) {
        struct journal_about about;
        assert_int_equal(read_first(len, &about), OK);
        uint64_t whole = len >= ends[2] ? 3 : len >= ends[1] ? 2 : len >= ends[0] ? 1 : 0;
        assert_int_equal(about.events, whole);
        assert_int_equal(about.bytes, len < ends[3] ? 0 : whole == 0 ? ends[3] : ends[whole - 1]);
    }
}

static void a_changed_byte_before_the_last_record_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < ends[1]; i++) {
        struct journal_about about = {.events = 99};
        journal.at[i] = (char)(journal.at[i] ^ 1);
        enum err err = read_first(journal.len, &about);
        journal.at[i] = (char)(journal.at[i] ^ 1);
        assert_int_equal(err,
                         i < ends[3] ? ERR_SYNTAX : ERR_FORGED); /* also a length that reaches past the end */
    }
}

static void a_record_out_of_order_is_found(void **state)
{
    (void)state;
    struct journal_about about;
    struct journal_record record = {7, false, SPAN("entry\n"), SPAN("")};
    journal_print(&journal, &record);
    assert_int_equal(read_first(journal.len, &about), ERR_CONFLICT);
}

/* Four more records, two and two together: the end as a disk leaves it that took later blocks and not the ones before. */
static void of_the_last_writing_any_part_may_be_missing(void **state)
{
    (void)state;
    size_t begins[2];
    for (uint64_t i = 3; i < 7; i++) {
        struct journal_record record = {i, i % 2 == 1, SPAN("one of two\n"), SPAN("")};
        if (record.first) {
            begins[(i - 3) / 2] = journal.len;
        }
        journal_print(&journal, &record);
    }
    for (size_t i = begins[0]; i < journal.len; i++) {
        struct journal_about about = {0};
        char before = journal.at[i];
        journal.at[i] = (char)~before;
        enum err err = read_first(journal.len, &about);
        journal.at[i] = before;
        if (i < begins[1]) {
            assert_int_equal(err, ERR_FORGED); /* it was on the disk before the last two were written */
            continue;
        }
        size_t second = begins[1] + (journal.len - begins[1]) / 2;
        assert_int_equal(err, OK);
        assert_int_equal(about.events, i < second ? 5 : 6);
        assert_int_equal(about.bytes, i < second ? begins[1] : second);
        assert_int_equal(about.torn, journal.len - about.bytes);
    }
}

/* Without a word of what was written together: all but one record at the end is taken to have been there. */
static void an_older_journal_has_one_torn_record(void **state)
{
    (void)state;
    struct journal_about about;
    memcpy(journal.at, "prep-copy/v1", 12);
    assert_int_equal(read_first(journal.len - 1, &about), OK);
    assert_int_equal(about.events, 2);
    journal.at[ends[1] - 1] ^= 1;
    assert_int_equal(read_first(journal.len, &about), ERR_FORGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_read_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_end_torn_at_every_byte_is_no_record, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_changed_byte_before_the_last_record_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_out_of_order_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_the_last_writing_any_part_may_be_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_older_journal_has_one_torn_record, set_up, tear_down),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_done(&journal);
    return failed;
}

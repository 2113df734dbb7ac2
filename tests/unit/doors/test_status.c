/* The status file: what is printed is read back, and every other spelling is refused with a sentence. */
#include "doors/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char head[] = "status/v1\nprogram cut\nstate running\ntime 2027-06-07T02:31:07Z\n"
                           "since 2027-06-07T02:00:00Z\nalarm -\n";

static void test_print_and_parse(void **state)
{
    (void)state;
    static struct status status;
    status_begin(&status, "cut", "running", 1000000);
    status_begin(&status, "cut", "running", 1005000);
    status.alarm = span_str("se acaba\nel disco");
    status_add_u64(&status, "cut", 12);
    status_add_time(&status, "cut_time", 60000);
    status_add_time(&status, "next", -1);
    status_add(&status, "feed", span_str("ok"));
    struct buf out;
    buf_init(&out, 0);
    status_print(&status, &out);
    static struct status read;
    struct why why = {{0}};
    assert_int_equal(status_parse(buf_as_span(&out), &read, &why), OK);
    assert_int_equal(read.since_ms, 1000000);
    assert_int_equal(read.time_ms, 1005000);
    assert_true(span_is(read.alarm, "se acaba el disco"));
    assert_int_equal(status_number(&read, "cut"), 12);
    assert_int_equal(status_time(&read, "cut_time"), 60000);
    assert_int_equal(status_time(&read, "next"), -1);
    assert_int_equal(status_number(&read, "absent"), 0);
    assert_true(span_is(status_value(&read, "feed"), "ok"));
    assert_true(status_number(&read, "pid") > 1);
    buf_done(&out);
}

static void test_since_moves_with_the_state(void **state)
{
    (void)state;
    static struct status status;
    status_begin(&status, "mirror-1", "running", 1000);
    status_begin(&status, "mirror-1", "degraded", 2000);
    assert_int_equal(status.since_ms, 2000);
    status_begin(&status, "mirror-1", "degraded", 3000);
    assert_int_equal(status.since_ms, 2000);
}

static void test_long_sentence_is_cut_at_a_character(void **state)
{
    (void)state;
    static struct status status;
    static char sentence[STATUS_VALUE_MAX + 3];
    memset(sentence, 'a', sizeof sentence - 1);
    memcpy(sentence + STATUS_VALUE_MAX - 1, "\xc3\xb1", 2); /* an ñ across the limit */
    status_begin(&status, "cut", "degraded", 1000);
    status.alarm = span_str(sentence);
    struct buf out;
    buf_init(&out, 0);
    status_print(&status, &out);
    static struct status read;
    assert_int_equal(status_parse(buf_as_span(&out), &read, NULL), OK);
    assert_int_equal(read.alarm.len, STATUS_VALUE_MAX - 1);
    buf_done(&out);
}

static void test_hostile(void **state)
{
    (void)state;
    static const struct {
        const char *tail;
        enum err err;
    } rows[] = {
        {"", OK},
        {"cut 12\n", OK},
        {"cut 12", ERR_SYNTAX},
        {"cut 12\ncut 13\n", ERR_SYNTAX},
        {"cut\n", ERR_SYNTAX},
        {"cut  12\n", ERR_SYNTAX},
        {"cut 12 \n", ERR_SYNTAX},
        {"Cut 12\n", ERR_SYNTAX},
        {"\n", ERR_SYNTAX},
        {"a\tb c\n", ERR_SYNTAX},
        {"name_that_is_longer_than_forty_characters_x 1\n", ERR_SYNTAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf text;
        buf_init(&text, 0);
        buf_str(&text, head);
        buf_str(&text, rows[i].tail);
        static struct status read;
        struct why why = {{0}};
        assert_int_equal(status_parse(buf_as_span(&text), &read, &why), rows[i].err);
        assert_true((rows[i].err == OK) == (why.text[0] == '\0'));
        buf_done(&text);
    }
}

static void test_every_cut_short_head_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof head - 1; len++) {
        static struct status read;
        struct why why = {{0}};
        assert_int_not_equal(status_parse(span_of(head, len), &read, &why), OK);
    }
}

static void test_too_many_pairs(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 0);
    buf_str(&text, head);
    for (int i = 0; i <= STATUS_PAIRS_MAX; i++) {
        buf_printf(&text, "n%d 1\n", i);
    }
    static struct status read;
    struct why why = {{0}};
    assert_int_equal(status_parse(buf_as_span(&text), &read, &why), ERR_TOO_BIG);
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print_and_parse),
        cmocka_unit_test(test_since_moves_with_the_state),
        cmocka_unit_test(test_long_sentence_is_cut_at_a_character),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_every_cut_short_head_is_refused),
        cmocka_unit_test(test_too_many_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Spans, buffers, numbers, codecs and error sentences. */
#include "base/buf.h"
#include "base/codec.h"
#include "base/err.h"
#include "base/log.h"
#include "base/num.h"
#include "base/span.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static void spans_are_cut_and_trimmed(void **state)
{
    (void)state;
    struct span rest = SPAN("a,,b");
    assert_true(span_is(span_cut(&rest, ','), "a"));
    assert_true(span_is(span_cut(&rest, ','), ""));
    assert_non_null(rest.at);
    assert_true(span_is(span_cut(&rest, ','), "b"));
    assert_null(rest.at);
    assert_true(span_is(span_trim(SPAN(" \t x y\r\n")), "x y"));
    assert_int_equal(span_trim(SPAN(" \r\n")).len, 0);
    assert_true(span_compare(SPAN("ab"), SPAN("abc")) < 0);
    assert_true(span_compare(SPAN("b"), SPAN("abc")) > 0);
    char small[3];
    assert_true(span_copy(SPAN("ab"), small, sizeof small));
    assert_false(span_copy(SPAN("abc"), small, sizeof small));
    assert_string_equal(small, "");
}

/* No bytes may be no pointer: nothing is added to it, not even nothing (C17 6.5.6). */
static void spans_of_nothing(void **state)
{
    (void)state;
    struct span none = span_of(NULL, 0);
    assert_null(span_end(none));
    assert_null(span_from(none, 0).at);
    assert_null(span_from(none, 7).at);
    assert_int_equal(span_from(none, 7).len, 0);
    assert_null(span_trim(none).at);
    struct span some = SPAN("ab");
    assert_ptr_equal(span_end(some), some.at + 2);
    assert_ptr_equal(span_from(some, 2).at, span_end(some));
    assert_ptr_equal(span_from(some, 3).at, span_end(some));
    assert_true(span_is(span_from(some, 1), "b"));
    assert_true(span_equal(span_from(some, 0), some));
}

static void lines_end_at_lf(void **state)
{
    (void)state;
    struct span rest = SPAN("one\n\ntwo");
    struct span line;
    assert_true(span_line(&rest, &line) && span_is(line, "one"));
    assert_true(span_line(&rest, &line) && span_is(line, ""));
    assert_true(span_line(&rest, &line) && span_is(line, "two"));
    assert_false(span_line(&rest, &line));
}

static void a_buffer_keeps_its_first_failure(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 5);
    buf_str(&buf, "abc");
    buf_str(&buf, "def");
    buf_str(&buf, "g");
    assert_int_equal(buf.err, ERR_TOO_BIG);
    assert_string_equal(buf_cstr(&buf), "abc");
    buf_clear(&buf);
    buf_str(&buf, "hello");
    assert_int_equal(buf.err, OK);
    buf_done(&buf);
}

static void a_buffer_prints(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 0);
    buf_u64(&buf, 0);
    buf_char(&buf, ' ');
    buf_u64(&buf, UINT64_MAX);
    buf_char(&buf, ' ');
    buf_i64(&buf, INT64_MIN);
    buf_printf(&buf, " %s-%03d", "x", 7);
    assert_string_equal(buf_cstr(&buf), "0 18446744073709551615 -9223372036854775808 x-007");
    buf_done(&buf);
}

static void numbers_have_one_spelling(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "", "+5", "-5", "05", " 5", "5 ", "0x5", "5.0", "18446744073709551616"};
    uint64_t number = 42;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_not_equal(num_parse_u64(span_str(refused[i]), &number), OK);
        assert_int_equal(number, 42);
    }
    assert_int_equal(num_parse_u64(SPAN("18446744073709551615"), &number), OK);
    assert_true(number == UINT64_MAX);
    uint32_t small = 0;
    assert_int_equal(num_parse_u32(SPAN("4294967296"), &small), ERR_RANGE);
    assert_int_equal(num_parse_padded(SPAN("0007"), &small), OK);
    assert_int_equal(small, 7);
    int64_t sign = 0;
    assert_int_equal(num_parse_i64(SPAN("-9223372036854775808"), &sign), OK);
    assert_true(sign == INT64_MIN);
    assert_int_equal(num_parse_i64(SPAN("-0"), &sign), ERR_SYNTAX);
    assert_int_equal(num_parse_i64(SPAN("9223372036854775808"), &sign), ERR_RANGE);
}

static void base64_is_strict(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
    static const char *const codes[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    struct buf buf;
    buf_init(&buf, 0);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) { /* RFC 4648, section 10 */
        buf_clear(&buf);
        base64_print(&buf, texts[i], strlen(texts[i]));
        assert_string_equal(buf_cstr(&buf), codes[i]);
        buf_clear(&buf);
        assert_int_equal(base64_parse(span_str(codes[i]), &buf), OK);
        assert_string_equal(buf_cstr(&buf), texts[i]);
    }
    static const char *const refused[] = {
        "Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9v", "Zm9v\n", "=Zg="};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        buf_clear(&buf);
        assert_int_equal(base64_parse(span_str(refused[i]), &buf), ERR_SYNTAX);
        assert_int_equal(buf.len, 0);
    }
    buf_done(&buf);
}

static void hex_both_ways(void **state)
{
    (void)state;
    uint8_t bytes[3] = {0, 0, 0};
    char text[7];
    assert_int_equal(hex_parse(SPAN("00fFa5"), bytes, 3), OK);
    hex_print(text, bytes, 3);
    assert_string_equal(text, "00ffa5");
    assert_int_equal(hex_parse(SPAN("00ffa"), bytes, 3), ERR_SYNTAX);
    assert_int_equal(hex_parse(SPAN("00ffag"), bytes, 3), ERR_SYNTAX);
}

static void the_first_sentence_is_kept(void **state)
{
    (void)state;
    struct why why = {""};
    assert_int_equal(why_set(&why, ERR_RANGE, "row %d", 7), ERR_RANGE);
    assert_int_equal(why_set(&why, ERR_IO, "later"), ERR_IO);
    assert_int_equal(why_prefix(&why, ERR_RANGE, "file.csv"), ERR_RANGE);
    assert_string_equal(why.text, "file.csv: row 7");
    assert_int_equal(why_set(NULL, ERR_IO, "nobody reads"), ERR_IO);
    assert_string_equal(err_name((enum err)99), "unknown error");
}

static void foreign_bytes_are_made_safe(void **state)
{
    (void)state;
    char out[8];
    assert_string_equal(log_safe(SPAN("a\n\"\x1b\xff"), out, sizeof out), "a????");
    assert_string_equal(log_safe(SPAN("123456789"), out, sizeof out), "1234567");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_are_cut_and_trimmed),
        cmocka_unit_test(spans_of_nothing),
        cmocka_unit_test(lines_end_at_lf),
        cmocka_unit_test(a_buffer_keeps_its_first_failure),
        cmocka_unit_test(a_buffer_prints),
        cmocka_unit_test(numbers_have_one_spelling),
        cmocka_unit_test(base64_is_strict),
        cmocka_unit_test(hex_both_ways),
        cmocka_unit_test(the_first_sentence_is_kept),
        cmocka_unit_test(foreign_bytes_are_made_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

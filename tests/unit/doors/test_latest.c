/* The pointer is read whole or refused with the key that is wrong. */
#include "doors/latest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define H "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
static const char good[] = "{\"format\":1,\"cut\":12,\"path\":\"cut/12/"
                           "\",\"time\":\"2027-06-07T02:20:00Z\",\"next\":null,\"last\":true,"
                           "\"drill\":true,\"log_size\":1234,\"manifest_sha256\":\"" H
                           "\",\"package\":{\"number\":10,\"path\":\"package/10/\","
                           "\"time\":\"2027-06-07T02:10:00Z\"},\"contests\":{\"jg\":{\"expected\":9,"
                           "\"captured\":8,\"counted\":7,\"votes\":6}}}";

static void test_good(void **state)
{
    (void)state;
    struct latest latest;
    assert_int_equal(latest_parse(span_str(good), &latest, NULL), OK);
    assert_int_equal(latest.cut, 12);
    assert_int_equal(latest.next_ms, -1);
    assert_true(latest.last && latest.drill);
    assert_int_equal(latest.package, 10);
    assert_int_equal(latest.n_contests, 1);
    assert_int_equal(latest.offset_min, 0);
    assert_string_equal(latest.contests[0].id, "jg");
    assert_int_equal(latest.contests[0].votes, 6);
}

static void test_offset(void **state)
{
    (void)state;
    struct latest latest;
    char text[2048];
    snprintf(text, sizeof text, "{\"offset_min\":-360,%s", good + 1);
    assert_int_equal(latest_parse(span_str(text), &latest, NULL), OK);
    assert_int_equal(latest.offset_min, -360);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *rows[][3] = {
        {"\"format\":1", "\"format\":2", "format"},
        {"\"cut\":12", "\"cut\":-1", "cut"},
        {"\"cut\":12", "\"cut\":\"12\"", "cut"},
        {"\"cut/12/\"", "\"cut/13/\"", "path"},
        {"\"cut/12/\"", "\"http://x/\"", "path"},
        {"\"next\":null", "\"next\":7", "next"},
        {"\"last\":true", "\"last\":1", "last"},
        {"\"" H "\"", "\"" H "00\"", "manifest_sha256"},
        {"\"package/10/\"", "\"package/../\"", "path"},
        {"{\"jg\"", "{\"../jg\"", "contests"},
        {"\"votes\":6", "\"votes\":6.5", "votes"},
        {"}}}", "}}", "line"},
        {"\"cut\":12", "\"cut\":12,\"cut\":13", "line"},
        {"\"cut\":12", "\"cut\":12,\"offset_min\":null", "offset_min"},
        {"\"cut\":12", "\"cut\":12,\"offset_min\":901", "offset_min"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct latest latest;
        struct why why = {{0}};
        char text[2048];
        const char *at = strstr(good, rows[i][0]);
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, rows[i][1], at + strlen(rows[i][0]));
        assert_int_not_equal(latest_parse(span_str(text), &latest, &why), OK);
        if (strstr(why.text, rows[i][2]) == NULL) {
            fail_msg("row %zu: \"%s\" does not name \"%s\"", i, why.text, rows[i][2]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_offset),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

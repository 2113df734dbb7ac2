/* The text format: each family once, values as Prometheus reads them, labels that cannot break a line. */
#include "gauges/exposition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_families(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 0);
    struct exposition to = {.out = &out};
    exposition_family(&to, "a_", SPAN("seen"), "_total", EXPOSITION_COUNTER, "What was seen.");
    exposition_u64(&to, EXPOSITION_NONE, UINT64_MAX);
    exposition_u64(&to, EXPOSITION_TWO("x", SPAN("1"), "y", SPAN("")), 0);
    exposition_gauge(&to, "b", "B.", 7);
    assert_true(span_is(buf_as_span(&out), "# HELP a_seen_total What was seen.\n# TYPE a_seen_total counter\n"
                                           "a_seen_total 18446744073709551615\n"
                                           "a_seen_total{x=\"1\",y=\"\"} 0\n"
                                           "# HELP b B.\n# TYPE b gauge\nb 7\n"));
    buf_done(&out);
}

static void test_labels_are_quoted(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 0);
    struct exposition to = {.out = &out, .name = "m"};
    exposition_u64(&to, EXPOSITION_ONE("file", SPAN("a\"b\\c\nd} 1\n")), 1);
    assert_true(span_is(buf_as_span(&out), "m{file=\"a\\\"b\\\\c\\nd} 1\\n\"} 1\n"));
    buf_done(&out);
}

static void test_milliseconds_are_seconds(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {{0, "m 0.000\n"},      {1, "m 0.001\n"},          {-1, "m -0.001\n"},
                {61050, "m 61.050\n"}, {-123456, "m -123.456\n"}, {INT64_MIN, "m -9223372036854775.808\n"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;
        buf_init(&out, 0);
        struct exposition to = {.out = &out, .name = "m"};
        exposition_ms(&to, EXPOSITION_NONE, rows[i].ms);
        assert_true(span_is(buf_as_span(&out), rows[i].text));
        buf_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_families),
        cmocka_unit_test(test_labels_are_quoted),
        cmocka_unit_test(test_milliseconds_are_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

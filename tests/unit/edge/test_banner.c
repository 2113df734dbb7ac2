/* Where a page's body begins, whatever stands before it. */
#include "edge/banner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* '^' marks the place. */
static const char *const rows[] = {
    "<body>^x",
    "<!doctype html><html><head></head><body class=\"a\">^<p>",
    "<BODY\n data-x='>' id=\"a>b\">^x",
    "<!-- <body> --><body>^x",
    "<script>var a = '<body>'</script><body>^x",
    "<title><body></title><body>^x",
    "<style>/* <body> */</STYLE><body>^x",
    "<bodyguard><body>^x",
    "<!DOCTYPE html>^<p>no body",
    "  <!doctype html>^<h1>x",
    "^<p>nothing at all",
    "^",
    "^<!-- never closed <body>",
    "^<script>never closed <body>",
    "<body^",
};

static void test_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf page = {0};
        const char *mark = strchr(rows[i], '^');
        size_t place = (size_t)(mark - rows[i]);
        buf_span(&page, span_of(rows[i], place));
        buf_str(&page, mark + 1);
        size_t found = banner_place(buf_as_span(&page));
        if (i + 1 == sizeof rows / sizeof *rows) {
            assert_true(found <= page.len); /* a tag that never ends */
        } else if (found != place) {
            fail_msg("%s: %zu", rows[i], found);
        }
        buf_done(&page);
    }
}

static void test_print(void **state)
{
    (void)state;
    const struct site_link links[] = {{"Resultados", "http://a/"}, {"difusor-1", "http://b/?a=1&b=2"}};
    struct buf out = {0};
    banner_print(0, 86400000, 7, links, 2, &out);
    const char *text = buf_cstr(&out);
    assert_non_null(strstr(text, "datetime=\"1970-01-01T00:00:00Z\">1970-01-01 00:00 UTC"));
    assert_non_null(strstr(text, "(versión 7, del 1970-01-02)"));
    assert_non_null(strstr(text, "href=\"http://b/?a=1&amp;b=2\""));
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_place), cmocka_unit_test(test_print)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The writers' only promise: whatever the text, what stands around it keeps its meaning. */
#include "wire/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_html(struct span text, const char *want)
{
    struct buf out;
    buf_init(&out, 0);
    html_text(&out, text);
    assert_string_equal(buf_cstr(&out), want);
    buf_done(&out);
}

static void assert_json_text(struct span text, const char *want)
{
    struct buf out;
    struct json json;
    buf_init(&out, 0);
    json_init(&json, &out);
    json_span(&json, text);
    assert_string_equal(buf_cstr(&out), want);
    buf_done(&out);
}

static void html_is_escaped(void **state)
{
    (void)state;
    assert_html(SPAN(""), "");
    assert_html(SPAN("<script>alert('x')</script>"), "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
    assert_html(SPAN("a\" onload=\"b & c"), "a&quot; onload=&quot;b &amp; c");
    assert_html(SPAN("PEÑA ✓ 𝛼"), "PEÑA ✓ 𝛼");
    assert_html(SPAN("two\nlines\tand"), "two\nlines\tand");
}

static void bytes_that_are_not_text_are_replaced(void **state)
{
    (void)state;
    assert_html(SPAN("a\0b\x1b\x7f"), "a\xEF\xBF\xBD"
                                      "b\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_html(SPAN("\xC3"), "\xEF\xBF\xBD");                                 /* cut short */
    assert_html(SPAN("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");                 /* overlong '/' */
    assert_html(SPAN("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"); /* surrogate */
    assert_html(SPAN("\xF4\x90\x80\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_html(SPAN("\xE2<b"), "\xEF\xBF\xBD&lt;b"); /* a lead byte must not swallow the bracket */
    assert_html(SPAN("A\xE2\x80\xAE"
                     "321"),
                "A\xEF\xBF\xBD"
                "321"); /* right-to-left override */
}

static void json_texts_are_escaped(void **state)
{
    (void)state;
    assert_json_text(SPAN(""), "\"\"");
    assert_json_text(SPAN("a\"b\\c\n\t\x01"), "\"a\\\"b\\\\c\\n\\t\\u0001\"");
    assert_json_text(SPAN("</script>"), "\"\\u003c/script>\"");
    assert_json_text(SPAN("ñ\xFF"), "\"ñ\xEF\xBF\xBD\"");
}

static void json_puts_the_commas(void **state)
{
    (void)state;
    struct buf out;
    struct json json;
    buf_init(&out, 0);
    json_init(&json, &out);
    json_open(&json, '{');
    json_key(&json, "empty");
    json_open(&json, '[');
    json_close(&json);
    json_key(&json, "list");
    json_open(&json, '[');
    json_u64(&json, UINT64_MAX);
    json_i64(&json, -3);
    json_bool(&json, true);
    json_null(&json);
    json_raw(&json, SPAN("12.3456"));
    json_open(&json, '{');
    json_close(&json);
    json_str(&json, "x");
    json_close(&json);
    json_key(&json, "last");
    json_bool(&json, false);
    json_close(&json);
    assert_string_equal(
        buf_cstr(&out),
        "{\"empty\":[],\"list\":[18446744073709551615,-3,true,null,12.3456,{},\"x\"],\"last\":false}");
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_is_escaped),
        cmocka_unit_test(bytes_that_are_not_text_are_replaced),
        cmocka_unit_test(json_texts_are_escaped),
        cmocka_unit_test(json_puts_the_commas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* One spelling a mode. */
#include "doors/sealed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEAD "prep-site-mode/v1\nname sitio\nserial 7\n"

static void test_round(void **state)
{
    (void)state;
    static const char good[] = HEAD "mode down\nsince 2027-06-07T02:20:00Z\nreason p%C3%A1gina%20alterada\n";
    struct site_mode mode;
    struct buf out = {0};
    assert_int_equal(site_mode_parse(span_str(good), &mode, NULL), OK);
    assert_true(mode.down && mode.serial == 7 && span_is(mode.reason, "p\xc3\xa1gina alterada"));
    site_mode_print(&mode, &out);
    assert_string_equal(buf_cstr(&out), good);
    site_mode_done(&mode);
    buf_done(&out);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "prep-site/v1\n",
        "prep-site-mode/v1\nname sitio\nserial 0\n",
        HEAD "mode up\n",
        HEAD "mode down\nsince ayer\n",
        HEAD "mode down\nsince 2027-06-07T02:20:00Z\nreason \n",
        HEAD "mode down\nsince 2027-06-07T02:20:00Z\nreason a b\n",
        HEAD "mode down\nsince 2027-06-07T02:20:00Z\nreason %20\n\n",
        HEAD "mode down\nsince 2027-06-07T02:20:00Z\nreason a",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct site_mode mode;
        struct why why = {{0}};
        assert_int_equal(site_mode_parse(span_str(rows[i]), &mode, &why), ERR_SYNTAX);
        assert_non_null(strstr(why.text, "site mode, line "));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* night.ini: what is printed is read back; everything else is refused with the line. */
#include "night/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_print_and_parse(void **state)
{
    (void)state;
    struct settings written, read;
    struct buf text = {0};
    struct why why = {{0}};
    settings_default(&written);
    assert_int_equal(settings_listen(&written, SPAN("127.0.0.1:8080"), &why), OK);
    written.speed = 144;
    written.cut_s = 600;
    settings_print(&written, &text);
    settings_default(&read);
    assert_int_equal(settings_parse(buf_as_span(&text), &read, &why), OK);
    assert_string_equal(read.results, "127.0.0.1:8080");
    assert_string_equal(read.site, "127.0.0.1:8081");
    assert_string_equal(read.mirror_2, "127.0.0.1:8083");
    assert_string_equal(read.feed, "127.0.0.1:8090");
    assert_string_equal(read.intake, "127.0.0.1:8091");
    assert_int_equal(read.speed, 144);
    assert_int_equal(read.cut_s, 600);
    assert_string_equal(read.alert, "");
    buf_done(&text);
}

static void test_free_ports_differ(void **state)
{
    (void)state;
    struct settings settings;
    struct why why = {{0}};
    settings_default(&settings);
    assert_int_equal(settings_listen(&settings, SPAN("127.0.0.1:0"), &why), OK);
    assert_string_not_equal(settings.results, settings.site);
    assert_string_not_equal(settings.feed, settings.intake);
    assert_string_not_equal(settings.results, "127.0.0.1:0");
}

static void test_addresses_that_are_none(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "", "8080", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65530", "127.0.0.1:-1"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct settings settings;
        struct why why = {{0}};
        settings_default(&settings);
        assert_int_equal(settings_listen(&settings, span_str(rows[i]), &why), ERR_SYNTAX);
        assert_true(why.text[0] != '\0');
    }
}

static void test_hostile(void **state)
{
    (void)state;
    static const char *const rows[] = {"format = 2\n", "nothing\n",   "colour = red\n",  "speed = fast\n",
                                       "cut_s = 0\n",  "results =\n", "cut_s = 99999\n", "keep_cuts = 1\n"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct settings settings;
        struct why why = {{0}};
        settings_default(&settings);
        assert_int_not_equal(settings_parse(span_str(rows[i]), &settings, &why), OK);
        assert_non_null(strstr(why.text, "línea 1"));
        assert_int_equal(settings.cut_s, 60);
    }
}

static void test_cadence(void **state)
{
    (void)state;
    assert_int_equal(settings_cadence_s(1, 4000), 60);
    assert_int_equal(settings_cadence_s(144, 4000), 600);
    assert_int_equal(settings_cadence_s(1200, 4000), 1200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print_and_parse),
        cmocka_unit_test(test_free_ports_differ),
        cmocka_unit_test(test_addresses_that_are_none),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_cadence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

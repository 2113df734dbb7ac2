/* Civil time against the C library's own calendar, and dates that are none. */
#include "base/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static void every_day_agrees_with_the_library(void **state)
{
    (void)state;
    for (int64_t day = 0; day < 60000; day++) { /* 1970 to 2134 */
        int64_t ms = (day * 86400 + 3661) * 1000 + 999;
        time_t seconds = (time_t)(ms / 1000);
        struct tm tm;
        gmtime_r(&seconds, &tm);
        struct date date = date_at(ms, 0);
        assert_int_equal(date.year, tm.tm_year + 1900);
        assert_int_equal(date.month, tm.tm_mon + 1);
        assert_int_equal(date.day, tm.tm_mday);
        int64_t back = 0;
        assert_int_equal(date_to_ms(date, 0, &back), OK);
        assert_true(back == ms - 999);
    }
}

static void mexico_city_is_six_hours_behind(void **state)
{
    (void)state;
    struct date date = {2024, 6, 2, 20, 0, 0};
    int64_t ms = 0;
    assert_int_equal(date_to_ms(date, -360, &ms), OK);
    char iso[DATE_ISO_LEN + 1];
    date_print_iso(iso, ms);
    assert_string_equal(iso, "2024-06-03T02:00:00Z");
    assert_int_equal(date_at(ms, -360).day, 2);
    assert_int_equal(date_at(ms, -360).hour, 20);
}

static void dates_that_are_none(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "2024-06-03T02:00:00",
        "2024-06-03 02:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-06-31T00:00:00Z",
        "2024-06-03T24:00:00Z",
        "2024-06-03T23:60:00Z",
        "2024-06-03T23:59:60Z",
        "1969-12-31T23:59:59Z",
        "2024-6-03T02:00:000Z",
        "20x4-06-03T02:00:00Z",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = 5;
        assert_int_not_equal(date_parse_iso(span_str(rows[i]), &ms), OK);
        assert_true(ms == 5);
    }
    int64_t leap = 0;
    assert_int_equal(date_parse_iso(SPAN("2024-02-29T00:00:00Z"), &leap), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_agrees_with_the_library),
        cmocka_unit_test(mexico_city_is_six_hours_behind),
        cmocka_unit_test(dates_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

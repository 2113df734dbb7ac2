/* Countries: edges of ranges, holes, hostile tables by name, and Tor's tables where they are installed. */
#include "geo/geo.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

static const char *country(const struct geo *geo, const char *text)
{
    static struct geo_country found;
    uint8_t address[16] = {[10] = 0xff, [11] = 0xff};
    if (inet_pton(AF_INET, text, address + 12) != 1) {
        assert_int_equal(inet_pton(AF_INET6, text, address), 1);
    }
    found = geo_find(geo, address);
    return found.code;
}

static void test_ranges(void **state)
{
    (void)state;
    struct geo geo = {0};
    struct why why = {{0}};
    assert_string_equal(country(&geo, "127.0.0.1"), "??");
    /* 127.0.0.0/24 and 127.0.2.0 to 127.0.2.9 */
    assert_int_equal(
        geo_add_v4(&geo, SPAN("# map\n2130706432,2130706687,MX\n2130706944,2130706953,VN\n"), &why), OK);
    assert_int_equal(geo_add_v6(&geo, SPAN("2001:db8::,2001:db8:ffff:ffff::,BR\n"), &why), OK);
    static const struct {
        const char *address, *country;
    } cases[] = {{"127.0.0.0", "MX"},     {"127.0.0.255", "MX"},     {"127.0.1.0", "??"},
                 {"127.0.2.0", "VN"},     {"127.0.2.9", "VN"},       {"127.0.2.10", "??"},
                 {"0.0.0.0", "??"},       {"255.255.255.255", "??"}, {"2001:db8::", "BR"},
                 {"2001:db8:1::9", "BR"}, {"2001:db9::", "??"},      {"::1", "??"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(country(&geo, cases[i].address), cases[i].country);
    }
    geo_done(&geo);
}

static void test_hostile_tables(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
    } cases[] = {{"ends before it begins", "9,5,MX\n"},
                 {"overlap", "1,5,MX\n5,9,BR\n"},
                 {"unsorted", "10,20,MX\n1,5,BR\n"},
                 {"past 32 bits", "1,4294967296,MX\n"},
                 {"small letters", "1,5,mx\n"},
                 {"long code", "1,5,MEX\n"},
                 {"no code", "1,5\n"},
                 {"negative", "-1,5,MX\n"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct geo geo = {0};
        struct why why = {{0}};
        if (geo_add_v4(&geo, span_str(cases[i].text), &why) != ERR_SYNTAX || geo.n4 != 0) {
            fail_msg("%s was taken", cases[i].name);
        }
        assert_non_null(strstr(why.text, "line"));
        geo_done(&geo);
    }
    struct geo geo = {0};
    struct why why = {{0}};
    assert_int_equal(geo_add_v6(&geo, SPAN("2001::,2000::,MX\n"), &why), ERR_SYNTAX);
    assert_int_equal(geo_add_v6(&geo, SPAN("2001:,2002::,MX\n"), NULL), ERR_SYNTAX);
    assert_int_equal(geo_load(&geo, "/nowhere/geoip", NULL, &why), ERR_MISSING);
}

/* The limit is 400 ns a look; measured about 160. */
static void test_tor_tables(void **state)
{
    (void)state;
    struct geo geo;
    struct why why = {{0}};
    if (geo_load(&geo, GEO_FILE_4, GEO_FILE_6, &why) == ERR_MISSING) {
        (void)fprintf(stderr, "skipped: tor-geoipdb is not installed\n");
        skip();
    }
    assert_true(geo.n4 > 100000 && geo.n6 > 100000);
    assert_string_equal(country(&geo, "132.248.10.44"), "MX"); /* UNAM */
    assert_string_equal(country(&geo, "2001:1218::1"), "MX");
    struct timespec from, to;
    uint32_t sum = 0;
    uint32_t number = 1;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    for (int i = 0; i < 1000000; i++) {
        uint8_t address[16] = {[10] = 0xff, [11] = 0xff};
        number = number * 1664525U + 1013904223U;
        memcpy(address + 12, &number, 4);
        sum += (uint8_t)geo_find(&geo, address).code[0];
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    (void)fprintf(stderr, "geo: %lld ns a look (%u)\n",
                  (long long)(to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000, sum);
    geo_done(&geo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_hostile_tables),
        cmocka_unit_test(test_tor_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

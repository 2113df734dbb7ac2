/* Encodings by weight, tags by list, parts by range. */
#include "edge/negotiate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { ALL = 1 << ENC_IDENTITY | 1 << ENC_GZIP | 1 << ENC_BR };

static void encodings(void **state)
{
    (void)state;
    static const struct {
        const char *value; /* NULL: no field */
        unsigned there;
        enum encoding want;
    } rows[] = {
        {NULL, ALL, ENC_IDENTITY},
        {"", ALL, ENC_IDENTITY},
        {"gzip, deflate, br", ALL, ENC_BR},
        {"gzip, deflate, br, zstd", ALL, ENC_BR},
        {"gzip", ALL, ENC_GZIP},
        {"x-gzip", ALL, ENC_GZIP},
        {"GZIP;Q=0.5", ALL, ENC_GZIP},
        {"br;q=0.1, gzip;q=0.9", ALL, ENC_GZIP},
        {"br;q=0, gzip", ALL, ENC_GZIP},
        {"br;q=0, gzip;q=0", ALL, ENC_IDENTITY},
        {"*", ALL, ENC_BR},
        {"*;q=0", ALL, ENC_IDENTITY},
        {"*;q=0, gzip", ALL, ENC_GZIP},
        {"*;q=0.5, br;q=0", ALL, ENC_GZIP},
        {"identity, br;q=0.9", ALL, ENC_IDENTITY},
        {"identity;q=0.5, gzip;q=0.5", ALL, ENC_GZIP},
        {"identity;q=0, gzip;q=0.001", ALL, ENC_GZIP},
        {"identity;q=0", ALL, ENC_IDENTITY},
        {"br", 1 << ENC_IDENTITY | 1 << ENC_GZIP, ENC_IDENTITY},
        {"br, gzip;q=0.2", 1 << ENC_IDENTITY | 1 << ENC_GZIP, ENC_GZIP},
        {"br ; q = 1", ALL, ENC_BR},
        {"br;q=2", ALL, ENC_IDENTITY},
        {"br;q=1.001", ALL, ENC_IDENTITY},
        {"br;q=-1", ALL, ENC_IDENTITY},
        {"br;q=abc, gzip", ALL, ENC_GZIP},
        {"br;q", ALL, ENC_IDENTITY},
        {"br;q=0.00001", ALL, ENC_IDENTITY},
        {"brr, bgzip", ALL, ENC_IDENTITY},
        {",,,gzip,,", ALL, ENC_GZIP},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct accept accept;
        accept_init(&accept);
        if (rows[i].value != NULL) {
            accept_add(&accept, span_str(rows[i].value));
        }
        enum encoding got = accept_choose(&accept, rows[i].there);
        if (got != rows[i].want) {
            fail_msg("Accept-Encoding: %s gives %d, not %d", rows[i].value, (int)got, (int)rows[i].want);
        }
    }
}

static void fields_add_up(void **state)
{
    (void)state;
    struct accept accept;
    accept_init(&accept);
    accept_add(&accept, SPAN("gzip;q=0.3"));
    accept_add(&accept, SPAN("br;q=0.2"));
    assert_int_equal(accept_choose(&accept, ALL), ENC_GZIP);
}

static void tags(void **state)
{
    (void)state;
    struct span tag = SPAN("\"abc\"");
    assert_true(etag_listed(SPAN("\"abc\""), tag));
    assert_true(etag_listed(SPAN("W/\"abc\""), tag));
    assert_true(etag_listed(SPAN("\"x\", \"abc\""), tag));
    assert_true(etag_listed(SPAN("*"), tag));
    assert_false(etag_listed(SPAN("\"abcd\""), tag));
    assert_false(etag_listed(SPAN("abc"), tag));
    assert_false(etag_listed(SPAN(""), tag));
    assert_false(etag_listed(SPAN(",,"), SPAN("")));
}

static void ranges(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        enum range_verdict want;
        uint64_t first, len;
    } rows[] = {
        {"bytes=0-0", RANGE_PART, 0, 1},
        {"bytes=10-19", RANGE_PART, 10, 10},
        {"bytes=90-", RANGE_PART, 90, 10},
        {"bytes=90-500", RANGE_PART, 90, 10},
        {"bytes=-7", RANGE_PART, 93, 7},
        {"bytes=-700", RANGE_PART, 0, 100},
        {"bytes=100-", RANGE_OUTSIDE, 0, 0},
        {"bytes=-0", RANGE_OUTSIDE, 0, 0},
        {"bytes=18446744073709551615-", RANGE_OUTSIDE, 0, 0},
        {"bytes=0-1,5-6", RANGE_WHOLE, 0, 0},
        {"bytes=9-3", RANGE_WHOLE, 0, 0},
        {"bytes=-", RANGE_WHOLE, 0, 0},
        {"bytes=", RANGE_WHOLE, 0, 0},
        {"bytes=a-b", RANGE_WHOLE, 0, 0},
        {"bytes=1 - 2", RANGE_WHOLE, 0, 0},
        {"bytes=18446744073709551616-", RANGE_WHOLE, 0, 0},
        {"pages=0-1", RANGE_WHOLE, 0, 0},
        {"", RANGE_WHOLE, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t first = 0;
        uint64_t len = 0;
        enum range_verdict got = range_read(span_str(rows[i].value), 100, &first, &len);
        if (got != rows[i].want || first != rows[i].first || len != rows[i].len) {
            fail_msg("Range: %s gives %d %u+%u", rows[i].value, (int)got, (unsigned)first, (unsigned)len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodings),
        cmocka_unit_test(fields_add_up),
        cmocka_unit_test(tags),
        cmocka_unit_test(ranges),
    };
    return cmocka_run_group_tests_name("edge_negotiate", tests, NULL, NULL);
}

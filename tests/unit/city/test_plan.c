/* replay.plan: one spelling, every line checked. */
#include "city/plan.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define GOOD                                                                                                 \
    "prep-replay/v1\nseed 18446744073709551615\nscale small\nimages 50000\nopening 2027-06-07T02:00:00Z\n"   \
    "closing 2027-06-08T02:00:00Z\ninput /a b/c.csv\ninput /d.zip\n"

static void test_round_trip(void **state)
{
    (void)state;
    struct replay_plan plan;
    struct why why = {0};
    struct buf out = {0};
    assert_int_equal(plan_parse(SPAN(GOOD), &plan, &why), OK);
    assert_true(plan.city.seed == UINT64_MAX);
    assert_int_equal(plan.city.scale, CITY_SMALL);
    assert_int_equal(plan.images_ppm, 50000);
    assert_int_equal(plan.n_inputs, 2);
    assert_string_equal(plan.inputs[0], "/a b/c.csv");
    plan_print(&plan, &out);
    assert_string_equal(buf_cstr(&out), GOOD);
    buf_done(&out);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "prep-replay/v2\n",
        "prep-replay/v1\nseed -1\n",
        "prep-replay/v1\nseed 1\nscale huge\n",
        "prep-replay/v1\nseed 1\nscale small\nimages 1000001\n",
        "prep-replay/v1\nseed 1\nscale small\nimages 1\nopening 2027-06-07\n",
        "prep-replay/v1\nseed 1\nscale small\nimages 1\nopening 2027-06-07T02:00:00Z\nclosing 2027-06-07T02:00:00Z\n",
        GOOD "input \n",
        GOOD "input 3\ninput 4\ninput 5\ninput 6\ninput 7\ninput 8\ninput 9\n",
        GOOD "more\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct replay_plan plan = {.images_ppm = 77};
        struct why why = {0};
        assert_int_not_equal(plan_parse(span_str(bad[i]), &plan, &why), OK);
        assert_true(why.text[0] != '\0');
        assert_int_equal(plan.images_ppm, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

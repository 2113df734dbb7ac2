/* Distinct counts within their error, and change points: a flood, an election's own rise, a long flood, silence. */
#include "sketch/change.h"
#include "sketch/distinct.h"

#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_distinct(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {0, 1, 10, 100, 1000, 5000, 20000, 300000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        static struct distinct all, half;
        memset(&all, 0, sizeof all);
        memset(&half, 0, sizeof half);
        for (uint32_t i = 0; i < sizes[s]; i++) {
            for (int twice = 0; twice < 2; twice++) { /* the same again changes nothing */
                distinct_add(i % 2 == 0 ? &all : &half, siphash(3, 4, &i, sizeof i));
            }
        }
        distinct_merge(&all, &half);
        uint64_t counted = distinct_count(&all);
        uint64_t slack = sizes[s] * 5 / 100 + (sizes[s] > 50 ? 2 : 0); /* three standard errors */
        assert_in_range(counted, sizes[s] - slack, sizes[s] + slack);
    }
}

static const struct change_rule rule = {
    .least = 100, .times = 4, .begin_s = 3, .end_s = 10, .custom_bits = 6};

static int run(struct change *change, uint64_t count, int seconds, enum change_event wanted)
{
    for (int i = 0; i < seconds; i++) {
        if (change_second(change, &rule, count) == wanted) {
            return i + 1;
        }
    }
    return 0;
}

static void test_flood_begins_and_ends(void **state)
{
    (void)state;
    struct change change = {0};
    assert_int_equal(run(&change, 50, 600, CHANGE_BEGAN), 0);
    assert_int_equal(run(&change, 5000, 10, CHANGE_BEGAN), 3);
    /* However long it lasts, it does not become the custom. */
    assert_int_equal(run(&change, 5000, 3600, CHANGE_ENDED), 0);
    assert_int_equal(run(&change, 55, 60, CHANGE_ENDED), 10);
    assert_int_equal(run(&change, 5000, 10, CHANGE_BEGAN), 3);
}

static void test_slow_rise_is_no_change(void **state)
{
    (void)state;
    struct change change = {0};
    for (uint64_t rate = 10; rate < 20000; rate += rate / 100 + 1) {
        assert_int_equal(run(&change, rate, 2, CHANGE_BEGAN), 0);
    }
}

static void test_a_spike_is_no_change(void **state)
{
    (void)state;
    struct change change = {0};
    for (int i = 0; i < 100; i++) {
        assert_int_equal(run(&change, 20, 20, CHANGE_BEGAN), 0);
        assert_int_equal(run(&change, UINT64_MAX, 2, CHANGE_BEGAN), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distinct),
        cmocka_unit_test(test_flood_begins_and_ends),
        cmocka_unit_test(test_slow_rise_is_no_change),
        cmocka_unit_test(test_a_spike_is_no_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

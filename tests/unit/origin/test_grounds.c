/* Grounds: each by its own figure, at its limit and just below it; a few requests decide nothing, and one ground alone neither. */
#include "origin/origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

enum { CONCENTRATION, PER_SOURCE, NOT_SERVED, CLIENT_ERROR };

static struct origin *quiet(uint64_t seen)
{
    struct origin *origin = calloc(1, sizeof *origin);
    assert_non_null(origin);
    origin->totals.seen = seen;
    origin->totals.by_decision[0] = seen;
    origin->totals.by_status[2] = seen;
    return origin;
}

static enum origin_kind judge(struct origin *origin, struct origin_ground grounds[ORIGIN_GROUNDS])
{
    enum origin_kind kind = origin_judge(origin, grounds);
    free(origin);
    return kind;
}

static void quiet_demand_has_no_ground(void **state)
{
    struct origin_ground grounds[ORIGIN_GROUNDS];
    (void)state;
    assert_int_equal(judge(quiet(5000), grounds), ORIGIN_DEMAND);
    for (int i = 0; i < ORIGIN_GROUNDS; i++) {
        assert_false(grounds[i].holds);
        assert_non_null(grounds[i].es);
    }
}

static void few_requests_decide_nothing(void **state)
{
    struct origin_ground grounds[ORIGIN_GROUNDS];
    struct origin *origin = quiet(999);
    (void)state;
    origin->totals.by_status[4] = 999;
    origin->totals.by_decision[0] = 0;
    assert_int_equal(judge(origin, grounds), ORIGIN_UNDECIDED);
    assert_false(grounds[CLIENT_ERROR].holds);
    assert_int_equal(judge(quiet(0), grounds), ORIGIN_UNDECIDED);
}

static void one_ground_is_not_enough_and_two_are(void **state)
{
    struct origin_ground grounds[ORIGIN_GROUNDS];
    struct origin *origin = quiet(10000);
    (void)state;
    origin->totals.by_status[4] = 4999;
    assert_int_equal(judge(origin, grounds), ORIGIN_DEMAND);
    assert_int_equal(grounds[CLIENT_ERROR].value, 499);
    origin = quiet(10000);
    origin->totals.by_status[4] = 5000;
    assert_int_equal(judge(origin, grounds), ORIGIN_UNDECIDED);
    assert_true(grounds[CLIENT_ERROR].holds);
    origin = quiet(10000);
    origin->totals.by_status[4] = 5000;
    origin->totals.by_decision[0] = 9000;
    assert_int_equal(judge(origin, grounds), ORIGIN_ATTACK);
    assert_int_equal(grounds[NOT_SERVED].value, 100);
    assert_true(grounds[NOT_SERVED].holds);
}

static void costs_are_bounded_by_powers_of_two(void **state)
{
    struct hits_totals totals = {.seen = 1000};
    (void)state;
    totals.by_cost[12] = 990;
    totals.by_cost[20] = 10;
    assert_int_equal(origin_cost_below(&totals, 500), 1 << 12);
    assert_int_equal(origin_cost_below(&totals, 990), 1 << 12);
    assert_int_equal(origin_cost_below(&totals, 991), 1 << 20);
    totals.by_cost[20] = 0; /* sums that do not agree end all the same */
    assert_int_equal(origin_cost_below(&totals, 1000), UINT64_C(1) << HITS_COSTS);
}

static void kinds_have_names_in_both_languages(void **state)
{
    (void)state;
    for (int kind = ORIGIN_UNDECIDED; kind <= ORIGIN_ATTACK; kind++) {
        const char *en = origin_kind_name((enum origin_kind)kind, false);
        const char *es = origin_kind_name((enum origin_kind)kind, true);
        assert_true(strlen(en) > 0 && strlen(es) > 0 && strcmp(en, es) != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quiet_demand_has_no_ground),
        cmocka_unit_test(few_requests_decide_nothing),
        cmocka_unit_test(one_ground_is_not_enough_and_two_are),
        cmocka_unit_test(costs_are_bounded_by_powers_of_two),
        cmocka_unit_test(kinds_have_names_in_both_languages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

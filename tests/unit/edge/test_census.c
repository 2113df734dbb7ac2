/* The census: what is open is counted by what it does, in slices, also while the table grows and shrinks. */
#include "edge/census.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_counts_by_stage(void **state)
{
    (void)state;
    struct conns conns;
    struct census census = {0};
    static struct worker_row row;
    assert_int_equal(conns_init(&conns, 1000), OK);
    struct conn *first = NULL;
    for (int i = 0; i < 10; i++) {
        struct conn *conn = conns_take(&conns);
        conn->fd = 5;
        conn->stage = i < 7 ? CONN_IDLE : CONN_HEAD;
        conn->tls = i == 0 ? (struct tls_line *)&row : NULL;
        first = i == 0 ? conn : first;
    }
    census_take(&census, &conns, &row);
    assert_int_equal(row.stages[0][CONN_IDLE], 6);
    assert_int_equal(row.stages[1][CONN_IDLE], 1);
    assert_int_equal(row.stages[0][CONN_HEAD], 3);
    conns_give(&conns, first);
    census_take(&census, &conns, &row);
    assert_int_equal(row.stages[1][CONN_IDLE], 0);
    assert_int_equal(row.stages[0][CONN_IDLE], 6);
    conns_done(&conns);
}

static void test_a_full_house_is_counted_in_slices(void **state)
{
    (void)state;
    enum { MANY = CENSUS_SLICE + 100 };
    struct conns conns;
    struct census census = {0};
    static struct worker_row row;
    assert_int_equal(conns_init(&conns, MANY), OK);
    for (int i = 0; i < MANY; i++) {
        conns_take(&conns)->stage = CONN_NEW;
    }
    census_take(&census, &conns, &row);
    assert_int_equal(row.stages[0][CONN_NEW], 0); /* half a walk tells nothing */
    census_take(&census, &conns, &row);
    assert_int_equal(row.stages[0][CONN_NEW], MANY);
    /* The table is trimmed below the place that the walk has reached. */
    census_take(&census, &conns, &row);
    for (uint32_t i = 0; i < MANY; i++) {
        conns_give(&conns, &conns.all[i]);
    }
    conns_trim(&conns);
    census_take(&census, &conns, &row);
    census_take(&census, &conns, &row);
    assert_int_equal(row.stages[0][CONN_NEW], 0);
    conns_done(&conns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_by_stage),
        cmocka_unit_test(test_a_full_house_is_counted_in_slices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

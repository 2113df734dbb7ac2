/* The election's definition: the example is read, written and read again; hostile ones are refused by a
 * sentence. */
#include "formats/election.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SMALL "tests/vectors/election/small"

static struct election small;

static int load_small(void **state)
{
    (void)state;
    struct why why = {{0}};
    if (election_load(SMALL, &small, &why) != OK) {
        print_error("%s\n", why.text);
        return -1;
    }
    return 0;
}

static int drop_small(void **state)
{
    (void)state;
    election_done(&small);
    return 0;
}

static void the_example_is_read(void **state)
{
    (void)state;
    assert_true(span_is(small.id, "ejemplo2027"));
    assert_true(span_is(small.origin, "prep.example.mx/ejemplo2027"));
    assert_int_equal(small.n_contests, 3);
    assert_int_equal(small.n_areas, 5);
    assert_int_equal(small.n_stations, 13);
    assert_int_equal(small.n_actas, 40);
    assert_int_equal(small.n_signers, 4);
    assert_int_equal(small.opening_ms, INT64_C(1812333600000));
    assert_int_equal(small.offset_min, -360);
    assert_true(small.drill);
    uint32_t station = election_station(&small, SPAN("090002S0100"));
    assert_int_not_equal(station, UINT32_MAX);
    assert_int_equal(small.stations[station].ballots, 1000);
    assert_int_equal(election_station(&small, SPAN("090009B0100")), UINT32_MAX);
    uint32_t acta = election_acta(&small, SPAN("090002S0100A03ERP"));
    assert_int_not_equal(acta, UINT32_MAX);
    assert_true(small.actas[acta].proportional);
    assert_true(span_is(acta_form(&small.actas[acta]), "A03ERP"));
    assert_int_equal(election_acta_area(&small, &small.actas[acta], AREA_DISTRICT), AREA_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_is_read),
    };
    return cmocka_run_group_tests(tests, load_small, drop_small);
}

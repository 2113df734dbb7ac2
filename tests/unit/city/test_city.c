/* The city's shape: the counts of the true one, every definition readable, every seed the same city again. */
#include "city/city.h"

#include "base/date.h"
#include "formats/election.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct city_plan plan_of(enum city_scale scale, uint64_t seed)
{
    struct city_plan plan = {.seed = seed, .scale = scale};
    assert_int_equal(date_parse_iso(SPAN("2027-06-07T02:00:00Z"), &plan.opening_ms), OK);
    plan.closing_ms = plan.opening_ms + 24 * 3600000;
    return plan;
}

/* Makes, prints and reads again: what the house's reader says about it. */
static void make_read(enum city_scale scale, uint64_t seed, struct election *out)
{
    struct city_plan plan = plan_of(scale, seed);
    struct election made;
    struct election_files files;
    struct election_file list[ELECTION_FILES];
    struct why why = {0};
    city_make(&plan, &made);
    election_files_init(&files);
    election_print(&made, &files);
    for (int i = 0; i < ELECTION_FILES; i++) {
        list[i] = (struct election_file){span_str(election_file_names[i]), buf_as_span(&files.bytes[i])};
    }
    enum err err = election_parse(list, ELECTION_FILES, out, &why);
    if (err != OK) {
        print_error("%s\n", why.text);
    }
    assert_int_equal(err, OK);
    assert_int_equal(made.n_actas, out->n_actas);
    for (uint32_t i = 0; i < made.n_actas; i++) {
        assert_string_equal(made.actas[i].key, out->actas[i].key);
        assert_int_equal(made.actas[i].proportional, out->actas[i].proportional);
    }
    election_files_done(&files);
    election_done(&made);
}

static uint32_t stations_of_type(const struct election *election, char type)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < election->n_stations; i++) {
        n += election->stations[i].type == type;
    }
    return n;
}

static uint32_t actas_of(const struct election *election, unsigned contest, const char *form)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < election->n_actas; i++) {
        n += election->actas[i].contest == contest &&
             (form == NULL || span_is(acta_form(&election->actas[i]), form));
    }
    return n;
}

static void test_true_shape(void **state)
{
    (void)state;
    struct election city;
    make_read(CITY_CDMX, 1, &city);
    const struct {
        char type;
        uint32_t n;
    } types[] = {{'B', 5568}, {'C', 7808}, {'E', 11}, {'S', 44}, {'A', 54}, {'P', 6}, {'M', 12}, {'U', 0}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        assert_int_equal(stations_of_type(&city, types[i].type), types[i].n);
    }
    assert_int_equal(city.n_stations, 13503);
    assert_int_equal(city.n_actas, 40541);
    assert_int_equal(city.n_areas, 1 + 33 + 16);
    assert_int_equal(actas_of(&city, 0, NULL), 13503);
    assert_int_equal(actas_of(&city, 1, NULL), 13547);
    assert_int_equal(actas_of(&city, 2, NULL), 13491);
    assert_int_equal(actas_of(&city, 1, "A03ERP"), 44);
    assert_int_equal(actas_of(&city, 2, "A04E"), 44);
    assert_int_equal(actas_of(&city, 0, "A01PPP"), 6);
    assert_int_equal(actas_of(&city, 1, "A02"), 12);
    assert_int_equal(city.n_signers, 1 + 33 + 9);
    election_done(&city);
}

static void test_stations(void **state)
{
    (void)state;
    struct election city;
    uint32_t largest = 0;
    make_read(CITY_CDMX, 7, &city);
    for (uint32_t i = 0; i < city.n_stations; i++) {
        const struct station *station = &city.stations[i];
        largest = station->nominal > largest ? station->nominal : largest;
        if (station->type == 'M') {
            assert_int_equal(station->district, AREA_NONE);
            assert_int_equal(station->borough, AREA_NONE);
            continue;
        }
        assert_int_equal(city.areas[station->district].kind, AREA_DISTRICT);
        assert_int_equal(city.areas[station->borough].kind, AREA_BOROUGH);
        assert_in_range(station->nominal, 0, 750);
        assert_int_equal(station->nominal == 0, station->type == 'S');
        assert_true(station->type != 'S' || station->ballots == 1000);
    }
    assert_int_equal(largest, 76649);
    election_done(&city);
}

/* A section lies in one district and one borough; districts are of nearly equal size, and some straddle. */
static void test_areas(void **state)
{
    (void)state;
    struct election city;
    uint32_t sizes[34] = {0}, boroughs[34] = {0}, straddling = 0;
    uint16_t *district_of = calloc(10000, sizeof *district_of),
             *borough_of = calloc(10000, sizeof *borough_of);
    make_read(CITY_CDMX, 3, &city);
    for (uint32_t i = 0; i < city.n_stations; i++) {
        const struct station *station = &city.stations[i];
        if (station_is_mode(station)) {
            continue;
        }
        unsigned s = station->section, d = city.areas[station->district].id;
        assert_true(district_of[s] == 0 || district_of[s] == station->district);
        assert_true(borough_of[s] == 0 || borough_of[s] == station->borough);
        district_of[s] = station->district;
        borough_of[s] = station->borough;
        sizes[d]++;
        boroughs[d] |= 1u << city.areas[station->borough].id;
    }
    for (unsigned d = 1; d <= 33; d++) {
        assert_in_range(sizes[d], 330, 490);
        straddling += (boroughs[d] & (boroughs[d] - 1)) != 0;
    }
    assert_in_range(straddling, 4, 20);
    free(district_of);
    free(borough_of);
    election_done(&city);
}

static void test_alliances(void **state)
{
    (void)state;
    struct election city;
    make_read(CITY_CDMX, 1, &city);
    const struct contest *dip = &city.contests[1];
    int common = contest_column(dip, SPAN("CANTERA_CEIBA_MAIZ")),
        pair = contest_column(dip, SPAN("CEIBA_MAIZ"));
    int cantera = contest_column(dip, SPAN("CANTERA"));
    uint32_t percent = 0, equal = 0, pairs = 0, independents = 0;
    for (uint16_t area = 1; area <= 33; area++) {
        uint64_t columns = contest_columns_in(dip, area);
        const struct share_rule *rule = contest_rule(dip, (uint8_t)common, area);
        assert_non_null(rule);
        percent += (columns >> common & 1) && rule->kind == SHARE_PERCENT;
        equal += (columns >> common & 1) && rule->kind == SHARE_EQUAL;
        pairs += columns >> pair & 1;
        independents += columns >> contest_column(dip, SPAN("CSP1")) & 1;
    }
    assert_int_equal(percent, 27);
    assert_int_equal(equal, 2);
    assert_int_equal(pairs, 4);
    assert_in_range(independents, 2, 8);
    const struct share_rule *rule = contest_rule(dip, (uint8_t)common, 1);
    assert_int_equal(rule->hundredths[cantera], 5333);
    assert_int_equal(rule->remainder, cantera);
    election_done(&city);
}

static void test_seeds(void **state)
{
    (void)state;
    struct election a, b, c;
    make_read(CITY_SMALL, 5, &a);
    make_read(CITY_SMALL, 5, &b);
    make_read(CITY_SMALL, 6, &c);
    assert_int_equal(a.n_stations, 60);
    assert_memory_equal(a.digest, b.digest, sizeof a.digest);
    assert_memory_not_equal(a.digest, c.digest, sizeof a.digest);
    election_done(&a);
    election_done(&b);
    election_done(&c);
}

/* Every seed makes a definition that the reader takes, small and whole. */
static void test_many_seeds(void **state)
{
    (void)state;
    struct election city;
    for (uint64_t seed = 0; seed < 40; seed++) {
        make_read(CITY_SMALL, seed, &city);
        election_done(&city);
    }
    for (uint64_t seed = 100; seed < 103; seed++) {
        make_read(CITY_CDMX, seed, &city);
        assert_int_equal(city.n_actas, 40541);
        election_done(&city);
    }
}

static void test_signers(void **state)
{
    (void)state;
    struct election city;
    make_read(CITY_SMALL, 9, &city);
    assert_int_equal(city_signer_centre(&city, 0), 0);
    assert_int_equal(city.signers[city_signer_centre(&city, 2)].kind, SIGNER_CATD);
    assert_true(span_is(city.signers[city_signer_centre(&city, 2)].name, "catd-02"));
    assert_int_equal(city_signer_centre(&city, 99), 0);
    for (uint32_t device = 0; device < 5; device++) {
        assert_int_equal(city.signers[city_signer_device(&city, device)].kind, SIGNER_DEVICE);
    }
    election_done(&city);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_true_shape), cmocka_unit_test(test_stations), cmocka_unit_test(test_areas),
        cmocka_unit_test(test_alliances),  cmocka_unit_test(test_seeds),    cmocka_unit_test(test_many_seeds),
        cmocka_unit_test(test_signers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

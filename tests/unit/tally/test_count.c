/* Header figures (LEEME-G, second component): sums, their inverse, percentages and participation. */
#include "tally/count.h"

#include "example.h"

enum { SHEETS = 300 };

struct night {
    struct station stations[SHEETS];
    struct sheet sheets[SHEETS];
    struct judgement judgements[SHEETS];
};

static const struct station *station_at(const struct night *night, size_t i)
{
    return night->stations[i].type == '?' ? NULL : &night->stations[i];
}

/* Every kind of station, of acta and of cell, from a fixed seed. */
static struct night *some_night(uint64_t seed)
{
    static struct night night;
    static const char types[] = "BCESMAPU?";
    for (size_t i = 0; i < SHEETS; i++) {
        char type = types[next_random(&seed) % 9];
        struct station station = station_of(type, type == 'S' ? 0 : (uint32_t)(next_random(&seed) % 800),
                                            (uint32_t)(next_random(&seed) % 900), 16);
        station.location = 1 + (uint8_t)(next_random(&seed) % 2);
        night.stations[i] = station;
        struct sheet sheet = sheet_of(number(0));
        if (next_random(&seed) % 10 == 0) {
            sheet = sheet_without(NO_ACTA_NO_BAG);
        } else {
            for (int c = 0; c < EXAMPLE_COLUMNS; c++) {
                unsigned dice = (unsigned)(next_random(&seed) % 20);
                sheet.votes[c] = dice == 0   ? state(CELL_ILLEGIBLE)
                                 : dice == 1 ? state(CELL_BLANK)
                                             : number((uint32_t)(next_random(&seed) % 90));
            }
        }
        night.sheets[i] = sheet;
        night.judgements[i] = sheet_judge(&night.sheets[i], ALL_COLUMNS, station_at(&night, i));
    }
    return &night;
}

static void add(struct count *count, const struct night *night, size_t i)
{
    count_add(count, &night->sheets[i], night->judgements[i], station_at(night, i));
}

static void each_acta_goes_where_it_belongs(void **unused)
{
    (void)unused;
    struct station basic = station_of('B', 700, 716, 16);
    struct station special = station_of('S', 0, 1000, 16);
    basic.location = 2;
    struct sheet good = sheet_of(number(10));
    struct sheet over = sheet_of(number(100));
    struct sheet blank = sheet_of(state(CELL_BLANK));
    struct sheet none = sheet_without(NO_ACTA_NOT_INSTALLED);
    struct count count = {.expected = 7};
    struct station other = station_of('E', 300, 0, 16);
    struct sheet few = sheet_of(number(0));
    count_add(&count, &good, sheet_judge(&good, ALL_COLUMNS, &basic), &basic);
    count_add(&count, &few, sheet_judge(&few, ALL_COLUMNS, &other), &other);
    count_add(&count, &good, sheet_judge(&good, ALL_COLUMNS, &special), &special);
    count_add(&count, &over, sheet_judge(&over, ALL_COLUMNS, &basic), &basic);
    count_add(&count, &blank, sheet_judge(&blank, ALL_COLUMNS, &basic), &basic);
    count_add(&count, &none, sheet_judge(&none, ALL_COLUMNS, &basic), &basic);
    count_add(&count, &good, sheet_judge(&good, ALL_COLUMNS, NULL), NULL);
    assert_int_equal(count.expected, 7);
    assert_int_equal(count.captured, 6);
    assert_int_equal(count.counted, 3);
    assert_int_equal(count.not_counted, 3);
    assert_int_equal(count.out_of_catalogue, 1);
    assert_int_equal(count_registered(&count), 7);
    assert_int_equal(count.inconsistent, 2); /* LEEME-G 8: neither "sin acta" nor "fuera de catálogo" */
    assert_int_equal(count.no_acta, 1);
    assert_int_equal(count.nominal_counted, 1000);
    assert_int_equal(count.votes, 220);
    assert_int_equal(count.votes_special, 110);
    assert_int_equal(count.urban_counted, 2);
    assert_int_equal(count.rural_counted, 1);
    assert_int_equal(count.columns[P1], 20);
    assert_int_equal(count.columns[NULLS], 20);
}

/* A wrong definition may give a special station a list: the LEEME (35) says 0, and 0 is added. */
static void special_stations_add_no_nominal_list(void **unused)
{
    (void)unused;
    struct station special = station_of('S', 1000, 1000, 16);
    struct sheet sheet = sheet_of(number(1));
    struct count count = {0};
    count_add(&count, &sheet, sheet_judge(&sheet, ALL_COLUMNS, &special), &special);
    assert_int_equal(count.nominal_counted, 0);
}

static void sums_do_not_depend_on_order(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        const struct night *night = some_night(seed);
        struct count forward = {0};
        struct count shuffled = {0};
        size_t order[SHEETS];
        uint64_t random = seed * 977;
        for (size_t i = 0; i < SHEETS; i++) {
            order[i] = i;
            add(&forward, night, i);
        }
        for (size_t i = SHEETS - 1; i > 0; i--) {
            size_t k = next_random(&random) % (i + 1);
            size_t kept = order[i];
            order[i] = order[k];
            order[k] = kept;
        }
        for (size_t i = 0; i < SHEETS; i++) {
            add(&shuffled, night, order[i]);
        }
        assert_true(count_equal(&forward, &shuffled));
    }
}

static void taking_out_undoes_adding(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        const struct night *night = some_night(seed);
        struct count without = {0};
        struct count with = {0};
        for (size_t i = 0; i < SHEETS; i++) {
            add(&with, night, i);
            if (i % 3 != 0) {
                add(&without, night, i);
            }
        }
        for (size_t i = 0; i < SHEETS; i += 3) {
            count_remove(&with, &night->sheets[i], night->judgements[i], station_at(night, i));
        }
        assert_true(count_equal(&with, &without));
    }
}

/* A correction replaces a sheet; totals may go down. */
static void a_correction_may_lower_totals(void **unused)
{
    (void)unused;
    struct station station = station_of('C', 700, 716, 16);
    struct sheet first = sheet_of(number(60));
    struct sheet second = sheet_of(number(6));
    struct count count = {0};
    count_add(&count, &first, sheet_judge(&first, ALL_COLUMNS, &station), &station);
    assert_int_equal(count.votes, 660);
    count_remove(&count, &first, sheet_judge(&first, ALL_COLUMNS, &station), &station);
    count_add(&count, &second, sheet_judge(&second, ALL_COLUMNS, &station), &station);
    assert_int_equal(count.votes, 66);
    assert_int_equal(count.counted, 1);
}

static void parts_add_up_to_the_whole(void **unused)
{
    (void)unused;
    const struct night *night = some_night(5);
    struct count whole = {.expected = SHEETS, .in_review = 3};
    struct count parts[4] = {{.expected = 100, .in_review = 3}, {.expected = 200}, {0}, {0}};
    struct count sum = {0};
    for (size_t i = 0; i < SHEETS; i++) {
        add(&whole, night, i);
        add(&parts[i % 4], night, i);
    }
    for (size_t i = 0; i < 4; i++) {
        count_merge(&sum, &parts[i]);
    }
    assert_true(count_equal(&sum, &whole));
    sum.columns[COLUMNS_MAX - 1]++;
    assert_false(count_equal(&sum, &whole));
    sum.columns[COLUMNS_MAX - 1]--;
    sum.expected++;
    assert_false(count_equal(&sum, &whole));
}

static void the_header_holds_together(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        const struct night *night = some_night(seed);
        struct count count = {0};
        for (size_t i = 0; i < SHEETS; i++) {
            add(&count, night, i);
        }
        uint64_t columns = 0;
        for (size_t i = 0; i < COLUMNS_MAX; i++) {
            columns += count.columns[i];
        }
        assert_true(columns == count.votes);
        assert_true(count.captured == count.counted + count.not_counted);
        assert_true(count_registered(&count) == SHEETS);
        assert_true(count.counted == count.urban_counted + count.rural_counted);
        assert_true(count.votes_special <= count.votes);
        assert_true(count.no_acta <= count.not_counted);
        assert_true(count.inconsistent <= count.captured);
    }
}

/* The examples of the LEEME and of real cuts: truncated where rounding would differ. */
static void percentages_are_truncated(void **unused)
{
    (void)unused;
    static const struct {
        uint64_t part, whole;
        const char *text;
    } rows[] = {
        {13424, 13495, "99.4738"}, /* published as 99.4739 in a drill */
        {521, 13495, "3.8606"},    /* published as 3.8607 */
        {1, 3, "33.3333"},
        {2, 3, "66.6666"},
        {0, 5, "0.0000"},
        {5, 5, "100.0000"},
        {0, 0, "0.0000"},
        {7, 0, "0.0000"},
        {1, 100000, "0.0010"},
        {1, 10000000, "0.0000"},
        {3, 2, "150.0000"},
        {1, 8, "12.5000"},
        {999999, 1000000, "99.9999"},
    };
    struct buf text;
    buf_init(&text, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        buf_clear(&text);
        percent4_print(&text, rows[i].part, rows[i].whole);
        assert_string_equal(buf_cstr(&text), rows[i].text);
    }
    buf_done(&text);
}

/* Against the definition: the largest n with n * whole <= part * 1000000, by multiplication alone. */
static void truncation_against_128_bits(void **unused)
{
    (void)unused;
    uint64_t seed = 42;
    for (int i = 0; i < 200000; i++) {
        unsigned shift = (unsigned)(next_random(&seed) % 64);
        uint64_t whole = (next_random(&seed) >> shift) + 1;
        uint64_t part = next_random(&seed) % whole;
        unsigned __int128 found = percent4(part, whole);
        unsigned __int128 scaled = (unsigned __int128)part * 1000000;
        assert_true(found * whole <= scaled && scaled < (found + 1) * whole);
    }
    assert_true(percent4(UINT64_MAX, UINT64_MAX) == 1000000);
    assert_true(percent4(UINT64_MAX, 1) == UINT64_MAX); /* no wrapping */
}

/* Anexo 13, numeral 29, fraction IX; the federal cuts of 2018 jump at the last one by this rule. */
static void special_stations_enter_participation_with_the_last_cut(void **unused)
{
    (void)unused;
    struct count count = {.votes = 9000, .votes_special = 1000, .nominal_counted = 12000};
    assert_int_equal(count_participation(&count, false), 666666);
    assert_int_equal(count_participation(&count, true), 750000);
    struct count empty = {0};
    assert_int_equal(count_participation(&empty, true), 0);
}

static void a_candidacy_is_the_sum_of_its_columns(void **unused)
{
    (void)unused;
    struct count count = {.columns = {[P1] = 42, [P2] = 47, [P3] = 50, [P1_P2_P3] = 148, [RIO] = 1000}};
    struct candidacy candidacy = {.columns = BIT(P1) | BIT(P2) | BIT(P3) | BIT(P1_P2_P3) | BIT(P1_P2)};
    assert_int_equal(count_candidacy(&count, &candidacy), 287);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_acta_goes_where_it_belongs),
        cmocka_unit_test(special_stations_add_no_nominal_list),
        cmocka_unit_test(sums_do_not_depend_on_order),
        cmocka_unit_test(taking_out_undoes_adding),
        cmocka_unit_test(a_correction_may_lower_totals),
        cmocka_unit_test(parts_add_up_to_the_whole),
        cmocka_unit_test(the_header_holds_together),
        cmocka_unit_test(percentages_are_truncated),
        cmocka_unit_test(truncation_against_128_bits),
        cmocka_unit_test(special_stations_enter_participation_with_the_last_cut),
        cmocka_unit_test(a_candidacy_is_the_sum_of_its_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

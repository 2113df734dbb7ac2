/* The night's script: judged by the house's rules it comes out as it was meant, in the shares of a real drill, along
 * the curve of a real night; and the expectation agrees with the house's own sums. */
#include "city/script.h"

#include "base/date.h"
#include "seal/digest.h"
#include "tally/count.h"
#include "tally/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct city_plan plan;
static struct election city;
static struct script script;
static struct map catalogue;

static void make(enum city_scale scale, uint64_t seed, uint32_t images_ppm)
{
    plan = (struct city_plan){.seed = seed, .scale = scale};
    assert_int_equal(date_parse_iso(SPAN("2027-06-07T02:00:00Z"), &plan.opening_ms), OK);
    plan.closing_ms = plan.opening_ms + 24 * 3600000;
    city_make(&plan, &city);
    map_init(&catalogue, 1, 1);
    for (uint32_t i = 0; i < city.n_actas; i++) {
        assert_int_equal(map_put(&catalogue, span_str(city.actas[i].key), i), MAP_NONE);
    }
    script_make(&plan, &city, images_ppm, &script);
}

static void done(void)
{
    script_done(&script);
    map_done(&catalogue);
    election_done(&city);
}

static const struct acta *acta_of(const struct record *record)
{
    uint32_t index = map_get(&catalogue, span_str(record->acta));
    return index == MAP_NONE ? NULL : &city.actas[index];
}

static struct judgement judge(const struct record *record)
{
    const struct acta *acta = acta_of(record);
    const struct contest *contest = &city.contests[record->contest];
    uint16_t area = acta == NULL ? AREA_NONE : election_acta_area(&city, acta, contest->area_kind);
    return sheet_judge(&record->sheet, contest_columns_in(contest, area),
                       acta == NULL ? NULL : &city.stations[acta->station]);
}

/* Sums of the house over the last version of each record. */
static void test_expectation_is_what_the_rules_say(void **state)
{
    (void)state;
    struct expectation *expected = calloc(CONTESTS_MAX, sizeof *expected);
    struct count *counts = calloc(CONTESTS_MAX, sizeof *counts);
    make(CITY_CDMX, 1, 0);
    script_expect(&script, expected);
    bool *replaced = calloc(script.n, sizeof *replaced);
    for (uint32_t i = 0; i < script.n; i++) {
        if (script.records[i].before != SCRIPT_NONE) {
            replaced[script.records[i].before] = true;
        }
    }
    for (uint32_t i = 0; i < script.n; i++) {
        const struct record *record = &script.records[i];
        const struct acta *acta = acta_of(record);
        if (!replaced[i]) {
            count_add(&counts[record->contest], &record->sheet, judge(record),
                      acta == NULL ? NULL : &city.stations[acta->station]);
        }
    }
    for (uint32_t c = 0; c < city.n_contests; c++) {
        assert_int_equal(expected[c].captured, counts[c].captured);
        assert_int_equal(expected[c].counted, counts[c].counted);
        assert_int_equal(expected[c].not_counted, counts[c].not_counted);
        assert_int_equal(expected[c].out_of_catalogue, counts[c].out_of_catalogue);
        assert_int_equal(expected[c].inconsistent, counts[c].inconsistent);
        assert_int_equal(expected[c].no_acta, counts[c].no_acta);
        assert_int_equal(expected[c].nominal, counts[c].nominal_counted);
        assert_int_equal(expected[c].votes, counts[c].votes);
        assert_int_equal(expected[c].votes_special, counts[c].votes_special);
        assert_memory_equal(expected[c].columns, counts[c].columns, sizeof expected[c].columns);
    }
    free(replaced);
    free(expected);
    free(counts);
    done();
}

struct tally_of_faults {
    uint32_t first, corrections, lowered, out, exceeds, all, some, no_acta, written, voters, order, photo,
        mobile;
};

static void look_at(const struct record *record, struct tally_of_faults *t)
{
    const struct acta *acta = acta_of(record);
    struct judgement judgement = judge(record);
    if (record->before != SCRIPT_NONE) {
        t->corrections++;
        t->lowered += judgement.computed < judge(&script.records[record->before]).computed;
        return;
    }
    t->first++;
    t->out += acta == NULL;
    if (acta == NULL) {
        return;
    }
    const struct contest *contest = &city.contests[acta->contest];
    uint64_t columns = contest_columns_in(contest, election_acta_area(&city, acta, contest->area_kind));
    uint32_t findings = sheet_findings(&record->sheet, columns, &city.stations[acta->station]);
    assert_int_equal(findings >> FINDING_COLUMN_NA & 1, 0);
    t->exceeds += (judgement.observations & OBS_EXCEEDS) != 0;
    t->all += (judgement.observations & OBS_ALL_EMPTY) != 0;
    t->some +=
        (judgement.observations & (OBS_ILLEGIBLE | OBS_BLANK)) != 0 && judgement.counted == COUNTED_YES;
    t->no_acta += (judgement.observations & OBS_NO_ACTA) != 0;
    t->written += findings >> FINDING_WRITTEN_DIFFERS & 1;
    t->voters += findings >> FINDING_VOTERS_DIFFER & 1;
    t->order += findings >> FINDING_TIME_ORDER & 1;
    t->photo += record->sheet.origin == ORIGIN_CASILLA;
    t->mobile += record->sheet.means == MEANS_MOBILE;
}

/* `n` is about `share` of 13,424 in `captured`, give or take `percent`. */
static void assert_share(uint32_t n, uint32_t share, uint32_t captured, uint32_t percent)
{
    uint64_t expected = (uint64_t)share * captured / 13424;
    assert_in_range(n, expected - expected * percent / 100 - 3, expected + expected * percent / 100 + 3);
}

static void test_shares_of_a_real_drill(void **state)
{
    (void)state;
    struct tally_of_faults t = {0};
    make(CITY_CDMX, 2, 0);
    for (uint32_t i = 0; i < script.n; i++) {
        look_at(&script.records[i], &t);
    }
    uint32_t captured = t.first - t.out;
    assert_in_range(captured, 40541 * 93 / 100, 40541 * 95 / 100);
    assert_share(t.some, 374, captured, 2);
    assert_share(t.exceeds, 90, captured, 6); /* some corrections exceed before they are corrected */
    assert_share(t.all, 55, captured, 2);
    assert_share(t.no_acta, 79, captured, 2);
    assert_share(t.photo, 440, captured, 8);
    assert_share(t.corrections, 67, captured, 3);
    assert_in_range(t.lowered, t.corrections / 5, t.corrections * 3 / 4);
    assert_in_range(t.out, 30, 60);
    assert_true(t.written > 800 && t.voters > 1000 && t.order > 50 && t.mobile > t.photo);
    done();
}

static void test_curve(void **state)
{
    (void)state;
    static const struct {
        int minutes;
        uint32_t least, most; /* captured, thousandths of the expected */
    } points[] = {{0, 0, 0},       {60, 2, 5},      {170, 15, 30},   {247, 90, 120},
                  {368, 245, 275}, {720, 480, 520}, {1440, 930, 950}};
    make(CITY_CDMX, 4, 0);
    for (size_t p = 0; p < sizeof points / sizeof points[0]; p++) {
        uint32_t captured = 0;
        for (uint32_t i = 0; i < script.n; i++) {
            const struct record *record = &script.records[i];
            bool due = record->due_ms <= plan.opening_ms + (int64_t)points[p].minutes * 60000;
            captured += due && record->version == 1 && acta_of(record) != NULL;
        }
        assert_in_range((uint64_t)captured * 1000 / city.n_actas, points[p].least, points[p].most);
    }
    done();
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* From acopio to capture 11 minutes in the middle, 165 for one in twenty; 5.8 and 92 to the verification. */
static void test_lags(void **state)
{
    (void)state;
    make(CITY_CDMX, 4, 0);
    int64_t *lags[2] = {calloc(script.n, sizeof **lags), calloc(script.n, sizeof **lags)};
    uint32_t n = 0;
    for (uint32_t i = 0; i < script.n; i++) {
        const struct sheet *sheet = &script.records[i].sheet;
        bool late = sheet->verified_ms > plan.opening_ms + 12 * 3600000; /* when nothing hurries any more */
        if (script.records[i].version == 1 && sheet->origin == ORIGIN_CATD && late) {
            lags[0][n] = (sheet->captured_ms - sheet->received_ms) / 1000;
            lags[1][n++] = (sheet->verified_ms - sheet->captured_ms) / 1000;
        }
    }
    qsort(lags[0], n, sizeof **lags, by_value);
    qsort(lags[1], n, sizeof **lags, by_value);
    assert_in_range(lags[0][n / 2], 600, 720);
    assert_in_range(lags[0][n * 95 / 100], 9000, 11000);
    assert_in_range(lags[1][n / 2], 315, 380);
    assert_in_range(lags[1][n * 95 / 100], 5000, 6200);
    free(lags[0]);
    free(lags[1]);
    done();
}

static void test_times_and_order(void **state)
{
    (void)state;
    make(CITY_SMALL, 11, 500000);
    for (uint32_t i = 0; i < script.n; i++) {
        const struct record *record = &script.records[i];
        assert_true(i == 0 || script.records[i - 1].due_ms <= record->due_ms);
        assert_true(record->due_ms >= plan.opening_ms && record->due_ms < plan.closing_ms);
        assert_true(record->sheet.verified_ms <= record->due_ms);
        assert_true(record->sheet.verified_ms % 1000 == 0 || record->sheet.verified_ms == -1);
        assert_true(record->drawn < script.n);
        if (record->before != SCRIPT_NONE) {
            const struct record *before = &script.records[record->before];
            assert_true(record->before < i);
            assert_string_equal(before->acta, record->acta);
            assert_int_equal(record->version, before->version + 1);
            assert_int_equal(record->drawn, before->drawn);
            assert_non_null(record->reason);
        }
    }
    done();
}

static void test_repeated_images(void **state)
{
    (void)state;
    uint32_t repeated = 0, pictured = 0;
    make(CITY_CDMX, 1, 50000);
    for (uint32_t i = 0; i < script.n; i++) {
        const struct record *record = &script.records[i];
        pictured += record->pictured;
        repeated += record->pictured && strcmp(script.records[record->drawn].acta, record->acta) != 0;
    }
    assert_in_range(pictured, 1700, 2400);
    assert_in_range(repeated, 140, 180);
    done();
}

static void test_pictures(void **state)
{
    (void)state;
    struct buf a = {0}, b = {0};
    uint32_t drawn = 0;
    make(CITY_SMALL, 3, 1000000);
    for (uint32_t i = 0; i < 30; i++) {
        buf_clear(&a);
        buf_clear(&b);
        script_picture(&script, &script.records[i], &a);
        script_picture(&script, &script.records[i], &b);
        assert_int_equal(a.len > 0, script.records[i].pictured);
        assert_true(span_equal(buf_as_span(&a), buf_as_span(&b)));
        drawn += a.len > 0;
    }
    assert_true(drawn > 20);
    buf_done(&a);
    buf_done(&b);
    done();
}

static void digest_script(char out[DIGEST_HEX + 1])
{
    struct buf bytes = {0};
    for (uint32_t i = 0; i < script.n; i++) {
        const struct record *r = &script.records[i];
        buf_printf(&bytes, "%s %u %u %u %lld", r->acta, r->contest, r->signer, r->version,
                   (long long)r->due_ms);
        for (unsigned v = 0; v < r->sheet.n_votes; v++) {
            buf_printf(&bytes, " %u/%u", r->sheet.votes[v].value, r->sheet.votes[v].state);
        }
        buf_char(&bytes, '\n');
    }
    digest_hex(buf_as_span(&bytes), out);
    buf_done(&bytes);
}

static void test_seeds(void **state)
{
    (void)state;
    char a[DIGEST_HEX + 1], b[DIGEST_HEX + 1], c[DIGEST_HEX + 1];
    make(CITY_SMALL, 21, 0);
    digest_script(a);
    done();
    make(CITY_SMALL, 21, 1000000); /* images change nothing else */
    digest_script(b);
    done();
    make(CITY_SMALL, 22, 0);
    digest_script(c);
    done();
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expectation_is_what_the_rules_say),
        cmocka_unit_test(test_shares_of_a_real_drill),
        cmocka_unit_test(test_curve),
        cmocka_unit_test(test_lags),
        cmocka_unit_test(test_times_and_order),
        cmocka_unit_test(test_repeated_images),
        cmocka_unit_test(test_pictures),
        cmocka_unit_test(test_seeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

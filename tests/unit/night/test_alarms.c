/* Alarms from boards made by hand: each rule is seen raised and seen quiet. */
#include "night/alarms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char iso[] = "2027-06-07T02:31:07Z";

struct given {
    struct board board;
    struct alarm_memory memory;
    struct alarm_set set;
};

/* Every program present and well. */
static struct given *given_calm_night(void)
{
    struct given *given = calloc(1, sizeof *given);
    board_init(&given->board);
    int64_t now = 0;
    assert_int_equal(date_parse_iso(span_str(iso), &now), OK);
    given->board.now_ms = now;
    given->board.speed = 1;
    return given;
}

static void given_done(struct given *given)
{
    board_done(&given->board);
    free(given);
}

static void seat_says(struct given *given, enum board_seat seat, const char *alarm, const char *pairs)
{
    struct board_program *program = &given->board.seats[seat];
    buf_clear(&program->bytes);
    buf_printf(&program->bytes, "status/v1\nprogram %s\nstate running\ntime %s\nsince %s\nalarm %s\n%s",
               program->name, iso, iso, alarm, pairs);
    struct why why = {{0}};
    assert_int_equal(status_parse(buf_as_span(&program->bytes), &program->status, &why), OK);
    program->present = true;
}

static bool raised_at(struct given *given, const char *name, int64_t real_ms)
{
    alarms_check(&given->board, real_ms, &given->memory, &given->set);
    return alarms_find(&given->set, name) != NULL;
}

static bool raised(struct given *given, const char *name)
{
    return raised_at(given, name, 1000);
}

static void test_calm(void **state)
{
    (void)state;
    struct given *given = given_calm_night();
    for (int seat = 0; seat < SEATS; seat++) {
        seat_says(given, (enum board_seat)seat, "-", "");
    }
    seat_says(given, SEAT_CUT, "-", "cut 12\nnext 2027-06-07T02:31:30Z\nin_review 0\nlog_size 90\n");
    seat_says(given, SEAT_MIRROR_1, "-", "cut 12\ncut_time 2027-06-07T02:31:00Z\nfeed ok\n");
    seat_says(given, SEAT_MIRROR_2, "-", "cut 11\ncut_time 2027-06-07T02:30:00Z\nfeed ok\n");
    seat_says(given, SEAT_INTAKE, "-", "ledger_size 92\nactas_refused 3\nactas_acknowledged 90\n");
    alarms_check(&given->board, 1000, &given->memory, &given->set);
    assert_int_equal(given->set.n, 0);
    given_done(given);
}

static void test_gone(void **state)
{
    (void)state;
    struct given *given = given_calm_night();
    seat_says(given, SEAT_MIRROR_1, "-", "");
    given->board.seats[SEAT_MIRROR_1].gone = true;
    given->board.seats[SEAT_MIRROR_1].age_ms = 12000;
    assert_true(raised(given, "gone-mirror-1"));
    assert_non_null(strstr(alarms_find(&given->set, "gone-mirror-1")->sentence, "12 s"));
    given->board.seats[SEAT_MIRROR_1].gone = false;
    assert_false(raised(given, "gone-mirror-1"));
    given_done(given);
}

static void test_checkpoint_late(void **state)
{
    (void)state;
    struct given *given = given_calm_night();
    seat_says(given, SEAT_INTAKE, "-", "ledger_size 92\n");
    seat_says(given, SEAT_LOG, "-", "checkpoint_size 80\nbehind_ms 5000\nsigner signing\n");
    assert_false(raised(given, "checkpoint-late"));
    seat_says(given, SEAT_LOG, "-", "checkpoint_size 80\nbehind_ms 5001\nsigner refusing\n");
    assert_true(raised(given, "checkpoint-late"));
    const char *sentence = alarms_find(&given->set, "checkpoint-late")->sentence;
    assert_non_null(strstr(sentence, "80 asientos y hay 92"));
    assert_non_null(strstr(sentence, "refusing"));
    given->board.seats[SEAT_LOG].gone = true; /* then it is gone, which is another alarm */
    assert_false(raised(given, "checkpoint-late"));
    given_done(given);
}

static void test_own_words(void **state)
{
    (void)state;
    struct given *given = given_calm_night();
    seat_says(given, SEAT_INTAKE, "se acaba el disco", "");
    assert_true(raised(given, "says-intake"));
    given_done(given);
}

static void cut_late_by(struct given *given, uint32_t speed, int64_t night_s, bool wanted)
{
    int64_t then = 0;
    assert_int_equal(date_parse_iso(SPAN("2027-06-07T02:30:00Z"), &then), OK);
    seat_says(given, SEAT_CUT, "-", "cut 12\nnext 2027-06-07T02:30:00Z\n");
    given->board.speed = speed;
    given->board.now_ms = then + night_s * 1000;
    assert_int_equal(raised(given, "cut-late"), wanted);
}

static void test_cut_late(void **state)
{
    (void)state;
    struct given *given = given_calm_night();
    cut_late_by(given, 1, 60, false); /* it may be building */
    cut_late_by(given, 1, 61, true);
    cut_late_by(given, 144, 144 * 8, false); /* eight real seconds: a whole city's cut and its package */
    cut_late_by(given, 144, 144 * 30, false);
    cut_late_by(given, 144, 144 * 31, true);
    cut_late_by(given, 1200, 1200 * 30, false);
    cut_late_by(given, 1200, 1200 * 31, true);
    cut_late_by(given, 0, 86400, false); /* stepped by hand */
    seat_says(given, SEAT_CUT, "-", "cut 12\nnext 2027-06-07T02:30:00Z\nlast yes\n");
    given->board.speed = 1;
    assert_false(raised(given, "cut-late"));
    given_done(given);
}

static void mirror_holds(struct given *given, unsigned cut, const char *cut_time)
{
    char pairs[128];
    (void)snprintf(pairs, sizeof pairs, "cut %u\ncut_time %s\nfeed ok\n", cut, cut_time);
    seat_says(given, SEAT_MIRROR_2, "-", pairs);
}

/* Whatever the speed, stepped (0) included: a minute of real time without taking what is there. */
static void test_mirror_stands(void **state)
{
    static const uint32_t speeds[] = {0, 1, 144, 1200};
    (void)state;
    for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++) {
        struct given *given = given_calm_night();
        given->board.speed = speeds[i];
        seat_says(given, SEAT_CUT, "-", "cut 9\n");
        mirror_holds(given, 9, iso);
        assert_false(raised_at(given, "behind-mirror-2", 1000));
        assert_false(raised_at(given, "behind-mirror-2", 500000)); /* it has all there is */
        seat_says(given, SEAT_CUT, "-", "cut 10\n");
        assert_false(raised_at(given, "behind-mirror-2", 501000));
        seat_says(given, SEAT_CUT, "-", "cut 14\n"); /* fast clocks make many in a minute */
        assert_false(raised_at(given, "behind-mirror-2", 561000));
        assert_true(raised_at(given, "behind-mirror-2", 561001));
        assert_non_null(strstr(alarms_find(&given->set, "behind-mirror-2")->sentence, "5 cortes atrás"));
        mirror_holds(given, 11, iso); /* it moves again */
        assert_false(raised_at(given, "behind-mirror-2", 561050));
        assert_false(raised_at(given, "behind-mirror-2", 621050));
        assert_true(raised_at(given, "behind-mirror-2", 621051));
        mirror_holds(given, 14, iso);
        assert_false(raised_at(given, "behind-mirror-2", 700000));
        given_done(given);
    }
}

/* It takes cut after cut and never comes nearer. */
static void test_mirror_lags(void **state)
{
    (void)state;
    struct given *given = given_calm_night();
    seat_says(given, SEAT_CUT, "-", "cut 12\n");
    mirror_holds(given, 9, "2027-06-07T02:28:00Z"); /* 187 s old */
    assert_true(raised(given, "behind-mirror-2"));
    mirror_holds(given, 10, "2027-06-07T02:28:00Z");
    assert_false(raised(given, "behind-mirror-2"));
    mirror_holds(given, 9, "2027-06-07T02:29:30Z");
    assert_false(raised(given, "behind-mirror-2"));
    given->board.speed = 144; /* 187 s of the night are little more than one */
    mirror_holds(given, 9, "2027-06-07T02:28:00Z");
    assert_false(raised(given, "behind-mirror-2"));
    mirror_holds(given, 9, "2027-06-06T21:30:00Z"); /* 18,067 s: two minutes and some */
    assert_true(raised(given, "behind-mirror-2"));
    seat_says(given, SEAT_MIRROR_2, "-", "cut 12\ncut_time 2027-06-07T02:31:00Z\nfeed lost\nfeed_age_s 31\n");
    assert_true(raised(given, "feed-lost-mirror-2"));
    given_done(given);
}

static void test_disk_clock_review(void **state)
{
    (void)state;
    struct given *given = given_calm_night();
    given->board.disk_free = (uint64_t)511 << 20;
    assert_true(raised(given, "disk-low"));
    given->board.disk_free = (uint64_t)512 << 20;
    assert_false(raised(given, "disk-low"));
    seat_says(given, SEAT_NIGHT, "-", "clock_offset_ms -2001\n");
    assert_true(raised(given, "clock-off"));
    seat_says(given, SEAT_NIGHT, "-", "clock_offset_ms 2000\n");
    assert_false(raised(given, "clock-off"));
    seat_says(given, SEAT_CUT, "-", "in_review 1\n");
    assert_true(raised(given, "in-review"));
    given_done(given);
}

static void test_metrics_down(void **state)
{
    (void)state;
    struct given *given = given_calm_night();
    static const char *const quiet[] = {"metrics up\n", "metrics -\n", ""};
    for (size_t i = 0; i < sizeof quiet / sizeof *quiet; i++) {
        seat_says(given, SEAT_NIGHT, "-", quiet[i]);
        assert_false(raised(given, "metrics-down"));
    }
    seat_says(given, SEAT_NIGHT, "-", "metrics down\n");
    assert_true(raised(given, "metrics-down"));
    given->board.seats[SEAT_NIGHT].gone = true; /* what it said last is old: that it is gone is the alarm */
    assert_false(raised(given, "metrics-down"));
    given_done(given);
}

static void test_totals(void **state)
{
    (void)state;
    struct given *given = given_calm_night();
    seat_says(given, SEAT_INTAKE, "-", "ledger_size 90\n");
    seat_says(given, SEAT_CUT, "-", "cut 3\nlog_size 91\n");
    assert_false(raised(given, "totals-mismatch")); /* the intake spoke before the cut */
    given->board.seats[SEAT_CUT].age_ms = 700;
    assert_true(raised(given, "totals-mismatch"));
    seat_says(given, SEAT_CUT, "-", "cut 3\nlog_size 90\n");
    assert_false(raised(given, "totals-mismatch"));
    seat_says(given, SEAT_MIRROR_1, "-", "cut 3\nmanifest aa\ncut_time 2027-06-07T02:31:00Z\n");
    seat_says(given, SEAT_MIRROR_2, "-", "cut 3\nmanifest ab\ncut_time 2027-06-07T02:31:00Z\n");
    assert_true(raised(given, "totals-mismatch"));
    seat_says(given, SEAT_MIRROR_2, "-", "cut 2\nmanifest ab\ncut_time 2027-06-07T02:31:00Z\n");
    assert_false(raised(given, "totals-mismatch"));
    given_done(given);
}

static void refusals(struct given *given, int64_t real_ms, unsigned refused, unsigned acknowledged)
{
    char pairs[128];
    snprintf(pairs, sizeof pairs, "actas_refused %u\nactas_acknowledged %u\n", refused, acknowledged);
    seat_says(given, SEAT_INTAKE, "-", pairs);
    alarms_check(&given->board, real_ms, &given->memory, &given->set);
}

static void test_refused_rising(void **state)
{
    (void)state;
    struct given *given = given_calm_night();
    refusals(given, 0, 500, 100); /* what was before we looked is no rise */
    assert_null(alarms_find(&given->set, "refused"));
    refusals(given, 1000, 519, 110);
    assert_null(alarms_find(&given->set, "refused"));
    refusals(given, 2000, 520, 120);
    assert_non_null(alarms_find(&given->set, "refused"));
    refusals(given, 3000, 520, 620); /* 20 of 520: less than one in twenty */
    assert_null(alarms_find(&given->set, "refused"));
    refusals(given, 4000, 0, 0); /* the intake began again */
    assert_null(alarms_find(&given->set, "refused"));
    for (int64_t second = 5; second < 200; second++) {
        refusals(given, second * 1000, 19, 0);
    }
    assert_null(alarms_find(&given->set, "refused"));
    given_done(given);
}

static void count_event(void *arg, bool is_raised, const struct alarm *alarm)
{
    int *counts = arg;
    assert_true(alarm->name[0] != '\0');
    counts[is_raised ? 0 : 1]++;
}

static void test_compare(void **state)
{
    (void)state;
    static const struct alarm_set before = {.alarms = {{"a", "A"}, {"b", "B"}}, .n = 2};
    static const struct alarm_set now = {.alarms = {{"b", "B, still"}, {"c", "C"}}, .n = 2};
    int counts[2] = {0, 0};
    alarms_compare(&before, &now, count_event, counts);
    assert_int_equal(counts[0], 1);
    assert_int_equal(counts[1], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calm),
        cmocka_unit_test(test_gone),
        cmocka_unit_test(test_checkpoint_late),
        cmocka_unit_test(test_own_words),
        cmocka_unit_test(test_cut_late),
        cmocka_unit_test(test_mirror_stands),
        cmocka_unit_test(test_mirror_lags),
        cmocka_unit_test(test_disk_clock_review),
        cmocka_unit_test(test_metrics_down),
        cmocka_unit_test(test_totals),
        cmocka_unit_test(test_refused_rising),
        cmocka_unit_test(test_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Votes by party: coalition columns (LEGIPE 311.1 c) and common candidacies (IECM/ACU-CG-062/2024). */
#include "tally/count.h"

#include "example.h"

static uint64_t parties[COLUMNS_MAX];

static uint64_t sum_of(const uint64_t *numbers)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < COLUMNS_MAX; i++) {
        sum += numbers[i];
    }
    return sum;
}

static void shared(const struct contest *contest, const struct count *count, uint64_t p1, uint64_t p2,
                   uint64_t p3)
{
    count_by_party(contest, AREA_NONE, count, parties);
    assert_true(parties[P1] == p1 && parties[P2] == p2 && parties[P3] == p3);
    assert_true(sum_of(parties) == sum_of(count->columns));
}

/* The institute's own example. */
static void forty_two_forty_seven_fifty(void **unused)
{
    (void)unused;
    struct contest contest = example_contest();
    struct count count = {.columns = {[P1] = 42, [P2] = 47, [P3] = 50, [P1_P2_P3] = 148}};
    shared(&contest, &count, 91, 96, 100);
}

static void a_remainder_of_two_goes_to_the_strongest(void **unused)
{
    (void)unused;
    struct contest contest = example_contest();
    struct count count = {.columns = {[P1] = 42, [P2] = 47, [P3] = 50, [P1_P2_P3] = 149}};
    shared(&contest, &count, 91, 96, 101);
}

static void equal_each_gives_one_to_each_of_the_strongest(void **unused)
{
    (void)unused;
    struct contest contest = example_contest();
    struct share_rule rule = {.area = AREA_NONE, .column = P1_P2_P3, .kind = SHARE_EQUAL_EACH};
    contest.rules = &rule;
    contest.n_rules = 1;
    struct count count = {.columns = {[P1] = 42, [P2] = 47, [P3] = 50, [P1_P2_P3] = 149}};
    shared(&contest, &count, 91, 97, 100);
    count.columns[P1_P2_P3] = 148;
    shared(&contest, &count, 91, 96, 100);
}

static void ties_go_to_the_first_on_the_acta(void **unused)
{
    (void)unused;
    struct contest contest = example_contest();
    struct count count = {.columns = {[P1] = 50, [P2] = 50, [P3] = 50, [P1_P2_P3] = 2}};
    shared(&contest, &count, 52, 50, 50);
    count.columns[P1] = 49;
    shared(&contest, &count, 49, 52, 50);
    struct share_rule rule = {.area = AREA_NONE, .column = P1_P2_P3, .kind = SHARE_EQUAL_EACH};
    contest.rules = &rule;
    contest.n_rules = 1;
    shared(&contest, &count, 49, 51, 51);
}

/* Only members take part, and only by their own boxes: another column's votes make nobody stronger. */
static void own_votes_alone_decide(void **unused)
{
    (void)unused;
    struct contest contest = example_contest();
    struct count count = {.columns = {[P1] = 10, [P2] = 9, [RIO] = 999, [P2_P3] = 500, [P1_P2] = 1}};
    count_by_party(&contest, AREA_NONE, &count, parties);
    assert_int_equal(parties[P1], 11);
    assert_int_equal(parties[P2], 9 + 250);
    assert_int_equal(parties[P3], 250);
    assert_int_equal(parties[RIO], 999);
}

static void other_columns_keep_their_votes(void **unused)
{
    (void)unused;
    struct contest contest = example_contest();
    struct count count = {.columns = {[RIO] = 3, [CSP] = 5, [WRITE_IN] = 7, [NULLS] = 11}};
    count_by_party(&contest, AREA_NONE, &count, parties);
    assert_int_equal(parties[RIO], 3);
    assert_int_equal(parties[CSP], 5);
    assert_int_equal(parties[WRITE_IN], 7);
    assert_int_equal(parties[NULLS], 11);
    assert_int_equal(sum_of(parties), 26);
}

/* 53.33 / 26.67 / 20, fractions to the first. */
static void a_common_candidacy_by_percentages(void **unused)
{
    (void)unused;
    struct contest contest = example_contest();
    struct column columns[EXAMPLE_COLUMNS];
    memcpy(columns, example_columns, sizeof columns);
    columns[P1_P2_P3].kind = COLUMN_COMMON;
    contest.columns = columns;
    struct share_rule rule = {.area = 4,
                              .column = P1_P2_P3,
                              .kind = SHARE_PERCENT,
                              .remainder = P1,
                              .hundredths = {[P1] = 5333, [P2] = 2667, [P3] = 2000}};
    contest.rules = &rule;
    contest.n_rules = 1;
    static const uint64_t rows[][4] = {
        {10000, 5333, 2667, 2000}, {1, 1, 0, 0}, {0, 0, 0, 0},         {3, 3, 0, 0},
        {100, 54, 26, 20},         {4, 3, 1, 0}, {999, 534, 266, 199},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct count count = {.columns = {[P1_P2_P3] = rows[i][0]}};
        count_by_party(&contest, 4, &count, parties);
        assert_true(parties[P1] == rows[i][1] && parties[P2] == rows[i][2] && parties[P3] == rows[i][3]);
    }
    /* Elsewhere the rule does not hold: equal parts. */
    struct count count = {.columns = {[P1_P2_P3] = 10000}};
    count_by_party(&contest, 5, &count, parties);
    assert_int_equal(parties[P1], 3334);
}

static void no_vote_is_lost_or_made(void **unused)
{
    (void)unused;
    struct contest contest = example_contest();
    struct share_rule rules[] = {
        {.area = AREA_NONE, .column = P1_P2_P3, .kind = SHARE_EQUAL_EACH},
        {.area = AREA_NONE,
         .column = P1_P2,
         .kind = SHARE_PERCENT,
         .remainder = P2,
         .hundredths = {[P1] = 3333, [P2] = 6667}},
        {.area = AREA_NONE, .column = P2_P3, .kind = SHARE_EQUAL},
    };
    contest.rules = rules;
    contest.n_rules = 3;
    uint64_t seed = 7;
    for (int round = 0; round < 20000; round++) {
        struct count count = {0};
        unsigned shift = 20 + (unsigned)(next_random(&seed) % 44);
        for (int i = 0; i < EXAMPLE_COLUMNS; i++) {
            count.columns[i] = next_random(&seed) >> shift;
        }
        count_by_party(&contest, AREA_NONE, &count, parties);
        assert_true(sum_of(parties) == sum_of(count.columns));
        assert_int_equal(parties[P1_P2_P3] + parties[P1_P2] + parties[P1_P3] + parties[P2_P3], 0);
        for (int i = 0; i < EXAMPLE_COLUMNS; i++) {
            assert_true(example_columns[i].kind == COLUMN_COALITION || parties[i] >= count.columns[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forty_two_forty_seven_fifty),
        cmocka_unit_test(a_remainder_of_two_goes_to_the_strongest),
        cmocka_unit_test(equal_each_gives_one_to_each_of_the_strongest),
        cmocka_unit_test(ties_go_to_the_first_on_the_acta),
        cmocka_unit_test(own_votes_alone_decide),
        cmocka_unit_test(other_columns_keep_their_votes),
        cmocka_unit_test(a_common_candidacy_by_percentages),
        cmocka_unit_test(no_vote_is_lost_or_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

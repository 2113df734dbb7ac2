/* Columns, forms and rules of a contest. */
#include "tally/contest.h"

#include "example.h"

static void columns_are_found_by_code(void **unused)
{
    (void)unused;
    struct contest contest = example_contest();
    assert_int_equal(contest_column(&contest, SPAN("P1")), P1);
    assert_int_equal(contest_column(&contest, SPAN("P1_P2_P3")), P1_P2_P3);
    assert_int_equal(contest_column(&contest, SPAN("P")), -1);
    assert_int_equal(contest_column(&contest, SPAN("")), -1);
}

static void a_form_has_the_boxes_of_its_candidacies(void **unused)
{
    (void)unused;
    struct contest contest = example_contest();
    struct candidacy candidacies[] = {
        {.area = 1, .columns = BIT(P1) | BIT(P2) | BIT(P1_P2)},
        {.area = 2, .columns = BIT(P1)},
        {.area = 2, .columns = BIT(CSP)},
        {.area = AREA_NONE, .columns = BIT(RIO)},
    };
    contest.candidacies = candidacies;
    contest.n_candidacies = 4;
    uint64_t always = BIT(WRITE_IN) | BIT(NULLS) | BIT(RIO);
    assert_true(contest_columns_in(&contest, 1) == (always | BIT(P1) | BIT(P2) | BIT(P1_P2)));
    assert_true(contest_columns_in(&contest, 2) == (always | BIT(P1) | BIT(CSP)));
    assert_true(contest_columns_in(&contest, 3) == always);
    assert_true(contest_columns_in(&contest, AREA_NONE) ==
                (always | BIT(P1) | BIT(P2) | BIT(P1_P2) | BIT(CSP)));
}

static void a_party_may_have_votes_without_a_box(void **unused)
{
    (void)unused;
    struct contest contest = example_contest();
    struct candidacy candidacies[] = {
        {.area = 1, .columns = BIT(P1_P2)},
        {.area = 1, .columns = BIT(CSP)},
        {.area = 2, .columns = BIT(RIO)},
    };
    contest.candidacies = candidacies;
    contest.n_candidacies = 3;
    assert_true(contest_parties_in(&contest, 1) == (BIT(P1) | BIT(P2) | BIT(CSP)));
    assert_true(contest_parties_in(&contest, 2) == BIT(RIO));
    assert_true(contest_parties_in(&contest, AREA_NONE) == (BIT(P1) | BIT(P2) | BIT(CSP) | BIT(RIO)));
}

static void boxes_for_nobody_may_stand_first(void **unused)
{
    (void)unused;
    struct column columns[] = {example_columns[NULLS], example_columns[WRITE_IN], example_columns[CSP]};
    struct candidacy candidacy = {.area = AREA_NONE, .columns = BIT(2)};
    struct contest contest = {
        .columns = columns, .n_columns = 3, .candidacies = &candidacy, .n_candidacies = 1};
    assert_true(contest_columns_in(&contest, 1) == (BIT(0) | BIT(1) | BIT(2)));
    assert_true(contest_parties_in(&contest, 1) == BIT(2));
}

static void an_areas_own_rule_goes_before_the_general_one(void **unused)
{
    (void)unused;
    struct contest contest = example_contest();
    struct share_rule rules[] = {
        {.area = AREA_NONE, .column = P1_P2, .kind = SHARE_EQUAL},
        {.area = 7, .column = P1_P2, .kind = SHARE_PERCENT},
        {.area = 7, .column = P1_P3, .kind = SHARE_EQUAL_EACH},
    };
    contest.rules = rules;
    contest.n_rules = 3;
    assert_ptr_equal(contest_rule(&contest, P1_P2, 7), &rules[1]);
    assert_ptr_equal(contest_rule(&contest, P1_P2, 8), &rules[0]);
    assert_ptr_equal(contest_rule(&contest, P1_P2, AREA_NONE), &rules[0]);
    assert_ptr_equal(contest_rule(&contest, P1_P3, 7), &rules[2]);
    assert_null(contest_rule(&contest, P1_P3, 8));
    assert_null(contest_rule(&contest, P2_P3, 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_found_by_code),
        cmocka_unit_test(a_form_has_the_boxes_of_its_candidacies),
        cmocka_unit_test(a_party_may_have_votes_without_a_box),
        cmocka_unit_test(boxes_for_nobody_may_stand_first),
        cmocka_unit_test(an_areas_own_rule_goes_before_the_general_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

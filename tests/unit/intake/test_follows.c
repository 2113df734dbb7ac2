/* Which entry may follow which: a table of nights and entries. */
#include "intake/follows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct entry cut(uint32_t number, uint64_t log_size, uint64_t previous)
{
    struct entry entry = {.type = ENTRY_CUT};
    entry.as.cut = (struct entry_cut){.number = number,
                                      .log_size = log_size,
                                      .previous = previous,
                                      .time_ms = 1000 * (number + 1),
                                      .next_ms = -1};
    return entry;
}

static bool follows(const struct night_known *known, struct entry entry)
{
    struct why why = {0};
    enum err err = entry_follows(known, &entry, &why);
    assert_true(err == OK || (err == ERR_REFUSED && why.text[0] != '\0'));
    return err == OK;
}

static void the_first_cut_is_number_zero_or_one(void **state)
{
    (void)state;
    struct night_known known;
    night_known_init(&known);
    known.size = 10;
    assert_true(follows(&known, cut(0, 10, ENTRY_NONE)));
    assert_true(follows(&known, cut(1, 0, ENTRY_NONE)));
    assert_false(follows(&known, cut(2, 10, ENTRY_NONE)));
    assert_false(follows(&known, cut(0, 11, ENTRY_NONE)));
    assert_false(follows(&known, cut(0, 10, 4)));
}

static void cuts_follow_each_other(void **state)
{
    (void)state;
    struct night_known known;
    night_known_init(&known);
    known.size = 10;
    struct entry first = cut(0, 9, ENTRY_NONE);
    night_known_add(&known, &first);
    assert_int_equal(known.size, 11);
    assert_true(follows(&known, cut(1, 9, 10)));
    assert_true(follows(&known, cut(1, 11, 10)));
    assert_false(follows(&known, cut(1, 8, 10))); /* covers less than the one before */
    assert_false(follows(&known, cut(1, 12, 10)));
    assert_false(follows(&known, cut(0, 9, 10)));
    assert_false(follows(&known, cut(2, 9, 10)));
    assert_false(follows(&known, cut(1, 9, 9)));
    struct entry early = cut(1, 9, 10);
    early.as.cut.time_ms = 1;
    assert_false(follows(&known, early));
    struct entry backwards = cut(1, 9, 10);
    backwards.as.cut.next_ms = backwards.as.cut.time_ms;
    assert_false(follows(&known, backwards));
}

static void the_last_cut_needs_the_close_and_nothing_follows_it(void **state)
{
    (void)state;
    struct night_known known;
    night_known_init(&known);
    known.size = 3;
    struct entry last = cut(0, 3, ENTRY_NONE);
    struct entry close = {.type = ENTRY_CLOSE};
    last.as.cut.last = true;
    assert_false(follows(&known, last));
    assert_true(follows(&known, close));
    night_known_add(&known, &close);
    assert_false(follows(&known, close)); /* once */
    assert_true(follows(&known, last));
    night_known_add(&known, &last);
    assert_false(follows(&known, cut(1, 4, 4)));
}

static void only_the_night_s_own_entries_are_appended(void **state)
{
    (void)state;
    struct night_known known;
    night_known_init(&known);
    known.size = 5;
    assert_false(follows(&known, (struct entry){.type = ENTRY_ACTA}));
    assert_false(follows(&known, (struct entry){.type = ENTRY_OPEN}));
    assert_false(follows(&known, (struct entry){.type = ENTRY_FILE}));
    assert_true(follows(&known, (struct entry){.type = ENTRY_NOTICE}));
    assert_true(follows(&known, (struct entry){.type = ENTRY_EVIDENCE}));
    struct entry key = {.type = ENTRY_KEY, .as.key.replaces = ENTRY_NONE};
    assert_true(follows(&known, key));
    key.as.key.replaces = 5;
    assert_false(follows(&known, key));
    struct entry review = {.type = ENTRY_REVIEW};
    review.as.review.entry = 4;
    assert_true(follows(&known, review));
    review.as.review.entry = 5;
    assert_false(follows(&known, review));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_cut_is_number_zero_or_one),
        cmocka_unit_test(cuts_follow_each_other),
        cmocka_unit_test(the_last_cut_needs_the_close_and_nothing_follows_it),
        cmocka_unit_test(only_the_night_s_own_entries_are_appended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

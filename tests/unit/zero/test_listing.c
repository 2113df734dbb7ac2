/* Listings: what is printed is read as the same; half of one, or one that lacks anything, is none; a vote anywhere is seen. */
#include "zero/listing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static struct listing sample(void)
{
    struct listing listing = {
        .time_ms = 1812333600000, .origin = "prep.example.mx/ejemplo2027", .actas_expected = 40};
    listing.n_programs = 2;
    listing.n_files = 1;
    for (uint32_t i = 0; i < 3; i++) {
        struct listed_file *file = i < 2 ? &listing.programs[i] : &listing.files[0];
        (void)snprintf(file->name, sizeof file->name, "program-%u", i);
        memset(file->sha256, 'a' + (int)i, 64);
    }
    memset(listing.definition, '1', 64);
    memset(listing.rules, '2', 64);
    memset(listing.root, '3', 64);
    listing.places[PLACE_LEDGER] = (struct listed_place){.there = true, .entries = 9};
    listing.has_cut = true;
    return listing;
}

static void what_is_printed_is_read_the_same(void **state)
{
    struct listing listing = sample();
    struct listing again;
    struct buf first = {0};
    struct buf second = {0};
    (void)state;
    listing_print(&listing, &first);
    assert_int_equal(listing_parse(buf_as_span(&first), &again, NULL), OK);
    listing_print(&again, &second);
    assert_true(span_equal(buf_as_span(&first), buf_as_span(&second)));
    assert_int_equal(again.n_programs, 2);
    assert_int_equal(again.places[PLACE_LEDGER].entries, 9);
    assert_false(again.places[PLACE_COPY].there);
    buf_done(&first);
    buf_done(&second);
}

static void half_of_one_is_none(void **state)
{
    struct listing listing = sample();
    struct listing again;
    struct buf text = {0};
    struct why why = {{0}};
    (void)state;
    listing_print(&listing, &text);
    for (size_t len = 0; len + 2 < text.len; len++) {
        assert_int_not_equal(listing_parse(span_of(text.at, len), &again, &why), OK);
    }
    buf_done(&text);
}

static void one_that_lacks_anything_is_none(void **state)
{
    static const char *const keys[] = {"format",      "time",        "origin",   "programs", "rules",
                                       "definition",  "files",       "expected", "places",   "root",
                                       "signed_size", "signed_root", "sha256",   "entries",  "actas",
                                       "captured",    "last"};
    struct listing listing = sample();
    struct listing again;
    struct buf text = {0};
    (void)state;
    listing_print(&listing, &text);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char quoted[40];
        int len = snprintf(quoted, sizeof quoted, "\"%s\":", keys[i]);
        char *at = memmem(text.at, text.len, quoted, (size_t)len);
        assert_non_null(at);
        at[1] = 'X';
        assert_int_equal(listing_parse(buf_as_span(&text), &again, NULL), ERR_SYNTAX);
        at[1] = keys[i][0];
    }
    assert_int_equal(listing_parse(buf_as_span(&text), &again, NULL), OK);
    buf_done(&text);
}

static void a_vote_anywhere_is_seen(void **state)
{
    (void)state;
    for (int i = 0; i < PLACES; i++) {
        struct listing listing = sample();
        assert_true(listing_empty(&listing));
        listing.places[i] = (struct listed_place){.there = true, .entries = 1, .actas = 1};
        assert_false(listing_empty(&listing));
    }
    struct listing captured = sample();
    captured.captured = 1;
    assert_false(listing_empty(&captured));
    struct listing votes = sample();
    votes.votes = 1;
    assert_false(listing_empty(&votes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_printed_is_read_the_same),
        cmocka_unit_test(half_of_one_is_none),
        cmocka_unit_test(one_that_lacks_anything_is_none),
        cmocka_unit_test(a_vote_anywhere_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The keys of the cuts one after the other: whose signature counts for which cut. */
#include "doors/cut_keys.h"
#include "seal_secret/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct secret_key secrets[3];

static int make_secrets(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 3; i++) {
        uint8_t seed[32];
        memset(seed, i + 1, sizeof seed);
        assert_int_equal(secret_key_from_seed(SPAN("prep.example.mx/2027"), seed, &secrets[i]), OK);
    }
    return 0;
}

/* 0 from the first cut, 1 from cut 37. */
static struct cut_keys two_keys(void)
{
    struct cut_keys keys = {.n = 0};
    assert_int_equal(cut_keys_add(&keys, 0, &secrets[0].key, NULL), OK);
    assert_int_equal(cut_keys_add(&keys, 37, &secrets[1].key, NULL), OK);
    return keys;
}

static enum err verify(const struct cut_keys *keys, uint32_t cut, const struct secret_key *by,
                       uint32_t *place, struct why *why)
{
    struct buf text = {0};
    struct buf note = {0};
    struct span inside;
    buf_printf(&text, "prep-manifest/v1\norigin prep.example.mx/2027\ncut %u\ntime x\n", cut);
    note_make(by, buf_as_span(&text), &note);
    enum err err = cut_keys_verify(keys, buf_as_span(&note), &inside, place, why);
    if (err == OK) {
        assert_true(span_equal(inside, buf_as_span(&text)));
    }
    buf_done(&text);
    buf_done(&note);
    return err;
}

static void test_whose_cut(void **state)
{
    (void)state;
    const struct cut_keys keys = two_keys();
    uint32_t place = 9;
    struct why why = {{0}};
    assert_int_equal(verify(&keys, 0, &secrets[0], &place, NULL), OK);
    assert_int_equal(place, 0);
    assert_int_equal(verify(&keys, 36, &secrets[0], &place, NULL), OK);
    assert_int_equal(verify(&keys, 37, &secrets[1], &place, NULL), OK);
    assert_int_equal(place, 1);
    /* the new key signs what the lost one left unsigned */
    assert_int_equal(verify(&keys, 36, &secrets[1], &place, NULL), OK);
    assert_int_equal(place, 1);
    assert_int_equal(verify(&keys, 37, &secrets[0], &place, &why), ERR_FORGED);
    assert_non_null(strstr(why.text, "signs nothing from cut 37 on"));
    why = (struct why){{0}};
    assert_int_equal(verify(&keys, 37, &secrets[2], &place, &why), ERR_MISSING);
    assert_non_null(strstr(why.text, "no key that the log binds"));
    const struct cut_keys none = {.n = 0};
    assert_int_equal(verify(&none, 0, &secrets[0], &place, NULL), ERR_MISSING);
}

static void test_both_signatures(void **state)
{
    (void)state;
    const struct cut_keys keys = two_keys();
    struct buf note = {0};
    struct span text, inside;
    uint32_t place = 0;
    text = SPAN("prep-manifest/v1\norigin prep.example.mx/2027\ncut 40\n");
    note_make(&secrets[0], text, &note);
    note_sign(&secrets[1], text, &note);
    assert_int_equal(cut_keys_verify(&keys, buf_as_span(&note), &inside, &place, NULL), OK);
    assert_int_equal(place, 1);
    note.at[note.len - 6] ^= 1; /* within the line of the key that holds */
    assert_int_not_equal(cut_keys_verify(&keys, buf_as_span(&note), &inside, &place, NULL), OK);
    buf_done(&note);
}

static void test_no_manifest(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "una nota\n", "a\nb\n", "a\nb\ncut\n", "a\nb\ncut -1\n", "a\nb\ncut 99999999999\n", "a\nb\nCUT 1\n"};
    const struct cut_keys keys = two_keys();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buf note = {0};
        struct span inside;
        uint32_t place = 0;
        note_make(&secrets[0], span_str(texts[i]), &note);
        assert_int_equal(cut_keys_verify(&keys, buf_as_span(&note), &inside, &place, NULL), ERR_SYNTAX);
        buf_done(&note);
    }
}

static void test_file(void **state)
{
    (void)state;
    const struct cut_keys keys = two_keys();
    struct cut_keys again = {.n = 9};
    struct buf text = {0};
    cut_keys_print(&keys, &text);
    assert_int_equal(cut_keys_parse(buf_as_span(&text), &again, NULL), OK);
    assert_int_equal(again.n, 2);
    assert_int_equal(again.keys[1].from, 37);
    assert_int_equal(cut_keys_find(&again, &secrets[1].key), 1);
    assert_int_equal(cut_keys_find(&again, &secrets[2].key), -1);
    buf_clear(&text);
    note_key_print(&secrets[2].key, &text);
    buf_char(&text, '\n');
    assert_int_equal(cut_keys_parse(buf_as_span(&text), &again, NULL), OK);
    assert_int_equal(again.n, 1);
    assert_int_equal(again.keys[0].from, 0);
    assert_int_equal(cut_keys_parse(SPAN("\n"), &again, NULL), OK);
    assert_int_equal(again.n, 0);
    buf_done(&text);
}

static void test_hostile_files(void **state)
{
    (void)state;
    struct buf a = {0}, b = {0};
    note_key_print(&secrets[0].key, &a);
    note_key_print(&secrets[1].key, &b);
    const struct {
        const char *before, *between, *after; /* the keys go in between */
        enum err err;
    } cases[] = {
        {"cut 3 ", "\ncut 2 ", "\n", ERR_RANGE},
        {"cut 3 ", "\n", "\n", ERR_SYNTAX},
        {"", "\n", "\n", ERR_SYNTAX},
        {"cut x ", "\ncut 9 ", "\n", ERR_SYNTAX},
        {"cut 1 ", " cut 2 ", "\n", ERR_SYNTAX},
        {"cut 1\n", "", "\n", ERR_SYNTAX},
        {"cut 1 ", "\n\ncut 2 ", "\n", ERR_SYNTAX},
        {"cut  1 ", "\ncut 2 ", "\n", ERR_SYNTAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        struct cut_keys keys = {.n = 7};
        snprintf(text, sizeof text, "%s%s%s%s%s", cases[i].before, buf_cstr(&a), cases[i].between,
                 buf_cstr(&b), cases[i].after);
        enum err err = cut_keys_parse(span_str(text), &keys, NULL);
        if (cases[i].err == ERR_RANGE) {
            assert_int_equal(err, ERR_RANGE);
        }
        assert_int_not_equal(err, OK);
        assert_int_equal(keys.n, 7);
    }
    struct cut_keys keys = two_keys(); /* what has ended does not come back */
    assert_int_equal(cut_keys_add(&keys, 50, &secrets[0].key, NULL), ERR_EXISTS);
    assert_int_equal(cut_keys_add(&keys, 36, &secrets[2].key, NULL), ERR_RANGE);
    assert_int_equal(cut_keys_add(&keys, 37, &secrets[2].key, NULL), OK);
    assert_false(cut_keys_hold(&keys, 1, 37));
    assert_true(cut_keys_hold(&keys, 2, 37));
    assert_false(cut_keys_hold(&keys, 3, 37));
    buf_done(&a);
    buf_done(&b);
}

static void test_full(void **state)
{
    (void)state;
    struct cut_keys keys = {.n = 0};
    for (uint32_t i = 0; i <= CUT_KEYS_MAX; i++) {
        struct secret_key one;
        uint8_t seed[32] = {(uint8_t)i, 99};
        assert_int_equal(secret_key_from_seed(SPAN("x"), seed, &one), OK);
        assert_int_equal(cut_keys_add(&keys, i, &one.key, NULL), i < CUT_KEYS_MAX ? OK : ERR_FULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whose_cut),     cmocka_unit_test(test_both_signatures),
        cmocka_unit_test(test_no_manifest),   cmocka_unit_test(test_file),
        cmocka_unit_test(test_hostile_files), cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, make_secrets, NULL);
}

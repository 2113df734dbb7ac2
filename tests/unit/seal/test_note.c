/* Signed notes: the specification's own example, our own notes, and notes that must be refused. */
#include "seal/note.h"

#include "seal_secret/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

/* The example of C2SP signed-note v1.0.0. */
static const char EXAMPLE[] =
    "This is an example message.\n\n"
    "\xe2\x80\x94 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
static const char EXAMPLE_KEY[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

static struct secret_key seeded(const char *name, uint8_t fill)
{
    uint8_t seed[32];
    memset(seed, fill, sizeof seed);
    struct secret_key key;
    assert_int_equal(secret_key_from_seed(span_str(name), seed, &key), OK);
    return key;
}

static enum err verify(struct span note, const struct note_key *key)
{
    struct span text;
    size_t by = 99;
    struct why why = {""};
    enum err err = note_verify(note, key, 1, &text, &by, &why);
    assert_true(err == OK || why.text[0] != '\0');
    return err;
}

static void the_specifications_example(void **state)
{
    (void)state;
    struct note_key key;
    struct why why = {""};
    assert_int_equal(note_key_parse(span_str(EXAMPLE_KEY), &key, &why), OK);
    assert_int_equal(verify(span_str(EXAMPLE), &key), OK);
    struct buf printed;
    buf_init(&printed, 0);
    note_key_print(&key, &printed);
    assert_string_equal(buf_cstr(&printed), EXAMPLE_KEY);
    buf_done(&printed);
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct secret_key key = seeded("prep.example.mx/test", 7);
    struct buf note;
    buf_init(&note, 0);
    note_make(&key, SPAN("one\n\ntwo\n"), &note);
    assert_int_equal(verify(buf_as_span(&note), &key.key), OK);
    for (size_t bit = 0; bit < note.len * 8; bit++) {
        note.at[bit / 8] = (char)(note.at[bit / 8] ^ (1 << bit % 8));
        assert_int_not_equal(verify(buf_as_span(&note), &key.key), OK);
        note.at[bit / 8] = (char)(note.at[bit / 8] ^ (1 << bit % 8));
    }
    buf_done(&note);
}

static void unknown_signers_do_not_count(void **state)
{
    (void)state;
    struct secret_key ours = seeded("ours", 1);
    struct secret_key theirs = seeded("theirs", 2);
    struct buf note;
    buf_init(&note, 0);
    note_make(&theirs, SPAN("text\n"), &note);
    assert_int_equal(verify(buf_as_span(&note), &ours.key), ERR_MISSING);
    note_sign(&ours, SPAN("text\n"), &note);
    assert_int_equal(verify(buf_as_span(&note), &ours.key), OK);
    note_sign(&ours, SPAN("other text\n"), &note); /* a wrong one of a known key spoils the note */
    assert_int_equal(verify(buf_as_span(&note), &ours.key), ERR_FORGED);
    buf_done(&note);
}

static void hostile_notes(void **state)
{
    (void)state;
    struct secret_key key = seeded("k", 3);
    static const char *const rows[] = {
        "",
        "\n",
        "\n\n",
        "text\n",
        "text\n\n",
        "text\n\nno dash\n",
        "text\n\n\xe2\x80\x94 k\n",
        "text\n\n\xe2\x80\x94 k !!!!\n",
        "text\r\n\n\xe2\x80\x94 k AAAA\n",
        "text\n\n\xe2\x80\x94 k AAAAAAAA",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_not_equal(verify(span_str(rows[i]), &key.key), OK);
    }
}

static void keys_that_are_none(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "example.com/foo",
        "example.com/foo+530d903a",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", /* another id */
        "example.com/fo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",  /* another name */
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", /* another type */
        "low+00000000+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",             /* a low-order point */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct note_key key;
        struct why why = {""};
        assert_int_not_equal(note_key_parse(span_str(rows[i]), &key, &why), OK);
        assert_int_not_equal(why.text[0], '\0');
    }
}

static void secret_keys_survive_paper(void **state)
{
    (void)state;
    struct secret_key key;
    assert_int_equal(secret_key_new(SPAN("centre-1"), &key), OK);
    struct buf text;
    buf_init(&text, 0);
    secret_key_print(&key, &text);
    struct secret_key read;
    struct why why = {""};
    assert_int_equal(secret_key_parse(buf_as_span(&text), &read, &why), OK);
    assert_memory_equal(read.secret, key.secret, sizeof key.secret);
    text.at[text.len - 3] ^= 1;
    assert_int_not_equal(secret_key_parse(buf_as_span(&text), &read, &why), OK);
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_specifications_example),   cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(unknown_signers_do_not_count), cmocka_unit_test(hostile_notes),
        cmocka_unit_test(keys_that_are_none),           cmocka_unit_test(secret_keys_survive_paper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

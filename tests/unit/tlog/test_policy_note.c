/* Versions of the policy: what parses, what does not, and whose signatures carry one version to the next. */
#include "os/file.h"
#include "seal/digest.h"
#include "seal_secret/sign.h"
#include "tlog/policy_note.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static const char GOOD[] = "tests/vectors/policy-note/good";
static const char HOSTILE[] = "tests/vectors/policy-note/hostile";

static struct policy_note *read_note(const char *dir, const char *name, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf bytes = {0};
    struct policy_note *note = NULL;
    assert_int_equal(file_read(path_join(path, dir, name), POLICY_NOTE_MAX, &bytes, NULL), OK);
    enum err err = policy_note_parse(buf_as_span(&bytes), &note, why);
    assert_true((err == OK) == (note != NULL));
    buf_done(&bytes);
    return note;
}

static enum err see_hostile(void *arg, const char *name, int64_t size)
{
    struct why why = {""};
    (void)size;
    if (read_note(HOSTILE, name, &why) != NULL) {
        fail_msg("%s must be refused", name);
    }
    assert_true(strlen(why.text) > 10);
    ++*(int *)arg;
    return OK;
}

static void hostile_notes(void **state)
{
    (void)state;
    int n = 0;
    assert_int_equal(folder_walk(HOSTILE, see_hostile, &n, NULL), OK);
    assert_true(n >= 28);
}

/* The text and its note pin the same log; a note that its roots have not signed pins nothing. */
static void what_is_pinned(void **state)
{
    (void)state;
    struct why why = {""};
    struct policy_note *note = read_note(GOOD, "first", &why);
    struct policy *policy = NULL;
    struct buf altered = {0};
    assert_non_null(note);
    const struct span forms[] = {note->text, note->note};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(policy_pinned_parse(forms[i], &policy, &why), OK);
        assert_int_equal(policy->n_logs, note->policy->n_logs);
        policy_free(policy);
    }
    assert_int_not_equal(policy_or_keys_parse(note->note, &policy, &why), OK);
    assert_null(policy);
    struct span head = span_of(note->note.at, note->text.len);
    buf_span(&altered, head);
    buf_str(&altered, "\n\xE2\x80\x94 nobody AAAAAAAA\n");
    assert_int_not_equal(policy_pinned_parse(buf_as_span(&altered), &policy, &why), OK);
    assert_null(policy);
    assert_int_not_equal(policy_pinned_parse(SPAN("# nothing\n"), &policy, &why), OK);
    policy_note_free(note);
    buf_done(&altered);
}

static void notes_of_another_implementation(void **state)
{
    (void)state;
    struct why why = {""};
    struct policy_note *first = read_note(GOOD, "first", &why);
    struct policy_note *second = read_note(GOOD, "second-continues-the-first", &why);
    assert_true(first != NULL && second != NULL);
    assert_int_equal(policy_note_verify(first, &why), OK);
    assert_int_equal(policy_note_follows(second, first, &why), OK);
    assert_int_equal(policy_note_follows(first, second, &why), ERR_CONFLICT);
    assert_int_equal(policy_note_follows(second, second, &why), ERR_CONFLICT);
    assert_true(span_starts(second->head.continues, SPAN("prep.example.mx/2027\n1\n")));
    policy_note_free(first);
    policy_note_free(second);
}

/* --- five root keys, of which two go and two come --- */

static struct secret_key root[5], log_key[2];

static int make_keys(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 7; i++) {
        uint8_t seed[32];
        char name[64];
        memset(seed, 40 + i, sizeof seed);
        snprintf(name, sizeof name, i < 5 ? "simulacro.mx/raiz-%u" : "simulacro.mx", i);
        if (secret_key_from_seed(span_str(name), seed, i < 5 ? &root[i] : &log_key[i - 5]) != OK) {
            return 1;
        }
    }
    return 0;
}

/* Version `version` with roots [from, from + 3), two needed, signed by those whose bits are set. */
static struct policy_note *made(uint32_t version, const struct policy_note *before, int from,
                                unsigned signers)
{
    struct policy_head head = {
        .origin = SPAN("simulacro.mx"), .drill = true, .version = version, .threshold = 2, .n_roots = 3};
    struct buf text = {0}, note = {0};
    struct policy_note *out = NULL;
    struct why why = {""};
    if (before != NULL) {
        head.has_previous = true;
        digest_of(before->text, head.previous);
    }
    for (int i = 0; i < 3; i++) {
        head.roots[i] = root[from + i].key;
    }
    policy_head_print(&head, &text);
    buf_str(&text, "log ");
    note_key_print(&log_key[version % 2].key, &text);
    buf_str(&text, "\nquorum none\n");
    buf_span(&note, buf_as_span(&text));
    buf_char(&note, '\n');
    for (int i = 0; i < 5; i++) {
        if ((signers >> i & 1) != 0) {
            note_sign(&root[i], buf_as_span(&text), &note);
        }
    }
    if (policy_note_parse(buf_as_span(&note), &out, &why) != OK) {
        fail_msg("%s", why.text);
    }
    buf_done(&text);
    buf_done(&note);
    return out;
}

static unsigned bits(unsigned set)
{
    return (unsigned)__builtin_popcount(set);
}

/* Version 1 has roots 0, 1, 2, version 2 has 2, 3, 4: of every set of signers exactly those with two of each pass. */
static void two_of_each(void **state)
{
    (void)state;
    struct policy_note *first = made(1, NULL, 0, 3);
    for (unsigned set = 1; set < 32; set++) {
        struct why why = {""};
        struct policy_note *second = made(2, first, 2, set);
        bool due = bits(set & 7) >= 2 && bits(set >> 2) >= 2;
        enum err err = policy_note_follows(second, first, &why);
        assert_int_equal(err, due ? OK : ERR_MISSING);
        assert_true(due || strstr(why.text, "are needed") != NULL);
        policy_note_free(second);
    }
    policy_note_free(first);
}

static void one_key_signs_once(void **state)
{
    (void)state;
    struct policy_note *once = made(1, NULL, 0, 1);
    struct buf note = {0};
    struct why why = {""};
    struct policy_note *twice = NULL;
    buf_span(&note, once->note);
    note_sign(&root[0], once->text, &note);
    assert_int_equal(policy_note_parse(buf_as_span(&note), &twice, &why), OK);
    assert_int_equal(policy_note_verify(twice, &why), ERR_MISSING);
    buf_clear(&note);
    buf_span(&note, once->note);
    note_sign(&root[1], SPAN("another text\n"), &note); /* a wrong one of a root spoils the note */
    policy_note_free(twice);
    assert_int_equal(policy_note_parse(buf_as_span(&note), &twice, &why), OK);
    assert_int_equal(policy_note_verify(twice, &why), ERR_FORGED);
    policy_note_free(twice);
    policy_note_free(once);
    buf_done(&note);
}

static void a_version_left_out_or_exchanged(void **state)
{
    (void)state;
    struct why why = {""};
    struct policy_note *first = made(1, NULL, 0, 3);
    struct policy_note *other = made(1, NULL, 1, 6);
    struct policy_note *second = made(2, first, 0, 3);
    struct policy_note *third = made(3, second, 0, 3);
    assert_int_equal(policy_note_follows(second, first, &why), OK);
    assert_int_equal(policy_note_follows(third, second, &why), OK);
    assert_int_equal(policy_note_follows(third, first, &why), ERR_CONFLICT);
    assert_int_equal(policy_note_follows(second, other, &why), ERR_CONFLICT);
    policy_note_free(first), policy_note_free(other), policy_note_free(second), policy_note_free(third);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_notes),
        cmocka_unit_test(what_is_pinned),
        cmocka_unit_test(notes_of_another_implementation),
        cmocka_unit_test(two_of_each),
        cmocka_unit_test(one_key_signs_once),
        cmocka_unit_test(a_version_left_out_or_exchanged),
    };
    return cmocka_run_group_tests(tests, make_keys, NULL);
}

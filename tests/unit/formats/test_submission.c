/* Submissions: golden texts print back, hostile ones are refused by name, bodies are parted at the note's
 * end. */
#include "formats/submission.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const char GOOD[] = "tests/vectors/submission/good";
static const char HOSTILE[] = "tests/vectors/submission/hostile";

static void read_vector(const char *dir, const char *name, struct buf *out)
{
    char path[FILE_PATH_MAX];
    assert_int_equal(file_read(path_join(path, dir, name), 1 << 20, out, NULL), OK);
}

static enum err check_good(void *arg, const char *name, int64_t size)
{
    struct buf text = {0};
    struct buf printed = {0};
    struct submission submission;
    struct why why = {0};
    (void)size;
    read_vector(GOOD, name, &text);
    if (submission_parse(buf_as_span(&text), &submission, &why) != OK) {
        fail_msg("%s: %s", name, why.text);
    }
    submission_print(&submission, &printed);
    if (!span_equal(buf_as_span(&text), buf_as_span(&printed))) {
        fail_msg("%s prints as\n%s", name, buf_cstr(&printed));
    }
    ++*(int *)arg;
    buf_done(&text);
    buf_done(&printed);
    return OK;
}

static void golden_submissions_print_back(void **state)
{
    (void)state;
    int n = 0;
    assert_int_equal(folder_walk(GOOD, check_good, &n, NULL), OK);
    assert_true(n >= 8);
}

static enum err check_hostile(void *arg, const char *name, int64_t size)
{
    struct buf text = {0};
    struct submission submission = {.version = 77};
    struct why why = {0};
    (void)size;
    read_vector(HOSTILE, name, &text);
    if (submission_parse(buf_as_span(&text), &submission, &why) == OK) {
        fail_msg("%s was accepted", name);
    }
    assert_non_null(strstr(why.text, "line "));
    assert_int_equal(submission.version, 77);
    ++*(int *)arg;
    buf_done(&text);
    return OK;
}

static void hostile_submissions_are_refused(void **state)
{
    (void)state;
    int n = 0;
    assert_int_equal(folder_walk(HOSTILE, check_hostile, &n, NULL), OK);
    assert_true(n >= 40);
}

static void bodies_part_after_the_signature_lines(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        size_t note; /* bytes; 0: refused */
    } bodies[] = {
        {"text\n\n\xe2\x80\x94 a b\n", 14},
        {"text\n\n\xe2\x80\x94 a b\n\xff\xd8image", 14},
        {"text\n\n\xe2\x80\x94 a b\n\xe2\x80\x94 c d\n\xff\xd8", 22},
        {"text\n\n\xe2\x80\x94 torn", 6}, /* the torn line is taken for an image: there is no signature */
        {"text\n\nimage", 6},
        {"text\n", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct span note;
        struct span image;
        struct span body = span_str(bodies[i].body);
        enum err err = submission_split(body, &note, &image, NULL);
        assert_int_equal(err, bodies[i].note == 0 ? ERR_SYNTAX : OK);
        if (err == OK) {
            assert_int_equal(note.len, bodies[i].note);
            assert_int_equal(image.len, body.len - note.len);
        }
    }
}

static void a_note_past_its_limit_is_too_big(void **state)
{
    (void)state;
    struct buf body = {0};
    struct span note;
    struct span image;
    while (body.len <= SUBMISSION_NOTE_MAX) {
        buf_str(&body, "line\n");
    }
    assert_int_equal(submission_split(buf_as_span(&body), &note, &image, NULL), ERR_TOO_BIG);
    buf_clear(&body);
    buf_str(&body, "text\n\n");
    while (body.len <= SUBMISSION_NOTE_MAX) {
        buf_str(&body, "\xe2\x80\x94 a b\n");
    }
    assert_int_equal(submission_split(buf_as_span(&body), &note, &image, NULL), ERR_TOO_BIG);
    buf_done(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_submissions_print_back),
        cmocka_unit_test(hostile_submissions_are_refused),
        cmocka_unit_test(bodies_part_after_the_signature_lines),
        cmocka_unit_test(a_note_past_its_limit_is_too_big),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

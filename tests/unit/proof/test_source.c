/* Where a tree is read from: what is taken for a folder or a site, and what reading says that is not there. */
#include "folder.h"

static void a_nights_folder_means_its_public_one(void **state)
{
    (void)state;
    struct folder folder;
    struct buf out = {0};
    struct why why = {""};
    folder_begin(&folder);
    folder_put(&folder, "latest.json", SPAN("outside"));
    struct source *source = folder_source(&folder);
    assert_int_equal(source_read(source, "latest.json", 100, &out, &why), OK);
    assert_true(span_is(buf_as_span(&out), "outside"));
    source_close(source);
    folder_put(&folder, "public/latest.json", SPAN("inside"));
    source = folder_source(&folder);
    assert_true(source_is_folder(source));
    assert_int_equal(source_read(source, "latest.json", 100, &out, &why), OK);
    assert_true(span_is(buf_as_span(&out), "inside")); /* and what was in the buffer is gone */
    source_close(source);
    buf_done(&out);
    folder_end(&folder);
}

static void what_is_not_there_and_what_is_too_large(void **state)
{
    (void)state;
    struct folder folder;
    struct buf out = {0};
    struct why why = {""};
    folder_begin(&folder);
    folder_put(&folder, "cut/1/manifest", SPAN("0123456789"));
    struct source *source = folder_source(&folder);
    assert_int_equal(source_read(source, "cut/2/manifest", 100, &out, &why), ERR_MISSING);
    assert_non_null(strstr(why.text, "cut/2/manifest"));
    assert_int_equal(source_read(source, "cut/1/manifest", 9, &out, NULL), ERR_TOO_BIG);
    assert_int_equal(source_read(source, "cut/1/manifest", 10, &out, NULL), OK);
    assert_int_not_equal(source_read(source, "cut/1", 100, &out, NULL), OK); /* a folder is no file */
    assert_int_equal(source_reads(source), 4);
    source_close(source);
    buf_done(&out);
    folder_end(&folder);
}

static void no_such_place(void **state)
{
    (void)state;
    static char far[FILE_PATH_MAX + 20];
    struct source *source = NULL;
    struct why why = {""};
    assert_int_equal(source_open("/nowhere/at/all", &source, &why), ERR_MISSING);
    assert_non_null(strstr(why.text, "/nowhere/at/all"));
    memset(far, 'a', sizeof far - 1);
    assert_int_equal(source_open(far, &source, NULL), ERR_TOO_BIG);
    memcpy(far, "http://", 7);
    assert_int_equal(source_open(far, &source, NULL), ERR_TOO_BIG);
    assert_null(source);
}

/* Nobody listens on port 1 of this machine: the sentence names the address, one slash between its parts. */
static void a_site_that_does_not_answer(void **state)
{
    (void)state;
    struct source *source = NULL;
    struct buf out = {0};
    struct why why = {""};
    assert_int_equal(source_open("http://127.0.0.1:1///", &source, &why), OK);
    assert_false(source_is_folder(source));
    assert_int_equal(source_read(source, "latest.json", 100, &out, &why), ERR_IO);
    assert_non_null(strstr(why.text, "127.0.0.1:1/latest.json"));
    assert_int_equal(source_bytes(source), 0);
    source_close(source);
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nights_folder_means_its_public_one),
        cmocka_unit_test(what_is_not_there_and_what_is_too_large),
        cmocka_unit_test(no_such_place),
        cmocka_unit_test(a_site_that_does_not_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

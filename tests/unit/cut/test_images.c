/* Images come before the public with the cut that covers their acta, and not before. */
#include "cut/images.h"
#include "os/file.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static char root[64];

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/atalaya-images-XXXXXX");
    return mkdtemp(root) == NULL;
}

static int remove_root(void **state)
{
    (void)state;
    struct why why = {""};
    return folder_remove(root, &why) != OK;
}

#define DIGEST(start) start "11223344556677889900aabbccddeeff0011223344556677889900aabbccdd"

static void store(const char *name)
{
    char folder[FILE_PATH_MAX], path[FILE_PATH_MAX];
    struct why why = {""};
    snprintf(folder, sizeof folder, "%s/images/%.2s", root, name);
    assert_int_equal(folder_make(folder, &why), OK);
    assert_int_equal(file_write(path_join(path, folder, name), span_str(name), false, &why), OK);
}

static bool is_public(const char *name)
{
    char folder[FILE_PATH_MAX], path[FILE_PATH_MAX];
    snprintf(folder, sizeof folder, "%s/public/acta", root);
    return file_exists(path_join(path, folder, name));
}

static void note(struct images *images, uint64_t index, const char *type, const char *image)
{
    char entry[256];
    snprintf(entry, sizeof entry, "%s\nacta 090001C0100A02\nimage %s\nreceived -\n", type, image);
    images_note(images, index, span_str(entry));
}

static void an_image_waits_for_its_cut(void **state)
{
    (void)state;
    struct images images;
    struct why why = {""};
    store(DIGEST("aa") ".jpg");
    store(DIGEST("bb") ".jpg");
    assert_int_equal(images_init(&images, root, &why), OK);
    note(&images, 5, "prep-acta/v1", DIGEST("aa") " 10");
    note(&images, 6, "prep-acta/v1", "-");
    note(&images, 7, "prep-acta/v1", DIGEST("bb") " 10");
    assert_int_equal(images.n, 2);
    assert_int_equal(images_publish(&images, 5, &why), OK);
    assert_false(is_public(DIGEST("aa") ".jpg"));
    assert_int_equal(images_publish(&images, 7, &why), OK);
    assert_true(is_public(DIGEST("aa") ".jpg"));
    assert_false(is_public(DIGEST("bb") ".jpg"));
    assert_int_equal(images.n, 1);
    assert_int_equal(images_publish(&images, 8, &why), OK);
    assert_true(is_public(DIGEST("bb") ".jpg"));
    assert_int_equal(images.n, 0);
    images_done(&images);
}

static void one_that_is_not_stored_is_tried_again(void **state)
{
    (void)state;
    struct images images;
    struct why why = {""};
    assert_int_equal(images_init(&images, root, &why), OK);
    note(&images, 1, "prep-acta/v1", DIGEST("cc") " 10");
    assert_int_equal(images_publish(&images, 2, &why), OK);
    assert_int_equal(images.n, 1);
    store(DIGEST("cc") ".png");
    assert_int_equal(images_publish(&images, 2, &why), OK);
    assert_int_equal(images.n, 0);
    assert_true(is_public(DIGEST("cc") ".png"));
    assert_true(is_public(DIGEST("cc") ".jpg"));          /* the name that pages link to */
    note(&images, 3, "prep-acta/v1", DIGEST("cc") " 10"); /* the same image again, or a restart */
    assert_int_equal(images_publish(&images, 4, &why), OK);
    assert_int_equal(images.n, 0);
    images_done(&images);
}

/* Many that are stored nowhere: each gets its turn, in so many cuts as it takes, and a new one need not wait. */
static void those_that_wait_take_turns(void **state)
{
    (void)state;
    enum { MANY = IMAGES_RETRIED * 2 + 100 };
    struct images images;
    struct why why = {""};
    char name[80], last[80];
    assert_int_equal(images_init(&images, root, &why), OK);
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "%064x 10", i + 1);
        note(&images, i, "prep-acta/v1", name);
    }
    assert_int_equal(images_publish(&images, MANY, &why), OK);
    snprintf(last, sizeof last, "%064x.jpg", (unsigned)MANY);
    store(last);
    store(DIGEST("ee") ".jpg");
    note(&images, MANY, "prep-acta/v1", DIGEST("ee") " 10");
    for (unsigned tries = 1; tries <= 3; tries++) {
        assert_int_equal(images_publish(&images, MANY + 1, &why), OK);
        assert_true(is_public(DIGEST("ee") ".jpg"));
        assert_int_equal(is_public(last), tries == 3);
    }
    assert_int_equal(images.n, MANY - 1);
    store("0000000000000000000000000000000000000000000000000000000000000001.jpg");
    assert_int_equal(images_publish(&images, MANY + 1, &why), OK);
    assert_int_equal(images.n, MANY - 2);
    images_done(&images);
}

/* Everything that was published so far is taken away, for a night that begins. */
static void begin_anew(struct images *images)
{
    char path[FILE_PATH_MAX];
    struct why why = {""};
    assert_int_equal(folder_remove(path_join(path, root, "public/acta"), &why), OK);
    assert_int_equal(images_init(images, root, &why), OK);
}

static bool is_ahead(const char *name)
{
    char folder[FILE_PATH_MAX], path[FILE_PATH_MAX];
    snprintf(folder, sizeof folder, "%s/run/acta", root);
    return file_exists(path_join(path, folder, name));
}

static void what_comes_before_the_first_cut_is_named_ahead(void **state)
{
    (void)state;
    struct images images;
    struct why why = {""};
    store(DIGEST("aa") ".jpg");
    store(DIGEST("1b") ".png");
    begin_anew(&images);
    note(&images, 5, "prep-acta/v1", DIGEST("aa") " 10");
    note(&images, 6, "prep-acta/v1", DIGEST("1b") " 10");
    note(&images, 7, "prep-acta/v1", DIGEST("0f") " 10"); /* not stored yet */
    assert_false(images_name_ahead(&images));
    assert_true(is_ahead(DIGEST("aa") ".jpg") && is_ahead(DIGEST("1b") ".png") &&
                is_ahead(DIGEST("1b") ".jpg"));
    assert_false(is_public(DIGEST("aa") ".jpg") || is_public(DIGEST("1b") ".png"));
    assert_int_equal(images_publish(&images, 2, &why), OK); /* the zero cut covers none of them */
    assert_false(is_public(DIGEST("aa") ".jpg") || is_public(DIGEST("1b") ".jpg"));
    store(DIGEST("0f") ".jpg");
    assert_int_equal(images_publish(&images, 8, &why), OK);
    assert_true(is_public(DIGEST("aa") ".jpg") && is_public(DIGEST("1b") ".png") &&
                is_public(DIGEST("1b") ".jpg"));
    assert_true(is_public(DIGEST("0f") ".jpg"));
    assert_false(is_ahead(DIGEST("aa") ".jpg"));
    assert_int_equal(images.n, 0);
    note(&images, 9, "prep-acta/v1", DIGEST("aa") " 10");
    assert_false(images_name_ahead(&images)); /* once something is public each is named with its cut */
    assert_int_equal(images_publish(&images, 10, &why), OK);
    assert_int_equal(images.n, 0);
    images_done(&images);
}

/* Memory as it comes is not what a note says: one that had no turn yet is named with its cut. */
static void one_that_had_no_turn_is_named_with_its_cut(void **state)
{
    (void)state;
    struct images images;
    struct why why = {""};
    mallopt(M_PERTURB, 0x5a);
    store(DIGEST("aa") ".jpg");
    store(DIGEST("cc") ".jpg");
    begin_anew(&images);
    note(&images, 5, "prep-acta/v1", DIGEST("aa") " 10");
    assert_false(images_name_ahead(&images));
    note(&images, 6, "prep-acta/v1", DIGEST("cc") " 10");
    assert_int_equal(images_publish(&images, 7, &why), OK);
    assert_true(is_public(DIGEST("aa") ".jpg") && is_public(DIGEST("cc") ".jpg"));
    assert_int_equal(images.n, 0);
    images_done(&images);
    mallopt(M_PERTURB, 0);
}

/* The folder holds one that the cut does not cover: none is shown by it but those that are. */
static void a_name_ahead_of_its_cut_is_not_shown(void **state)
{
    (void)state;
    struct images images;
    struct why why = {""};
    store(DIGEST("aa") ".jpg");
    store(DIGEST("cc") ".jpg");
    begin_anew(&images);
    note(&images, 5, "prep-acta/v1", DIGEST("aa") " 10");
    note(&images, 9, "prep-acta/v1", DIGEST("cc") " 10");
    assert_false(images_name_ahead(&images));
    assert_int_equal(images_publish(&images, 6, &why), OK);
    assert_true(is_public(DIGEST("aa") ".jpg"));
    assert_false(is_public(DIGEST("cc") ".jpg"));
    assert_false(images_name_ahead(&images));
    assert_false(is_ahead(DIGEST("cc") ".jpg")); /* what was named there is of no use any more */
    assert_int_equal(images_publish(&images, 10, &why), OK);
    assert_true(is_public(DIGEST("cc") ".jpg"));
    assert_int_equal(images.n, 0);
    images_done(&images);
}

/* A role that was stopped: what lies in its folder is nobody's, and where something is public nothing is named ahead. */
static void what_a_stopped_role_named_is_taken_away(void **state)
{
    (void)state;
    struct images images;
    struct why why = {""};
    store(DIGEST("aa") ".jpg");
    store(DIGEST("cc") ".jpg");
    begin_anew(&images);
    note(&images, 5, "prep-acta/v1", DIGEST("cc") " 10");
    assert_false(images_name_ahead(&images));
    images_done(&images);
    assert_int_equal(images_init(&images, root, &why), OK);
    assert_false(is_ahead(DIGEST("cc") ".jpg"));
    note(&images, 4, "prep-acta/v1", DIGEST("aa") " 10");
    assert_int_equal(images_publish(&images, 5, &why), OK);
    images_done(&images);
    assert_int_equal(images_init(&images, root, &why), OK);
    note(&images, 4, "prep-acta/v1", DIGEST("aa") " 10");
    note(&images, 5, "prep-acta/v1", DIGEST("cc") " 10");
    assert_false(images_name_ahead(&images));
    assert_false(is_ahead(DIGEST("aa") ".jpg") || is_public(DIGEST("cc") ".jpg"));
    assert_int_equal(images_publish(&images, 6, &why), OK);
    assert_true(is_public(DIGEST("aa") ".jpg") && is_public(DIGEST("cc") ".jpg"));
    images_done(&images);
}

static void other_entries_name_no_image(void **state)
{
    (void)state;
    struct images images;
    struct why why = {""};
    assert_int_equal(images_init(&images, root, &why), OK);
    note(&images, 1, "prep-notice/v1", DIGEST("dd") " 10");
    note(&images, 2, "prep-acta/v1", "../../../etc/passwd 10");
    images_note(&images, 3, SPAN("prep-acta/v1\n"));
    images_note(&images, 4, SPAN("prep-acta/v1\nacta x\nimage"));
    assert_int_equal(images.n, 0);
    images_done(&images);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_waits_for_its_cut),
        cmocka_unit_test(one_that_is_not_stored_is_tried_again),
        cmocka_unit_test(those_that_wait_take_turns),
        cmocka_unit_test(what_comes_before_the_first_cut_is_named_ahead),
        cmocka_unit_test(one_that_had_no_turn_is_named_with_its_cut),
        cmocka_unit_test(a_name_ahead_of_its_cut_is_not_shown),
        cmocka_unit_test(what_a_stopped_role_named_is_taken_away),
        cmocka_unit_test(other_entries_name_no_image),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}

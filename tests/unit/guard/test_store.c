/* The store of a sealed site: one act at a time, the newest note that is good, and objects that are what their name says. */
#include "guard/objects.h"

#include "seal/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static char root[64];

static void what_is_not_there_is_missing(void **state)
{
    struct store store;
    struct why why = {{0}};
    char path[FILE_PATH_MAX];
    (void)state;
    assert_int_equal(store_open(&store, path_join(path, root, "nothing"), false, &why), ERR_MISSING);
}

static void one_act_at_a_time(void **state)
{
    struct store first, second;
    struct why why = {{0}};
    (void)state;
    assert_int_equal(store_open(&first, root, true, &why), OK);
    assert_int_equal(store_open(&second, root, true, &why), ERR_EXISTS);
    assert_non_null(strstr(why.text, "another act"));
    store_close(&first);
    assert_int_equal(store_open(&second, root, true, &why), OK);
    store_close(&second);
}

/* Two modes are signed; the second note is damaged: the first is what holds, and that one was passed over is counted. */
static void a_damaged_note_is_passed_over_and_counted(void **state)
{
    struct store store;
    struct secret_key key;
    struct why why = {{0}};
    char path[FILE_PATH_MAX];
    (void)state;
    assert_int_equal(store_open(&store, root, true, &why), OK);
    assert_int_equal(store_key(&store, "institucion.example/site", &key, &why), OK);
    assert_int_equal(store_mode(&store, &key, true, SPAN("first"), 1000, &why), OK);
    assert_int_equal(store_mode(&store, &key, false, SPAN("second"), 2000, &why), OK);
    secret_key_wipe(&key);
    store_close(&store);
    assert_int_equal(store_open(&store, root, false, &why), OK);
    assert_int_equal(store.mode.serial, 2);
    assert_int_equal(store.skipped, 0);
    store_close(&store);
    path_join(path, root, "mode/2");
    struct buf note = {0};
    assert_int_equal(file_read(path, 1 << 16, &note, &why), OK);
    note.at[note.len / 2] ^= 1;
    assert_int_equal(file_write(path, buf_as_span(&note), false, &why), OK);
    buf_done(&note);
    assert_int_equal(store_open(&store, root, false, &why), OK);
    assert_int_equal(store.mode.serial, 1);
    assert_true(store.skipped >= 1);
    store_close(&store);
}

static void an_object_is_what_its_name_says(void **state)
{
    struct store store;
    struct why why = {{0}};
    char path[FILE_PATH_MAX], folder[FILE_PATH_MAX];
    uint8_t sha256[32];
    (void)state;
    assert_int_equal(store_open(&store, root, true, &why), OK);
    digest_of(SPAN("page"), sha256);
    assert_int_equal(store_object_check(&store, sha256, 4), ERR_MISSING);
    store_object_path(&store, sha256, path);
    (void)snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    assert_int_equal(folder_make(folder, &why), OK);
    assert_int_equal(file_write(path, SPAN("page"), false, &why), OK);
    assert_int_equal(store_object_check(&store, sha256, 4), OK);
    assert_int_equal(file_write(path, SPAN("pagf"), false, &why), OK);
    assert_int_equal(store_object_check(&store, sha256, 4), ERR_FORGED);
    store_close(&store);
}

static void paths_are_among_by_whole_names(void **state)
{
    static const char *const some[] = {"a/b", "c"};
    (void)state;
    assert_true(path_among(SPAN("a/b"), some, 2) && path_among(SPAN("a/b/x"), some, 2) &&
                path_among(SPAN("c"), some, 2));
    assert_false(path_among(SPAN("a/bc"), some, 2) || path_among(SPAN("a"), some, 2) ||
                 path_among(SPAN("cc/x"), some, 2));
    assert_true(path_among(SPAN("anything"), some, 0));
}

static int make_root(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof root, "/tmp/atalaya-guard-XXXXXX");
    return mkdtemp(root) == NULL;
}

static int remove_root(void **state)
{
    struct why why = {{0}};
    (void)state;
    return folder_remove(root, &why) != OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_not_there_is_missing, make_root, remove_root),
        cmocka_unit_test_setup_teardown(one_act_at_a_time, make_root, remove_root),
        cmocka_unit_test_setup_teardown(a_damaged_note_is_passed_over_and_counted, make_root, remove_root),
        cmocka_unit_test_setup_teardown(an_object_is_what_its_name_says, make_root, remove_root),
        cmocka_unit_test_setup_teardown(paths_are_among_by_whole_names, make_root, remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

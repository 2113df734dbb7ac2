/* What goes with an old cut: its body and the chunks that no kept cut names; and who waits for that is told while it goes on. */
#include "cut/keep.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static char root[64];

static void path_of(char out[FILE_PATH_MAX], const char *name)
{
    (void)snprintf(out, FILE_PATH_MAX, "%s/%s", root, name);
}

static void put(const char *name)
{
    char path[FILE_PATH_MAX];
    struct why why = {""};
    path_of(path, name);
    assert_int_equal(file_write(path, SPAN("x"), false, &why), OK);
}

static bool there(const char *name)
{
    char path[FILE_PATH_MAX];
    path_of(path, name);
    return file_exists(path);
}

static int make_tree(void **state)
{
    static const char *const folders[] = {"cut/1", "cut/2", "chunk"};
    struct why why = {""};
    (void)state;
    (void)snprintf(root, sizeof root, "/tmp/atalaya-keep-XXXXXX");
    if (mkdtemp(root) == NULL) {
        return 1;
    }
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[FILE_PATH_MAX];
        path_of(path, folders[i]);
        if (folder_make(path, &why) != OK) {
            return 1;
        }
    }
    return 0;
}

static int remove_tree(void **state)
{
    struct why why = {""};
    (void)state;
    return folder_remove(root, &why) != OK;
}

/* "chunk/aa…aa.html" for 'a'. */
static void chunk_name(char out[80], char letter)
{
    char hex[65] = {0};
    memset(hex, letter, 64);
    (void)snprintf(out, 80, "chunk/%s.html", hex);
}

static void add(struct keep *keep, uint32_t number, const char *letters)
{
    char names[8][80];
    struct manifest manifest = {.n_files = 0};
    struct why why = {""};
    const uint8_t hash[32] = {0};
    for (size_t i = 0; letters[i] != '\0'; i++) {
        chunk_name(names[i], letters[i]);
        put(names[i]);
        manifest_add(&manifest, span_str(names[i]), hash, 1);
    }
    assert_int_equal(keep_add(keep, number, &manifest, &why), OK);
    manifest_done(&manifest);
}

static void count(void *arg)
{
    ++*(unsigned *)arg;
}

static void what_only_the_old_cut_named_goes_and_it_is_told_meanwhile(void **state)
{
    unsigned told = 0;
    struct keep keep;
    char name[80];
    (void)state;
    put("cut/1/index.html");
    put("cut/1/manifest");
    put("cut/2/index.html");
    keep_init(&keep, root, (struct keep_rule){.cuts = 1});
    keep.during = count;
    keep.arg = &told;
    add(&keep, 1, "abc");
    assert_int_equal(told, 0);
    add(&keep, 2, "bd");
    assert_int_equal(told, 2);
    for (const char *c = "abcd"; *c != '\0'; c++) {
        chunk_name(name, *c);
        assert_int_equal(there(name), *c == 'b' || *c == 'd');
    }
    assert_false(there("cut/1/index.html"));
    assert_true(there("cut/1/manifest"));
    assert_true(there("cut/2/index.html"));
    keep_done(&keep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_only_the_old_cut_named_goes_and_it_is_told_meanwhile, make_tree,
                                        remove_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Files and folders on a real disk, and the night's clock. */
#include "os/clock.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static char root[64];

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/atalaya-os-XXXXXX");
    return mkdtemp(root) == NULL;
}

static int remove_root(void **state)
{
    (void)state;
    struct why why = {""};
    return folder_remove(root, &why) != OK || file_exists(root);
}

static const char *under(const char *name)
{
    static char path[FILE_PATH_MAX];
    return path_join(path, root, name);
}

static void a_write_replaces_whole(void **state)
{
    (void)state;
    struct why why = {""};
    mode_t before = umask(077);
    assert_int_equal(file_write(under("f"), SPAN("one"), true, &why), OK);
    assert_int_equal(file_write(under("f"), SPAN("two"), true, &why), OK);
    umask(before);
    struct stat about;
    assert_int_equal(stat(under("f"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0644);
    struct buf buf;
    buf_init(&buf, 0);
    assert_int_equal(file_read(under("f"), 3, &buf, &why), OK);
    assert_string_equal(buf_cstr(&buf), "two");
    assert_int_equal(file_read(under("f"), 2, &buf, &why), ERR_TOO_BIG);
    assert_int_equal(buf.len, 3);
    buf_done(&buf);
    buf_init(&buf, 3); /* a buffer's own limit counts too, and is no reason to refuse what fits */
    assert_int_equal(file_read(under("f"), 100, &buf, &why), OK);
    assert_int_equal(file_write(under("f"), SPAN("four"), true, &why), OK);
    buf_clear(&buf);
    assert_int_equal(file_read(under("f"), 100, &buf, &why), ERR_TOO_BIG);
    buf_done(&buf);
}

static void a_second_name_is_the_same_file(void **state)
{
    (void)state;
    struct why why = {""};
    char first[FILE_PATH_MAX], second[FILE_PATH_MAX];
    struct stat one, two;
    assert_int_equal(file_write(path_join(first, root, "first"), SPAN("same"), false, &why), OK);
    assert_int_equal(file_link(first, path_join(second, root, "second"), 10, &why), OK);
    assert_int_equal(file_link(first, second, 10, &why), OK); /* it is there already */
    assert_true(stat(first, &one) == 0 && stat(second, &two) == 0);
    assert_int_equal(one.st_ino, two.st_ino);
    assert_int_equal(file_link(path_join(first, root, "none"), path_join(second, root, "third"), 10, &why),
                     ERR_MISSING);
    assert_string_equal(why.text, "");
    int folder, none;
    assert_int_equal(folder_open(root, &folder, &why), OK);
    assert_int_equal(file_link_at(folder, "first", folder, "third"), OK);
    assert_int_equal(file_link_at(folder, "first", folder, "third"), OK);
    assert_int_equal(file_link_at(folder, "none", folder, "fourth"), ERR_MISSING);
    assert_true(stat(path_join(second, root, "third"), &two) == 0);
    assert_int_equal(one.st_ino, two.st_ino);
    assert_int_equal(unlink(second), 0);
    folder_close(folder);
    folder_close(-1);
    assert_int_equal(folder_open(path_join(first, root, "first"), &none, &why), ERR_IO); /* a file is none */
    assert_int_equal(unlink(path_join(first, root, "first")), 0);
    assert_int_equal(unlink(path_join(first, root, "second")), 0);
}

static void what_is_no_plain_file_is_not_replaced(void **state)
{
    char link[FILE_PATH_MAX], target[FILE_PATH_MAX];
    struct why why = {{0}};
    struct stat found;
    (void)state;
    path_join(link, root, "given-link"), path_join(target, root, "given");
    assert_int_equal(file_write_given(target, SPAN("one"), &why), OK);
    assert_int_equal(symlink(target, link), 0);
    assert_int_equal(file_write_given(link, SPAN("2"), &why), OK);
    assert_int_equal(lstat(link, &found), 0);
    assert_true(S_ISLNK(found.st_mode));
    struct buf bytes = {0};
    assert_int_equal(file_read(target, 16, &bytes, &why), OK);
    assert_string_equal(buf_cstr(&bytes), "2");
    buf_done(&bytes);
    assert_int_not_equal(file_write_given("/dev/full", SPAN("x"), &why), OK);
    assert_non_null(strstr(why.text, "/dev/full"));
    assert_int_equal(stat("/dev/full", &found), 0);
    assert_true(S_ISCHR(found.st_mode));
}

static void refusals_have_sentences(void **state)
{
    (void)state;
    struct why why = {""};
    struct buf buf;
    buf_init(&buf, 0);
    assert_int_equal(file_read(under("missing"), 10, &buf, &why), ERR_MISSING);
    assert_non_null(strstr(why.text, "missing"));
    why.text[0] = '\0';
    assert_int_equal(file_write_new(under("g"), SPAN(""), &why), OK);
    assert_int_equal(file_write_new(under("g"), SPAN("x"), &why), ERR_EXISTS);
    buf_done(&buf);
}

static enum err note_name(void *arg, const char *relative, int64_t size)
{
    struct buf *names = arg;
    buf_printf(names, "%s=%d ", relative, (int)size);
    return OK;
}

static void a_walk_is_in_byte_order_and_follows_no_links(void **state)
{
    (void)state;
    struct why why = {""};
    assert_int_equal(folder_make(under("w/b/c"), &why), OK);
    assert_int_equal(file_write_new(under("w/b/c/2"), SPAN("22"), &why), OK);
    assert_int_equal(file_write_new(under("w/a"), SPAN("1"), &why), OK);
    assert_int_equal(file_write_new(under("w/z"), SPAN(""), &why), OK);
    assert_int_equal(symlink("/etc", under("w/link")), 0);
    struct buf names;
    buf_init(&names, 0);
    assert_int_equal(folder_walk(under("w"), note_name, &names, &why), OK);
    assert_string_equal(buf_cstr(&names), "a=1 b/c/2=2 z=0 ");
    buf_done(&names);
    assert_int_equal(folder_remove(under("w"), &why), OK);
    assert_true(file_exists("/etc"));
}

static void empty_folders_are_pruned(void **state)
{
    (void)state;
    struct why why = {""};
    assert_int_equal(folder_make(under("p/a/b/c"), &why), OK);
    assert_int_equal(folder_make(under("p/d/e"), &why), OK);
    assert_int_equal(file_write(under("p/d/kept"), SPAN("x"), false, &why), OK);
    assert_int_equal(folder_make(under("p/out"), &why), OK);
    assert_int_equal(symlink("/tmp", under("p/link")), 0);
    assert_int_equal(folder_prune(under("p"), &why), OK);
    assert_false(file_exists(under("p/a")));
    assert_false(file_exists(under("p/d/e")));
    assert_true(file_exists(under("p/d/kept")));
    assert_true(file_exists(under("p/link"))); /* nor is what it points to walked */
    assert_int_equal(folder_prune(under("none"), &why), ERR_MISSING);
    assert_int_equal(folder_remove(under("p"), &why), OK);
}

static void put(const char *name)
{
    struct why why = {""};
    assert_int_equal(file_write(under(name), SPAN("x"), false, &why), OK);
}

/* What stays stays, everything else is gone at once; again changes nothing; a folder that is not there is fine. */
static void a_folder_is_stripped_in_one_step(void **state)
{
    (void)state;
    static const char *const stay[] = {"manifest", "manifest.minisig", NULL};
    struct why why = {""};
    struct stat before, after;
    assert_int_equal(folder_make(under("cut/7/jg"), &why), OK);
    put("cut/7/manifest");
    put("cut/7/index.html");
    put("cut/7/jg/index.html");
    assert_int_equal(stat(under("cut/7/manifest"), &before), 0);
    assert_int_equal(folder_strip(under("cut/7"), stay, "index.html", &why), OK);
    assert_true(file_exists(under("cut/7/manifest")));
    assert_false(file_exists(under("cut/7/index.html")) || file_exists(under("cut/7/jg")) ||
                 file_exists(under("cut/.gone-7")));
    assert_int_equal(stat(under("cut/7/manifest"), &after), 0);
    assert_true(before.st_ino == after.st_ino);
    assert_int_equal(folder_strip(under("cut/7"), stay, "index.html", &why), OK);
    assert_int_equal(folder_strip(under("cut/8"), stay, NULL, &why), OK);
    put("cut/7/index.html");
    assert_int_equal(folder_make(under("cut/.gone-7/jg"), &why), OK); /* a crash left it */
    put("cut/.gone-7/jg/x");
    assert_int_equal(folder_strip(under("cut/7"), stay, "index.html", &why), OK);
    assert_false(file_exists(under("cut/7/index.html")) || file_exists(under("cut/.gone-7")));
    assert_int_equal(folder_make(under("cut/.gone-9"), &why), OK);
    assert_int_equal(folder_strip_tidy(under("cut"), &why), OK);
    assert_true(file_exists(under("cut/7/manifest")) && !file_exists(under("cut/.gone-9")));
}

static void clocks_tell_the_nights_time(void **state)
{
    (void)state;
    struct why why = {""};
    struct clock *writer = NULL;
    struct clock *reader = NULL;
    assert_int_equal(clock_make(under("clock"), CLOCK_STEPPED, 1000, 1, &writer, &why), OK);
    assert_int_equal(clock_open(under("clock"), &reader, &why), OK);
    assert_true(clock_now_ms(reader) == 1000);
    assert_true(clock_wait_ms(reader, 5000) == -1);
    clock_step(writer, 5000);
    assert_true(clock_now_ms(reader) == 5000);
    assert_true(clock_wait_ms(reader, 5000) == 0);
    clock_close(reader);
    clock_close(writer);

    assert_int_equal(clock_make(under("clock"), CLOCK_SCALED, 1000000, 1000, &writer, &why), OK);
    int64_t first = clock_now_ms(writer);
    assert_true(first >= 1000000);
    assert_true(clock_wait_ms(writer, first + 60000000) <= 60000);
    clock_close(writer);

    assert_int_equal(file_write(under("clock"), SPAN("no clock"), false, &why), OK);
    assert_int_equal(clock_open(under("clock"), &reader, &why), ERR_SYNTAX);
    assert_int_equal(clock_mode(NULL), CLOCK_SYSTEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_replaces_whole),
        cmocka_unit_test(a_second_name_is_the_same_file),
        cmocka_unit_test(what_is_no_plain_file_is_not_replaced),
        cmocka_unit_test(refusals_have_sentences),
        cmocka_unit_test(a_walk_is_in_byte_order_and_follows_no_links),
        cmocka_unit_test(empty_folders_are_pruned),
        cmocka_unit_test(a_folder_is_stripped_in_one_step),
        cmocka_unit_test(clocks_tell_the_nights_time),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}

/* The pressroom: whoever presses a file, the tree and the list are the same; the first failure counts. */
#include "cut/pressroom.h"

#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FILES = 60, LIMIT = 1 << 20 };

static char root[64];

static int root_set_up(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/atalaya-pressroom-XXXXXX");
    return mkdtemp(root) == NULL ? -1 : 0;
}

static int root_tear_down(void **state)
{
    struct why why;
    (void)state;
    return folder_remove(root, &why) == OK ? 0 : -1;
}

static const enum press_as kinds[] = {PRESS_FRONT, PRESS_AREA, PRESS_ROWS, PRESS_PLAIN};

static void text_make(struct buf *out, unsigned file)
{
    buf_clear(out);
    for (unsigned i = 0; i < 5 + file * 37 % 200; i++) {
        buf_printf(out, "<li>%u of %u: %u</li>\n", i, file, i * file % 1009);
    }
}

/* Every tenth file lies at a second place too. */
static void give(struct pressroom *room, const char *below, unsigned file, struct span bytes)
{
    char disk[2][FILE_PATH_MAX], site[2][64];
    for (unsigned k = 0; k < 2; k++) {
        snprintf(site[k], sizeof site[k], "%c/%u/page-%u.html", "ab"[k], file % 7, file);
        snprintf(disk[k], sizeof disk[k], "%s/%s/%s", root, below, site[k]);
    }
    bool twice = file % 10 == 0;
    const struct press_order order = {.as = kinds[file % 4],
                                      .disk = {disk[0], twice ? disk[1] : NULL},
                                      .site = {site[0], twice ? site[1] : NULL}};
    pressroom_give(room, &order, bytes);
}

static void cut_make(struct pressroom *room, const char *below, struct buf *manifest)
{
    struct buf text = {0};
    struct why why;
    pressroom_clear(room);
    for (unsigned i = 0; i < FILES; i++) {
        text_make(&text, i);
        give(room, below, i, buf_as_span(&text));
    }
    assert_int_equal(pressroom_finish(room, &why), OK);
    assert_int_equal(room->manifest.n_files, FILES + FILES / 10);
    room->manifest.origin = SPAN("test/1");
    manifest_sort(&room->manifest);
    buf_clear(manifest);
    manifest_print(&room->manifest, manifest);
    buf_done(&text);
}

static enum err as_other(void *arg, const char *relative, int64_t size)
{
    const char *const *folders = arg;
    char path[FILE_PATH_MAX];
    struct buf bytes[2] = {{0}, {0}};
    struct why why;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(file_read(path_join(path, folders[i], relative), LIMIT, &bytes[i], &why), OK);
    }
    assert_int_equal(bytes[0].len, (size_t)size);
    assert_int_equal(bytes[0].len, bytes[1].len);
    assert_memory_equal(bytes[0].at, bytes[1].at, bytes[0].len);
    buf_done(&bytes[0]);
    buf_done(&bytes[1]);
    return OK;
}

static void one_or_many_the_same(void **state)
{
    (void)state;
    struct pressroom one, many;
    struct buf listed[2] = {{0}, {0}};
    struct why why;
    char alone[FILE_PATH_MAX], together[FILE_PATH_MAX];
    const char *const folders[2] = {path_join(alone, root, "alone"), path_join(together, root, "together")};
    assert_int_equal(pressroom_init(&one, 1, &why), OK);
    assert_int_equal(team_members(one.team), 1);
    assert_int_equal(pressroom_init(&many, TEAM_MAX, &why), OK);
    cut_make(&one, "alone", &listed[0]);
    for (unsigned again = 0; again < 3; again++) { /* the room serves cut after cut */
        assert_int_equal(folder_remove(folders[1], &why), OK);
        cut_make(&many, "together", &listed[1]);
        assert_string_equal(buf_cstr(&listed[0]), buf_cstr(&listed[1]));
        assert_int_equal(folder_walk(folders[0], as_other, (void *)(uintptr_t)folders, &why), OK);
    }
    pressroom_done(&one);
    pressroom_done(&many);
    buf_done(&listed[0]);
    buf_done(&listed[1]);
}

/* Two files have no place to lie: the one that was given first is named, as if they were made one after the other. */
static void first_failure_counts(void **state)
{
    (void)state;
    struct pressroom room;
    struct buf text = {0};
    struct why why = {{0}};
    char path[FILE_PATH_MAX];
    assert_int_equal(pressroom_init(&room, TEAM_MAX, &why), OK);
    assert_int_equal(file_write(path_join(path, root, "file"), SPAN("x"), false, &why), OK);
    for (unsigned again = 0; again < 5; again++) {
        struct pressed pressed[FILES];
        bool done[FILES];
        pressroom_clear(&room);
        for (unsigned i = 0; i < FILES; i++) {
            char disk[FILE_PATH_MAX];
            snprintf(disk, sizeof disk, "%s/%s/%u-%u.html", root, i == 20 || i == 21 ? "file" : "folder",
                     again, i);
            const struct press_order order = {
                .as = PRESS_AREA, .disk = {disk}, .pressed = &pressed[i], .done = &done[i]};
            text_make(&text, i);
            pressroom_give(&room, &order, buf_as_span(&text));
        }
        why.text[0] = '\0';
        assert_int_not_equal(pressroom_finish(&room, &why), OK);
        assert_non_null(strstr(why.text, "/file"));
        for (unsigned i = 0; i < FILES; i++) {
            assert_int_equal(done[i], i != 20 && i != 21);
        }
    }
    pressroom_clear(&room);
    assert_int_equal(pressroom_finish(&room, &why), OK); /* nothing of it is left */
    pressroom_done(&room);
    buf_done(&text);
}

static void what_lies_there_is_not_written_again(void **state)
{
    (void)state;
    struct pressroom room;
    struct pressed first, again;
    struct why why = {{0}};
    char disk[FILE_PATH_MAX];
    struct buf text = {0};
    text_make(&text, 77);
    assert_int_equal(pressroom_init(&room, TEAM_MAX, &why), OK);
    const struct press_order order = {.as = PRESS_ROWS,
                                      .disk = {path_join(disk, root, "chunk.html")},
                                      .unless_there = true,
                                      .pressed = &first};
    struct press_order second = order;
    second.pressed = &again;
    pressroom_give(&room, &order, buf_as_span(&text));
    assert_int_equal(pressroom_finish(&room, &why), OK);
    pressroom_give(&room, &second, buf_as_span(&text));
    assert_int_equal(pressroom_finish(&room, &why), OK);
    assert_memory_equal(&first, &again, sizeof first); /* its twins are known all the same */
    assert_int_equal(room.manifest.n_files, 0);        /* and it is for its owner to list */
    pressroom_done(&room);
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_or_many_the_same, root_set_up, root_tear_down),
        cmocka_unit_test_setup_teardown(first_failure_counts, root_set_up, root_tear_down),
        cmocka_unit_test_setup_teardown(what_lies_there_is_not_written_again, root_set_up, root_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

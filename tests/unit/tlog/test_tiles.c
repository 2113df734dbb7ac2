/* Tiles on disk: what a start leaves standing when power went while those of a larger tree were being written. */
#include "os/file.h"
#include "tlog/tiles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char dir[64];

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/atalaya-tiles-XXXXXX");
    return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
    (void)state;
    return folder_remove(dir, NULL) != OK;
}

static void grow_to(struct tiles *tiles, uint64_t size)
{
    while (tiles_size(tiles) < size) {
        uint64_t i = tiles_size(tiles);
        struct hash leaf;
        merkle_leaf(span_of((const char *)&i, sizeof i), &leaf);
        tiles_add(tiles, &leaf);
    }
    assert_int_equal(tiles_publish(tiles, NULL), OK);
}

static bool stands(const char *name)
{
    char path[FILE_PATH_MAX];
    return file_exists(path_join(path, dir, name));
}

/* A name whose bytes were lost. */
static void torn(const char *name)
{
    char path[FILE_PATH_MAX];
    char folder[FILE_PATH_MAX];
    path_join(path, dir, name);
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    assert_int_equal(folder_make(folder, NULL), OK);
    assert_int_equal(file_write(path, SPAN(""), false, NULL), OK);
}

static void what_was_promised_to_nobody_is_gone(void **state)
{
    (void)state;
    static const char *const beyond[] = {
        "tile/0/001.p/60",       "tile/0/001.p/255",      "tile/0/001",     "tile/0/002",
        "tile/0/003.p/3",        "tile/1/000.p/2",        "tile/2/000.p/1", "tile/entries/001",
        "tile/entries/001.p/60", "tile/entries/002.p/200"};
    static const char *const within[] = {"tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1",
                                         "tile/entries/001.p/44"};
    struct tiles *tiles = NULL;
    struct hash before;
    struct hash after;
    assert_int_equal(tiles_open(dir, 0, &tiles, NULL), OK);
    grow_to(tiles, 300);
    tiles_root(tiles, &before);
    tiles_close(tiles);
    torn("tile/entries/001.p/44"); /* stands for a bundle: its bytes do not matter here */
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        torn(beyond[i]);
    }
    assert_int_equal(tiles_clear_beyond(dir, 300, NULL), OK);
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        assert_false(stands(beyond[i]));
    }
    for (size_t i = 0; i < sizeof within / sizeof *within; i++) {
        assert_true(stands(within[i]));
    }
    assert_int_equal(tiles_open(dir, 300, &tiles, NULL), OK);
    tiles_root(tiles, &after);
    assert_true(hash_equal(&before, &after));
    tiles_close(tiles);
}

/* Where the partial tile went after the full one stood, the full one is what the tree of this size has. */
static void a_full_tile_in_the_place_of_the_partial_one_stays(void **state)
{
    (void)state;
    char path[FILE_PATH_MAX];
    struct tiles *tiles = NULL;
    assert_int_equal(tiles_open(dir, 0, &tiles, NULL), OK);
    grow_to(tiles, 300);
    grow_to(tiles, 512);
    tiles_close(tiles);
    assert_int_equal(folder_remove(path_join(path, dir, "tile/0/001.p"), NULL), OK);
    assert_int_equal(tiles_clear_beyond(dir, 300, NULL), OK);
    assert_true(stands("tile/0/001"));
    assert_int_equal(tiles_open(dir, 300, &tiles, NULL), OK);
    tiles_close(tiles);
}

static void a_tree_of_whole_tiles_has_no_more_than_those(void **state)
{
    (void)state;
    struct tiles *tiles = NULL;
    assert_int_equal(tiles_open(dir, 0, &tiles, NULL), OK);
    grow_to(tiles, 512);
    tiles_close(tiles);
    torn("tile/0/002");
    torn("tile/0/002.p/1");
    assert_int_equal(tiles_clear_beyond(dir, 512, NULL), OK);
    assert_true(stands("tile/0/001"));
    assert_true(stands("tile/1/000.p/2"));
    assert_false(stands("tile/0/002"));
    assert_false(stands("tile/0/002.p/1"));
    assert_int_equal(tiles_clear_beyond(dir, 0, NULL), OK);
    assert_false(stands("tile/0/000"));
    assert_false(stands("tile/1/000.p/2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_promised_to_nobody_is_gone, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(a_full_tile_in_the_place_of_the_partial_one_stays, make_dir,
                                        remove_dir),
        cmocka_unit_test_setup_teardown(a_tree_of_whole_tiles_has_no_more_than_those, make_dir, remove_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

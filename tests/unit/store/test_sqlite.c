/* The store on SQLite: what is committed is there after reopening, what is not is not, nothing is ever
 * changed. */
#include "os/file.h"
#include "store/store.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char dir[64];
static char path[FILE_PATH_MAX];
static struct store *store;

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/atalaya-store-XXXXXX");
    if (mkdtemp(dir) == NULL) {
        return 1;
    }
    path_join(path, dir, "prep.db");
    return store_sqlite.open(path, &store, NULL) != OK;
}

static int tear_down(void **state)
{
    (void)state;
    if (store != NULL) {
        store->ops->close(store);
        store = NULL;
    }
    return folder_remove(dir, NULL) != OK;
}

static void reopen(void)
{
    struct why why = {0};
    store->ops->close(store);
    store = NULL;
    if (store_sqlite.open(path, &store, &why) != OK) {
        fail_msg("%s", why.text);
    }
}

static uint64_t size_now(void)
{
    uint64_t size = 0;
    assert_int_equal(store->ops->size(store, &size, NULL), OK);
    return size;
}

static uint8_t digests[64][STORE_DIGEST];

static enum err add_acta(uint64_t index, const char *key, uint32_t version, uint8_t image)
{
    uint8_t *submission = digests[index];
    submission[0] = (uint8_t)index;
    static uint8_t pictures[256][STORE_DIGEST];
    pictures[image][5] = image;
    struct store_event event = {.index = index,
                                .type = 2,
                                .entry = SPAN("prep-acta/v1\n"),
                                .note = SPAN("the note\n"),
                                .submission = submission,
                                .key = span_str(key),
                                .version = version,
                                .image = image == 0 ? NULL : pictures[image]};
    return store->ops->append(store, &event, NULL);
}

static enum err add_plain(uint64_t index, uint8_t type)
{
    struct store_event event = {.index = index, .type = type, .entry = SPAN("prep-close/v1\n")};
    return store->ops->append(store, &event, NULL);
}

static void what_is_committed_survives(void **state)
{
    (void)state;
    assert_int_equal(size_now(), 0);
    assert_int_equal(store->ops->begin(store, NULL), OK);
    assert_int_equal(add_plain(0, 0), OK);
    assert_int_equal(add_acta(1, "A02", 1, 7), OK);
    assert_int_equal(add_acta(2, "A02", 2, 7), OK);
    assert_int_equal(add_acta(3, "B02", 1, 7), OK);
    assert_int_equal(store->ops->commit(store, NULL), OK);
    assert_int_equal(store->ops->begin(store, NULL), OK);
    assert_int_equal(add_plain(4, 6), OK);
    reopen(); /* in the middle of a transaction */
    assert_int_equal(size_now(), 4);
    struct store_version head = {0};
    assert_int_equal(store->ops->head(store, SPAN("A02"), &head), OK);
    assert_int_equal(head.version, 2);
    struct store_totals totals = {0};
    assert_int_equal(store->ops->totals(store, &totals), OK);
    assert_int_equal(totals.actas, 3);
    assert_int_equal(totals.corrections, 1);
    assert_int_equal(head.index, 2);
    assert_int_equal(store->ops->head(store, SPAN("C02"), &head), ERR_MISSING);
    uint64_t index = 0;
    assert_int_equal(store->ops->submission(store, digests[3], &index), OK);
    assert_int_equal(index, 3);
    uint8_t unknown[STORE_DIGEST] = {9, 9};
    assert_int_equal(store->ops->submission(store, unknown, &index), ERR_MISSING);
    uint8_t picture[STORE_DIGEST] = {0};
    char key[STORE_KEY_MAX + 1];
    picture[5] = 7;
    assert_int_equal(store->ops->image(store, picture, key), OK);
    assert_string_equal(key, "A02"); /* the first who sent it */
    assert_int_equal(store->ops->newest(store, 0, &index), OK);
    assert_int_equal(index, 0);
    assert_int_equal(store->ops->newest(store, 6, &index), ERR_MISSING);
}

static void lookups_see_the_open_transaction(void **state)
{
    (void)state;
    struct store_version head = {0};
    assert_int_equal(store->ops->begin(store, NULL), OK);
    assert_int_equal(add_acta(0, "A02", 1, 0), OK);
    assert_int_equal(store->ops->head(store, SPAN("A02"), &head), OK);
    store->ops->rollback(store);
    assert_int_equal(store->ops->head(store, SPAN("A02"), &head), ERR_MISSING);
    assert_int_equal(size_now(), 0);
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    assert_int_equal(store->ops->begin(store, NULL), OK);
    assert_int_equal(add_acta(0, "A02", 1, 0), OK);
    assert_int_equal(add_acta(2, "B02", 1, 0), ERR_CONFLICT); /* a hole */
    assert_int_equal(add_acta(0, "B02", 1, 0), ERR_CONFLICT); /* an index twice */
    assert_int_equal(add_plain(1, 4), OK);
    assert_int_equal(add_acta(2, "A02", 1, 0), ERR_CONFLICT); /* a version twice */
    store->ops->rollback(store);
    assert_int_equal(size_now(), 0);
}

static enum err until_two(void *arg, uint64_t index, struct span entry, struct span note)
{
    uint64_t *seen = arg;
    assert_int_equal(index, *seen);
    assert_true(entry.len > 0);
    assert_int_equal(note.len > 0, index == 1);
    ++*seen;
    return *seen == 3 ? ERR_AGAIN : OK;
}

static void events_are_read_in_order(void **state)
{
    (void)state;
    assert_int_equal(store->ops->begin(store, NULL), OK);
    assert_int_equal(add_plain(0, 0), OK);
    assert_int_equal(add_acta(1, "A02", 1, 0), OK);
    for (uint64_t i = 2; i < 6; i++) {
        assert_int_equal(add_plain(i, 4), OK);
    }
    assert_int_equal(store->ops->commit(store, NULL), OK);
    uint64_t seen = 0;
    assert_int_equal(store->ops->read(store, 0, until_two, &seen, NULL), OK);
    assert_int_equal(seen, 3);
    uint64_t newest = 0;
    assert_int_equal(store->ops->newest(store, 4, &newest), OK);
    assert_int_equal(newest, 5);
}

static void the_database_refuses_changes(void **state)
{
    (void)state;
    static const char *const attempts[] = {
        "UPDATE event SET entry = x'00'",
        "DELETE FROM event",
        "UPDATE version SET version = 9",
        "DELETE FROM submission",
        "DELETE FROM version",
        "DELETE FROM image",
        "INSERT OR REPLACE INTO event (idx, type, entry) VALUES (0, 1, x'00')",
        "INSERT INTO event (idx, type, entry) VALUES (7, 1, x'00')",
        "INSERT INTO event (idx, type, entry) VALUES (1, 'text', x'00')",
    };
    assert_int_equal(store->ops->begin(store, NULL), OK);
    assert_int_equal(add_acta(0, "A02", 1, 3), OK);
    assert_int_equal(store->ops->commit(store, NULL), OK);
    store->ops->close(store);
    store = NULL;
    sqlite3 *raw = NULL;
    assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        if (sqlite3_exec(raw, attempts[i], NULL, NULL, NULL) == SQLITE_OK) {
            fail_msg("the database accepted: %s", attempts[i]);
        }
    }
    sqlite3_close(raw);
    assert_int_equal(store_sqlite.open(path, &store, NULL), OK);
    assert_int_equal(size_now(), 1);
}

static void a_second_process_is_kept_out(void **state)
{
    (void)state;
    sqlite3 *raw = NULL;
    assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
    assert_int_not_equal(sqlite3_exec(raw, "SELECT count(*) FROM event", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(raw);
}

static void a_file_of_something_else_is_named(void **state)
{
    (void)state;
    char other[FILE_PATH_MAX];
    struct store *none = NULL;
    struct why why = {0};
    struct buf junk = {0};
    for (int i = 0; i < 2000; i++) {
        buf_str(&junk, "not a database ");
    }
    assert_int_equal(file_write(path_join(other, dir, "other.db"), buf_as_span(&junk), false, NULL), OK);
    assert_int_not_equal(store_sqlite.open(other, &none, &why), OK);
    assert_non_null(strstr(why.text, "other.db"));
    assert_null(none);
    buf_done(&junk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_committed_survives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lookups_see_the_open_transaction, set_up, tear_down),
        cmocka_unit_test_setup_teardown(contradictions_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(events_are_read_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_database_refuses_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_process_is_kept_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_of_something_else_is_named, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

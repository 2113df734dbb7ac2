/* SQLite behind the table of operations: one connection, prepared statements, WAL with a sync at each commit.
 */
#include "store/sqlite_schema.h"
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>

struct db {
    struct store store; /* first */
    sqlite3 *handle;
    sqlite3_stmt *statements[SQL_STATEMENTS];
    bool in_transaction;
};

static struct db *of(struct store *store)
{
    return (struct db *)store;
}

static enum err failed(struct db *db, const char *what, struct why *why)
{
    int code = sqlite3_extended_errcode(db->handle);
    int system = sqlite3_system_errno(db->handle);
    bool full = (code & 0xff) == SQLITE_FULL ||
                ((code & 0xff) == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT));
    enum err err = full ? ERR_FULL : (code & 0xff) == SQLITE_CONSTRAINT ? ERR_CONFLICT : ERR_IO;
    return why_set(why, err, "store: %s: %s", what, sqlite3_errmsg(db->handle));
}

/* Runs a statement that returns no row. */
static enum err run(struct db *db, enum statement which, struct why *why)
{
    sqlite3_stmt *statement = db->statements[which];
    int code = sqlite3_step(statement);
    enum err err = code == SQLITE_DONE ? OK : failed(db, sqlite_statements[which], why);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return err;
}

static void bind_u64(struct db *db, enum statement which, int at, uint64_t number)
{
    assert(number <= INT64_MAX);
    sqlite3_bind_int64(db->statements[which], at, (sqlite3_int64)number);
}

static void bind_blob(struct db *db, enum statement which, int at, const void *bytes, size_t len)
{
    sqlite3_bind_blob64(db->statements[which], at, bytes, len, SQLITE_STATIC);
}

static void bind_text(struct db *db, enum statement which, int at, struct span text)
{
    sqlite3_bind_text(db->statements[which], at, text.at, (int)text.len, SQLITE_STATIC);
}

static void close_db(struct store *store)
{
    struct db *db = of(store);
    for (int i = 0; i < SQL_STATEMENTS; i++) {
        sqlite3_finalize(db->statements[i]);
    }
    sqlite3_close(db->handle);
    free(db);
}

static enum err number_of(struct db *db, const char *pragma, int *out, struct why *why)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db->handle, pragma, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        sqlite3_finalize(statement);
        return failed(db, pragma, why);
    }
    *out = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return OK;
}

static enum err script(struct db *db, const char *text, struct why *why)
{
    return sqlite3_exec(db->handle, text, NULL, NULL, NULL) == SQLITE_OK ? OK : failed(db, "prepare", why);
}

static enum err make_schema(struct db *db, struct why *why)
{
    int version = 0;
    TRY(number_of(db, "PRAGMA user_version", &version, why));
    if (version == 0) {
        TRY(script(db, "BEGIN IMMEDIATE", why));
        TRY(script(db, sqlite_schema, why));
        return script(db, "COMMIT", why);
    }
    if (version != SCHEMA_VERSION) {
        return why_set(why, ERR_RANGE, "store: its schema has version %d, this program knows version %d",
                       version, SCHEMA_VERSION);
    }
    return OK;
}

static enum err prepare_all(struct db *db, struct why *why)
{
    for (int i = 0; i < SQL_STATEMENTS; i++) {
        if (sqlite3_prepare_v3(db->handle, sqlite_statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &db->statements[i], NULL) != SQLITE_OK) {
            return failed(db, sqlite_statements[i], why);
        }
    }
    return OK;
}

static enum err open_db(const char *where, struct store **out, struct why *why)
{
    struct db *db = calloc(1, sizeof *db);
    if (db == NULL) {
        abort();
    }
    db->store.ops = &store_sqlite;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    enum err err = OK;
    if (sqlite3_open_v2(where, &db->handle, flags, NULL) != SQLITE_OK) {
        err = failed(db, "open", why);
    }
    sqlite3_busy_timeout(db->handle, 2000); /* the role before us may be dying */
    err = err != OK ? err : script(db, sqlite_settings, why);
    err = err != OK ? err : make_schema(db, why);
    err = err != OK ? err : prepare_all(db, why);
    if (err != OK) {
        close_db(&db->store);
        return why_prefix(why, err, "%s", where);
    }
    *out = &db->store;
    return OK;
}

static enum err begin(struct store *store, struct why *why)
{
    TRY(run(of(store), SQL_BEGIN, why));
    of(store)->in_transaction = true;
    return OK;
}

static void rollback(struct store *store)
{
    /* SQLite may have rolled back by itself, as on a full disk. */
    if (sqlite3_get_autocommit(of(store)->handle) == 0) {
        enum err ignored = run(of(store), SQL_ROLLBACK, NULL);
        (void)ignored;
    }
    of(store)->in_transaction = false;
}

static enum err commit(struct store *store, struct why *why)
{
    enum err err = run(of(store), SQL_COMMIT, why);
    if (err != OK) {
        rollback(store);
        return err;
    }
    of(store)->in_transaction = false;
    return OK;
}

static enum err append(struct store *store, const struct store_event *event, struct why *why)
{
    struct db *db = of(store);
    assert(db->in_transaction && event->entry.len > 0);
    bind_u64(db, SQL_EVENT_ADD, 1, event->index);
    bind_u64(db, SQL_EVENT_ADD, 2, event->type);
    bind_blob(db, SQL_EVENT_ADD, 3, event->entry.at, event->entry.len);
    if (event->note.len > 0) {
        bind_blob(db, SQL_EVENT_ADD, 4, event->note.at, event->note.len);
    }
    TRY(run(db, SQL_EVENT_ADD, why));
    if (event->submission != NULL) {
        bind_blob(db, SQL_SUBMISSION_ADD, 1, event->submission, STORE_DIGEST);
        bind_u64(db, SQL_SUBMISSION_ADD, 2, event->index);
        TRY(run(db, SQL_SUBMISSION_ADD, why));
    }
    if (event->key.len > 0) {
        bind_text(db, SQL_VERSION_ADD, 1, event->key);
        bind_u64(db, SQL_VERSION_ADD, 2, event->version);
        bind_u64(db, SQL_VERSION_ADD, 3, event->index);
        TRY(run(db, SQL_VERSION_ADD, why));
    }
    if (event->image != NULL) {
        bind_blob(db, SQL_IMAGE_ADD, 1, event->image, STORE_DIGEST);
        bind_text(db, SQL_IMAGE_ADD, 2, event->key);
        bind_u64(db, SQL_IMAGE_ADD, 3, event->index);
        TRY(run(db, SQL_IMAGE_ADD, why));
    }
    return OK;
}

/* Steps to a row: OK, ERR_MISSING when there is none. The caller resets with done(). */
static enum err row(struct db *db, enum statement which)
{
    int code = sqlite3_step(db->statements[which]);
    return code == SQLITE_ROW ? OK : code == SQLITE_DONE ? ERR_MISSING : ERR_IO;
}

static enum err done(struct db *db, enum statement which, enum err err)
{
    sqlite3_reset(db->statements[which]);
    sqlite3_clear_bindings(db->statements[which]);
    return err;
}

static uint64_t column(struct db *db, enum statement which, int at)
{
    return (uint64_t)sqlite3_column_int64(db->statements[which], at);
}

static enum err size(struct store *store, uint64_t *events, struct why *why)
{
    struct db *db = of(store);
    enum err err = row(db, SQL_SIZE);
    if (err != OK) {
        return done(db, SQL_SIZE, failed(db, "size", why));
    }
    *events = column(db, SQL_SIZE, 0);
    return done(db, SQL_SIZE, OK);
}

static struct span blob(struct db *db, enum statement which, int at)
{
    const char *bytes = sqlite3_column_blob(db->statements[which], at);
    return span_of(bytes, (size_t)sqlite3_column_bytes(db->statements[which], at));
}

static enum err read_from(struct store *store, uint64_t from, store_each each, void *arg, struct why *why)
{
    struct db *db = of(store);
    bind_u64(db, SQL_READ, 1, from);
    enum err err = row(db, SQL_READ);
    while (err == OK) {
        err = each(arg, column(db, SQL_READ, 0), blob(db, SQL_READ, 1), blob(db, SQL_READ, 2));
        if (err != OK) {
            return done(db, SQL_READ, err == ERR_AGAIN ? OK : err);
        }
        err = row(db, SQL_READ);
    }
    if (err == ERR_IO) {
        failed(db, "read", why);
    }
    return done(db, SQL_READ, err == ERR_MISSING ? OK : err);
}

static enum err find_submission(struct store *store, const uint8_t digest[STORE_DIGEST], uint64_t *index)
{
    struct db *db = of(store);
    bind_blob(db, SQL_SUBMISSION, 1, digest, STORE_DIGEST);
    enum err err = row(db, SQL_SUBMISSION);
    if (err == OK) {
        *index = column(db, SQL_SUBMISSION, 0);
    }
    return done(db, SQL_SUBMISSION, err);
}

static enum err find_head(struct store *store, struct span key, struct store_version *out)
{
    struct db *db = of(store);
    bind_text(db, SQL_HEAD, 1, key);
    enum err err = row(db, SQL_HEAD);
    if (err == OK) {
        out->version = (uint32_t)column(db, SQL_HEAD, 0);
        out->index = column(db, SQL_HEAD, 1);
    }
    return done(db, SQL_HEAD, err);
}

static enum err find_image(struct store *store, const uint8_t digest[STORE_DIGEST],
                           char key[STORE_KEY_MAX + 1])
{
    struct db *db = of(store);
    bind_blob(db, SQL_IMAGE, 1, digest, STORE_DIGEST);
    enum err err = row(db, SQL_IMAGE);
    if (err == OK && !span_copy(blob(db, SQL_IMAGE, 0), key, STORE_KEY_MAX + 1)) {
        err = ERR_IO;
    }
    return done(db, SQL_IMAGE, err);
}

static enum err find_newest(struct store *store, uint8_t type, uint64_t *index)
{
    struct db *db = of(store);
    bind_u64(db, SQL_NEWEST, 1, type);
    enum err err = row(db, SQL_NEWEST);
    if (err == OK) {
        *index = column(db, SQL_NEWEST, 0);
    }
    return done(db, SQL_NEWEST, err);
}

static enum err find_before(struct store *store, uint8_t type, uint64_t below, uint64_t *index)
{
    struct db *db = of(store);
    bind_u64(db, SQL_BEFORE, 1, type);
    bind_u64(db, SQL_BEFORE, 2, below);
    enum err err = row(db, SQL_BEFORE);
    if (err == OK) {
        *index = column(db, SQL_BEFORE, 0);
    }
    return done(db, SQL_BEFORE, err);
}

static enum err find_totals(struct store *store, struct store_totals *out)
{
    struct db *db = of(store);
    enum err err = row(db, SQL_TOTALS);
    if (err == OK) {
        out->actas = column(db, SQL_TOTALS, 0);
        out->corrections = column(db, SQL_TOTALS, 1);
    }
    return done(db, SQL_TOTALS, err);
}

const struct store_ops store_sqlite = {
    .name = "sqlite",
    .open = open_db,
    .close = close_db,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .append = append,
    .size = size,
    .read = read_from,
    .submission = find_submission,
    .head = find_head,
    .image = find_image,
    .newest = find_newest,
    .totals = find_totals,
    .before = find_before,
};

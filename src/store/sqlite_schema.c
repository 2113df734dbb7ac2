/* The schema. STRICT tables; triggers refuse every change of what is written, whoever asks. */
#include "store/sqlite_schema.h"

/* Exclusive: one process, no shared-memory file, and a second one is told so at once. FULL syncs the log at
 * each commit: what was acknowledged is on disk. */
const char sqlite_settings[] = "PRAGMA locking_mode=EXCLUSIVE;"
                               "PRAGMA journal_mode=WAL;"
                               "PRAGMA synchronous=FULL;"
                               "PRAGMA recursive_triggers=ON;"
                               "PRAGMA foreign_keys=ON;"
                               "PRAGMA trusted_schema=OFF;"
                               "PRAGMA cell_size_check=ON;"
                               "PRAGMA cache_size=-65536;"
                               "PRAGMA wal_autocheckpoint=4000;"
                               "PRAGMA journal_size_limit=67108864;";

#define APPEND_ONLY(table)                                                                                   \
    "CREATE TRIGGER " table "_no_update BEFORE UPDATE ON " table " BEGIN SELECT RAISE(ABORT, '" table        \
    " is append-only'); END;"                                                                                \
    "CREATE TRIGGER " table "_no_delete BEFORE DELETE ON " table " BEGIN SELECT RAISE(ABORT, '" table        \
    " is append-only'); END;"

const char sqlite_schema[] =
    "CREATE TABLE event ("
    "  idx INTEGER PRIMARY KEY CHECK (idx >= 0),"
    "  type INTEGER NOT NULL,"
    "  entry BLOB NOT NULL,"
    "  note BLOB"
    ") STRICT;"
    /* Actas are most of the events and never looked for by type. */
    "CREATE INDEX event_by_type ON event (type, idx) WHERE type <> 2;"
    /* A hole in the numbering can never be filled later: the next index is always the number of events. */
    "CREATE TRIGGER event_in_order BEFORE INSERT ON event"
    " WHEN NEW.idx <> (SELECT coalesce(max(idx) + 1, 0) FROM event)"
    " BEGIN SELECT RAISE(ABORT, 'events follow each other without holes'); END;"
    "CREATE TABLE submission ("
    "  digest BLOB PRIMARY KEY CHECK (length(digest) = 32),"
    "  idx INTEGER NOT NULL REFERENCES event (idx)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE version ("
    "  key TEXT NOT NULL,"
    "  version INTEGER NOT NULL,"
    "  idx INTEGER NOT NULL REFERENCES event (idx),"
    "  PRIMARY KEY (key, version)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE image ("
    "  digest BLOB PRIMARY KEY CHECK (length(digest) = 32),"
    "  key TEXT NOT NULL,"
    "  idx INTEGER NOT NULL REFERENCES event (idx)"
    ") STRICT, WITHOUT ROWID;" APPEND_ONLY("event") APPEND_ONLY("submission") APPEND_ONLY("version")
        APPEND_ONLY("image") "PRAGMA application_id=1095781953;"
                             "PRAGMA user_version=1;";

const char *const sqlite_statements[SQL_STATEMENTS] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_EVENT_ADD] = "INSERT INTO event (idx, type, entry, note) VALUES (?1, ?2, ?3, ?4)",
    [SQL_SUBMISSION_ADD] = "INSERT INTO submission (digest, idx) VALUES (?1, ?2)",
    [SQL_VERSION_ADD] = "INSERT INTO version (key, version, idx) VALUES (?1, ?2, ?3)",
    /* The first who sent an image stays its owner. */
    [SQL_IMAGE_ADD] = "INSERT INTO image (digest, key, idx) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    [SQL_SIZE] = "SELECT coalesce(max(idx) + 1, 0) FROM event",
    [SQL_READ] = "SELECT idx, entry, note FROM event WHERE idx >= ?1 ORDER BY idx",
    [SQL_SUBMISSION] = "SELECT idx FROM submission WHERE digest = ?1",
    [SQL_HEAD] = "SELECT version, idx FROM version WHERE key = ?1 ORDER BY version DESC LIMIT 1",
    [SQL_IMAGE] = "SELECT key FROM image WHERE digest = ?1",
    [SQL_TOTALS] = "SELECT count(*), coalesce(sum(version > 1), 0) FROM version",
    [SQL_NEWEST] = "SELECT idx FROM event WHERE type = ?1 AND type <> 2 ORDER BY idx DESC LIMIT 1",
    [SQL_BEFORE] =
        "SELECT idx FROM event WHERE type = ?1 AND type <> 2 AND idx < ?2 ORDER BY idx DESC LIMIT 1",
};

/* The text of the database: settings, tables, statements. For sqlite.c alone. */
#ifndef STORE_SQLITE_SCHEMA_H
#define STORE_SQLITE_SCHEMA_H

enum { SCHEMA_VERSION = 1 };

/* Run at every open, before anything else. */
extern const char sqlite_settings[];
/* Run once, in a transaction, in a new file. */
extern const char sqlite_schema[];

enum statement {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_EVENT_ADD,
    SQL_SUBMISSION_ADD,
    SQL_VERSION_ADD,
    SQL_IMAGE_ADD,
    SQL_SIZE,
    SQL_READ,
    SQL_SUBMISSION,
    SQL_HEAD,
    SQL_IMAGE,
    SQL_NEWEST,
    SQL_TOTALS,
    SQL_BEFORE,
    SQL_STATEMENTS
};
extern const char *const sqlite_statements[SQL_STATEMENTS];

#endif

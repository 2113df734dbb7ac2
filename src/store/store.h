/* The store: every event of the night, for ever, behind one table of operations. SQLite stands behind it
 * here; another database follows by filling the same table, and no caller changes.
 *
 * An event is a ledger entry with its index, and for actas the signed note as it came. Events are only added:
 * the database itself refuses to change or delete one. What else is kept (which submission is which event,
 * the versions of an acta, who sent an image first) follows from the events and is added with them in the
 * same transaction.
 *
 * One process opens the store: the intake's store role. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum { STORE_KEY_MAX = 20, STORE_DIGEST = 32 };

struct store_event {
    uint64_t index;            /* the ledger's, from 0 without holes */
    uint8_t type;              /* enum entry_type; the store only groups by it */
    struct span entry;         /* canonical bytes */
    struct span note;          /* the signed submission; empty for what the night itself says */
    const uint8_t *submission; /* SHA-256 of the note's text, or NULL */
    struct span key;           /* the acta's, empty for other events */
    uint32_t version;          /* of the acta */
    const uint8_t *image;      /* SHA-256 of its image, or NULL */
};

struct store_version {
    uint32_t version;
    uint64_t index;
};

/* What the store holds of actas, whoever stored it. */
struct store_totals {
    uint64_t actas, corrections; /* entries; those of version 2 and later */
};

/* Borrowed for the call. ERR_AGAIN ends the reading early, other errors are passed on. */
typedef enum err (*store_each)(void *arg, uint64_t index, struct span entry, struct span note);

/* Begins with its table; the rest belongs to the implementation. */
struct store {
    const struct store_ops *ops;
};

/* Errors: ERR_FULL no room (nothing was changed), ERR_CONFLICT against what is there, ERR_IO the rest.
 * Lookups that find nothing answer ERR_MISSING without a sentence. They see what the open transaction has
 * added. */
struct store_ops {
    const char *name;
    enum err (*open)(const char *where, struct store **out, struct why *why);
    void (*close)(struct store *store);

    enum err (*begin)(struct store *store, struct why *why);
    enum err (*commit)(struct store *store, struct why *why); /* on return it is on disk */
    void (*rollback)(struct store *store);
    enum err (*append)(struct store *store, const struct store_event *event, struct why *why);

    enum err (*size)(struct store *store, uint64_t *events, struct why *why);
    enum err (*read)(struct store *store, uint64_t from, store_each each, void *arg, struct why *why);
    enum err (*submission)(struct store *store, const uint8_t digest[STORE_DIGEST], uint64_t *index);
    enum err (*head)(struct store *store, struct span key,
                     struct store_version *out); /* its newest version */
    enum err (*image)(struct store *store, const uint8_t digest[STORE_DIGEST], char key[STORE_KEY_MAX + 1]);
    enum err (*newest)(struct store *store, uint8_t type, uint64_t *index); /* last event of a type */
    enum err (*totals)(struct store *store, struct store_totals *out);
    enum err (*before)(struct store *store, uint8_t type, uint64_t below,
                       uint64_t *index); /* last below an index */
};

/* `where` is the path of the database's file. */
extern const struct store_ops store_sqlite;

#endif

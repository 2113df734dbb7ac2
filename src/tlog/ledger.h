/* The ledger on disk: append-only bundles of 256 entries, laid out as tlog-tiles entry bundles.
 *
 *   DIR/entries/000, DIR/entries/x001/234 ...   each entry: uint16 length, big endian, then its bytes
 *
 * One writer (the sequencer). The last bundle grows in place; a torn entry at its end is no entry: readers
 * stop before it, the writer cuts it off when it opens. Nothing else is ever rewritten. */
#ifndef TLOG_LEDGER_H
#define TLOG_LEDGER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

/* At most LEDGER_UNSYNCED full bundles wait for the disk; past that an append waits itself. */
enum { BUNDLE_ENTRIES = 256, BUNDLE_PATH_MAX = 64, LEDGER_UNSYNCED = 16 };

/* "entries/x001/x234/067" for bundle 1234067. */
void bundle_path(uint64_t bundle, char out[BUNDLE_PATH_MAX]);

/* Writer. */
struct ledger;
MUST_CHECK enum err ledger_open(const char *dir, struct ledger **out, struct why *why);
void ledger_close(struct ledger *ledger);
uint64_t ledger_size(const struct ledger *ledger);
/* Appends; visible to readers at once, durable after ledger_sync. On an error nothing was added. */
MUST_CHECK enum err ledger_append(struct ledger *ledger, struct span entry, struct why *why);
/* The same for many, framed as in a bundle: one write a bundle. On an error whole entries from the first on may have been
 * added (ledger_size says). */
MUST_CHECK enum err ledger_append_all(struct ledger *ledger, struct span framed, struct why *why);
MUST_CHECK enum err ledger_sync(struct ledger *ledger, struct why *why);

/* ledger_sync in two steps, so that a thread that does nothing else may wait for the disk while entries are appended. */
struct ledger_debt {
    struct ledger *ledger;
    uint64_t from, size; /* entries that may not be on disk */
};
/* False: everything is on disk. */
bool ledger_owes(struct ledger *ledger, struct ledger_debt *out);
/* In any thread, one debt at a time; the ledger is not closed meanwhile. */
MUST_CHECK enum err ledger_pay(const struct ledger_debt *debt, struct why *why);

/* Takes entries off the end: what a crash left there instead of what was appended. ERR_RANGE when `size` lies further back
 * than what may not have been on disk. */
MUST_CHECK enum err ledger_cut(struct ledger *ledger, uint64_t size, struct why *why);

/* Reader: follows a ledger that another process writes, or a published copy. */
struct ledger_reader;
MUST_CHECK enum err ledger_reader_open(const char *dir, struct ledger_reader **out, struct why *why);
void ledger_reader_close(struct ledger_reader *reader);
/* The next entry (valid until the next call) and its index; ERR_AGAIN at the present end. */
MUST_CHECK enum err ledger_reader_next(struct ledger_reader *reader, struct span *entry, uint64_t *index,
                                       struct why *why);

/* One bundle in memory: cuts the next entry off `rest`; ERR_AGAIN when torn or empty. */
MUST_CHECK enum err bundle_next(struct span *rest, struct span *entry);

#endif

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

#include <stdint.h>

enum { BUNDLE_ENTRIES = 256, BUNDLE_PATH_MAX = 64 };

/* "entries/x001/x234/067" for bundle 1234067. */
void bundle_path(uint64_t bundle, char out[BUNDLE_PATH_MAX]);

/* Writer. */
struct ledger;
MUST_CHECK enum err ledger_open(const char *dir, struct ledger **out, struct why *why);
void ledger_close(struct ledger *ledger);
uint64_t ledger_size(const struct ledger *ledger);
/* Appends; visible to readers at once, durable after ledger_sync. On ERR_IO nothing was added. */
MUST_CHECK enum err ledger_append(struct ledger *ledger, struct span entry, struct why *why);
MUST_CHECK enum err ledger_sync(struct ledger *ledger, struct why *why);
/* Takes entries off the end, of the last bundle only (older ones were synced before the next began): what a crash left
 * there instead of what was appended. ERR_RANGE when `size` lies before it. */
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

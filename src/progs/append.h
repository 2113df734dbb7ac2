/* An entry that a person adds to a night's ledger from the command line: dated by the night's clock, handed to the sequencer. */
#ifndef PROGS_APPEND_H
#define PROGS_APPEND_H

#include "base/buf.h"
#include "base/err.h"
#include "tlog/entry.h"

#include <stdint.h>

/* The moment, whole seconds, by the clock of the night in `dir`; by the system's when that has none. */
MUST_CHECK enum err append_now(const char *dir, int64_t *now_ms, struct why *why);
/* Waits until the entry is in the ledger; `answer` is its index. */
MUST_CHECK enum err append_entry(const char *dir, const struct entry *entry, struct buf *answer,
                                 struct why *why);

#endif

/* atalaya zero: proves that a fresh system holds no votes, and lists what it runs: programs, rules, definition, by their hashes.
 *
 * It looks at every place where a vote could lie: the store, the ledger, the published tree, the continuous copy, the images, the
 * mirrors, and what the log's signer has signed. Each run leaves its listing in DIR/zero/, and is compared with the ones before:
 * three times a night, before, during and after. Then votes are there, and what counts is that nothing else has changed and that the
 * log goes on from the very entries that were there when it was empty. */
#ifndef ZERO_ZERO_H
#define ZERO_ZERO_H

#include "base/buf.h"
#include "base/err.h"
#include "os/file.h"

#include <stdbool.h>

struct zero_options {
    const char *dir; /* the night's folder */
    bool json;
};

/* The kind of the evidence entry that holds a listing's SHA-256. */
#define ZERO_EVIDENCE "zero-listing"

/* Appends the report; `kept` is where the listing lies, "" when it came to none. OK: empty, or unchanged as expected; ERR_CONFLICT: something is wrong; others: it could not be examined. */
MUST_CHECK enum err zero_run(const struct zero_options *options, char kept[FILE_PATH_MAX], struct buf *out,
                             struct why *why);

#endif

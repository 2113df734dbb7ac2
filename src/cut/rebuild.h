/* atalaya rebuild: the last cut of a log, made again from the log alone, byte for byte. What it needs beside the entries is this
 * program; what it proves is that nothing else went into what was published. */
#ifndef CUT_REBUILD_H
#define CUT_REBUILD_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

struct rebuild_options {
    const char *
        log_dir; /* checkpoint, tile/entries/…: a night's or a mirror's public/log, or a folder that holds such a one */
    const char *out_dir;  /* not there yet, or empty */
    const char *policy;   /* whose log's signature must be on the checkpoint, or NULL */
    const char *manifest; /* the cut's signed manifest, put beside the files when it is theirs; or NULL */
    bool json;
};

/* Appends the answer to `out`; nothing when there was nothing to examine. OK: rebuilt, and the same. ERR_IO, ERR_FULL,
 * ERR_EXISTS: it could not be written. Any other: something is wrong with the log or with what it gives. */
MUST_CHECK enum err rebuild(const struct rebuild_options *options, struct buf *out, struct why *why);

#endif

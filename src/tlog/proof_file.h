/* A .tlog-proof of an entry, made from the tiles of a folder and written in its place. */
#ifndef TLOG_PROOF_FILE_H
#define TLOG_PROOF_FILE_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

/* `log_dir` holds the tiles of a tree of `size`, which `checkpoint` (a whole note) signs; the entry goes into `extra`. */
MUST_CHECK enum err proof_file_write(const char *log_dir, uint64_t index, struct span entry, uint64_t size,
                                     struct span checkpoint, const char *path, struct why *why);

#endif

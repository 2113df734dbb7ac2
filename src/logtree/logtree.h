/* atalaya-log: tiles and signed checkpoints over the ledger. A parent that serves nobody, the role `publish` (follows the
 * ledger, writes PUBLIC/log) and the role `signer` (holds the log's key and its memory). When one of them dies the program
 * ends and its parent starts it again: they share one socket, and each recovers from what is on disk. */
#ifndef LOGTREE_LOGTREE_H
#define LOGTREE_LOGTREE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct logtree_options {
    const char *dir;       /* the night's folder */
    int64_t interval_ms;   /* real milliseconds between looks at the ledger */
    const char *state_dir; /* the signer's own folder; NULL: DIR/signer */
};

/* Makes DIR/keys/log.key (unless it is there) and the signer's memory for the definition's origin, once; prints the verifier
 * key, also to DIR/public/log/vkey and DIR/keys/log.key.pub. The ledger must be empty. `restored`: the folder was made again
 * from the night's copy; the key must be there, and the memory is the tree over the whole ledger. The exit code. */
int logtree_begin(const struct logtree_options *options, bool restored, const char *continues);

/* Runs until SIGTERM or SIGINT; the exit code. */
int logtree_run(const struct logtree_options *options);

#endif

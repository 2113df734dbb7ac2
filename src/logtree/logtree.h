/* atalaya-log: tiles and signed checkpoints over the ledger. A parent that serves nobody, the role `publish` (follows the
 * ledger, writes PUBLIC/log) and the role `signer` (holds the log's key and its memory). When one of them dies the program
 * ends and its parent starts it again: they share one socket, and each recovers from what is on disk. */
#ifndef LOGTREE_LOGTREE_H
#define LOGTREE_LOGTREE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct logtree_options {
    const char *dir;     /* the night's folder */
    int64_t interval_ms; /* real milliseconds between looks at the ledger */
    const char
        *copy_dir; /* where the continuous copy says what it has (DIR/run/copy); NULL: there is no copy */
    const char *state_dir; /* the signer's own folder; NULL: DIR/signer */
};

struct log_beginning {
    bool
        restored; /* the folder was made again from the night's copy: the key is there, the ledger has entries */
    const char *at_least;  /* with `restored`: file of a checkpoint that the ledger must contain, or NULL */
    const char *continues; /* after a theft: file of the old log's last good checkpoint, or NULL */
};

/* Makes DIR/keys/log.key (unless it is there) and the signer's memory for the definition's origin, once; prints the verifier
 * key, also to DIR/public/log/vkey and DIR/keys/log.key.pub. The ledger must be empty; of a restored one the memory is the
 * whole tree. The exit code. */
int logtree_begin(const struct logtree_options *options, const struct log_beginning *how);

/* Runs until SIGTERM or SIGINT; the exit code. */
int logtree_run(const struct logtree_options *options);

#endif

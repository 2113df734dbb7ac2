/* The log that a cut is rebuilt from: read once, proven against its checkpoint, and put down as a ledger of our own, so that nothing is
 * read twice from a folder that somebody else may write. */
#ifndef CUT_REBUILD_LOG_H
#define CUT_REBUILD_LOG_H

#include "formats/bound.h"
#include "formats/definition.h"
#include "tlog/checkpoint.h"

struct rebuild_log {
    const char *dir; /* where checkpoint and tile/ lie */
    struct buf note; /* the checkpoint's */
    struct checkpoint checkpoint;
    bool signed_by_log; /* its signature was verified, by the policy's key or the one beside it */
    struct definition definition;
    uint32_t cuts;
    uint64_t cut_size;  /* log size of the last one */
    struct bound bound; /* the keys that sign manifests, as the log binds them */
    struct buf bundle, scratch;
};

void rebuild_log_init(struct rebuild_log *log, const char *dir);
void rebuild_log_done(struct rebuild_log *log);
/* The checkpoint. ERR_MISSING: there is none, and nothing to examine. */
MUST_CHECK enum err rebuild_log_open(struct rebuild_log *log, const char *policy, struct why *why);
/* All entries that it covers: each well formed, all of them the tree that is signed. They go to `ledger_dir`. */
MUST_CHECK enum err rebuild_log_read(struct rebuild_log *log, const char *ledger_dir, struct why *why);

#endif

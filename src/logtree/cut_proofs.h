/* The proof file of each cut: PUBLIC/log/cut-{n}.tlog-proof says that cut n's entry is in the log. It is made once, of the first
 * checkpoint that covers the entry, and never again: the code of the cut that is read out on television is a hash of it.
 *
 * And PUBLIC/log/notice.tlog-proof, the same of the newest notice, replaced by the next one. */
#ifndef LOGTREE_CUT_PROOFS_H
#define LOGTREE_CUT_PROOFS_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

struct cut_proofs {
    const char *log_dir; /* PUBLIC/log */
    struct cut_pending {
        uint32_t number;
        uint64_t index;
        struct buf entry;
    } * pending; /* cuts whose entry was read and whose file is not there, in the order of their entries */
    uint32_t n, cap;
    struct cut_pending notice; /* the newest that was read and not shown yet; no entry: none */
    uint64_t written;
};

void cut_proofs_init(struct cut_proofs *proofs, const char *log_dir);
void cut_proofs_done(struct cut_proofs *proofs);

/* An entry of the ledger as it is taken into the tree; what is no cut's is passed over. */
void cut_proofs_note(struct cut_proofs *proofs, uint64_t index, struct span entry);

/* Writes the files of all pending cuts that a checkpoint (a whole note) of `size` entries covers. Its tiles are on disk.
 * A crash between two of them is no matter: whoever starts again calls this with the same checkpoint before the next. */
MUST_CHECK enum err cut_proofs_write(struct cut_proofs *proofs, uint64_t size, struct span checkpoint,
                                     struct why *why);

#endif

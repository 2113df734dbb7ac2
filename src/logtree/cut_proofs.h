/* The proof file of each cut: PUBLIC/log/cut-{n}.tlog-proof says that cut n's entry is in the log. It is made once, of the first
 * checkpoint that covers the entry, and never again: the code of the cut that is read out on television is a hash of it.
 *
 * So it is not shown before it is safe elsewhere. With a continuous copy a proof that was made waits in `made_dir`; the copy takes
 * it, brings it to its own disk and moves it to `copied_dir`; from there it goes before the public, the same bytes (and the copy
 * clears it away). Whoever goes on from the copy after the origin was lost has every proof that anybody can have seen.
 *
 * And PUBLIC/log/notice.tlog-proof, the same of the newest notice, replaced by the next one. */
#ifndef LOGTREE_CUT_PROOFS_H
#define LOGTREE_CUT_PROOFS_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

struct cut_proofs {
    const char *log_dir;               /* PUBLIC/log */
    const char *made_dir, *copied_dir; /* NULL: there is no copy, what is made is shown */
    uint64_t
        copied; /* entries that the copy has; UINT64_MAX: the copy does not count, what is made is shown */
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

/* Does a cut of the first `size` entries wait for its file? */
bool cut_proofs_wait(const struct cut_proofs *proofs, uint64_t size);

/* Makes the files of all pending cuts that a checkpoint (a whole note) of `size` entries covers, and shows those that may be
 * shown. Its tiles are on disk. A crash between two of them is no matter: whoever starts again calls this with the same checkpoint
 * before the next, and a file that was made is not made again. */
MUST_CHECK enum err cut_proofs_write(struct cut_proofs *proofs, uint64_t size, struct span checkpoint,
                                     struct why *why);

#endif

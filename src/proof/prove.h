/* atalaya prove: where an acta stands in the log, proven: its current version and those before it, their inclusion in the signed
 * tree, and that the last cut says so (or says that the acta has not come yet).
 *
 * A site is asked for no more than that takes: the checkpoint, the last cut's proof and manifest, the tables that may hold the
 * acta, the bundles of its entries, and the tiles on their paths. A folder (or a site, with `full`) is read whole: then the state of
 * the acta is proven by the cut's state root as well, and that no version was kept back. */
#ifndef PROOF_PROVE_H
#define PROOF_PROVE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

struct prove_options {
    const char *where;  /* folder or URL */
    const char *acta;   /* CLAVE_ACTA, or FC-… out of catalogue */
    const char *policy; /* file of the pinned policy, NULL: none */
    const char *out;    /* where the .tlog-proof of the current version goes, NULL: nowhere */
    const char *check;  /* a proof file to check instead, NULL: none */
    bool json, full;
};

/* Appends the answer to `out`. OK: proven; ERR_CONFLICT: something is wrong with what was examined; others: it could not be
 * examined. */
MUST_CHECK enum err proof_prove(const struct prove_options *options, struct buf *out, struct why *why);
/* The same for a proof file, without a network. */
MUST_CHECK enum err proof_check(const struct prove_options *options, struct buf *out, struct why *why);

#endif

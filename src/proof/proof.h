/* atalaya verify: examines a published tree (a night's folder, its public/ folder, a mirror's, or a site by http) and
 * takes nothing in it on trust: signatures, manifest, every file and twin, the ledger's entries, every figure, area
 * and row recounted from them. */
#ifndef PROOF_PROOF_H
#define PROOF_PROOF_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

enum { PROOF_WAIT_S = 8 };

struct proof_options {
    const char *where;  /* folder or URL */
    const char *policy; /* file of pinned verifier keys, NULL: none */
    const char *seen;   /* file with a checkpoint or proof kept from before, NULL: none */
    int64_t wait_s;     /* so long a tree may take to show the newest cut that its log has */
    bool json;
    bool recount; /* the log and the totals alone: no files, no pages */
};

/* Appends the report to `out`. OK: all well; ERR_CONFLICT: there are findings; others: it could not be examined. */
MUST_CHECK enum err proof_verify(const struct proof_options *options, struct buf *out, struct why *why);

#endif

/* atalaya code: the code of a cut (doors/cut_code.h), made from a published tree, and whether it is the one that was heard. */
#ifndef PROOF_CODE_H
#define PROOF_CODE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

struct code_options {
    const char *where;  /* folder or URL */
    const char *heard;  /* as somebody wrote it down, or NULL */
    const char *policy; /* whose log's signature must be on the proof, or NULL */
    int64_t cut;        /* -1: the newest */
    bool json;
};

/* Appends the answer to `out`. OK: this is the code, and the one heard if one was; ERR_CONFLICT: another code, or a proof that
 * does not prove this cut; others: it could not be examined. */
MUST_CHECK enum err proof_code(const struct code_options *options, struct buf *out, struct why *why);

#endif

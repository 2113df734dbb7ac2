/* A submission: one acta record on its way in, as the text of a signed note followed by the image's bytes
 * (docs/formats/submission.md). The centre prints and signs it, the intake splits, verifies and parses it. */
#ifndef FORMATS_SUBMISSION_H
#define FORMATS_SUBMISSION_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "tally/place.h"
#include "tally/sheet.h"

#define SUBMISSION_TYPE "application/x-prep-submission"

enum { SUBMISSION_NOTE_MAX = 16 * 1024, SUBMISSION_IMAGE_MAX = 8 * 1024 * 1024 };

/* Texts borrow. */
struct submission {
    struct span election; /* election.id */
    struct span centre;   /* name of the signing key */
    struct span acta;     /* CLAVE_ACTA as read, [0-9A-Z]{0,20}; empty: could not be read */
    struct span contest;  /* contest.id */
    uint32_t version;     /* 1; 2 and up correct the same acta */
    struct span reason;   /* empty for version 1, "[a-z0-9-]{1,40}" for others */
    struct sheet sheet;
};

/* Appends the note's text. Values must be in range (asserted). */
void submission_print(const struct submission *submission, struct buf *out);
/* One spelling: what parses prints back the same. ERR_SYNTAX or ERR_RANGE with line and rule. */
MUST_CHECK enum err submission_parse(struct span text, struct submission *out, struct why *why);

/* Parts a body into the signed note and what follows its signature lines. ERR_TOO_BIG: the note is longer
 * than SUBMISSION_NOTE_MAX; ERR_SYNTAX: no text, empty line and signature lines at its start. */
MUST_CHECK enum err submission_split(struct span body, struct span *note, struct span *image,
                                     struct why *why);

#endif

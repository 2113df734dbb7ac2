/* The examination of a submission: parted, signature verified, parsed, held against the election and its
 * image. The gate examines what comes from the network; the store role examines again what the gate passes
 * on, so that a gate that was taken over can lose records and never invent one. */
#ifndef INTAKE_EXAMINE_H
#define INTAKE_EXAMINE_H

#include "formats/submission.h"
#include "intake/refusal.h"
#include "seal/note.h"
#include "tally/election.h"
#include "tlog/entry.h"

struct examiner {
    const struct election *election;
    struct note_key *keys; /* by election.signers */
    size_t n_keys;
};
/* Parses the signers' keys. ERR_SYNTAX with the signer's name. */
MUST_CHECK enum err examiner_init(struct examiner *examiner, const struct election *election,
                                  struct why *why);
void examiner_done(struct examiner *examiner);

/* All borrow from the body. */
struct examined {
    struct span note; /* text and signature lines */
    struct span text;
    struct span image; /* empty when none is promised */
    struct submission submission;
    uint8_t contest;    /* index into election.contests */
    uint8_t digest[32]; /* SHA-256 of the text: two submissions with one text are one submission */
};

/* REFUSED_NOT when all is well; else the rule, and a sentence that says where. The image's structure is not
 * looked at here (image_check). */
enum refusal examine(const struct examiner *examiner, struct span body, struct examined *out,
                     struct why *why);

/* The acta entry of a submission as the election's rules judge it: key or "FC-…", judgement, findings of the
 * sheet. Version 1 without previous; the sequencer knows more. */
void examined_entry(const struct examiner *examiner, const struct examined *examined, struct entry_acta *out);

#endif

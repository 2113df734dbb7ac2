/* A version of the policy: a signed note whose text is a policy (tlog/policy.h) that begins with comment lines in a fixed
 * order (docs/formats/policy.md), so that any reader of tlog-policy reads it and ours reads more:
 *
 *   # prep-policy/v1
 *   # origin prep.example.mx/2027
 *   # drill no
 *   # version 2
 *   # time 2027-05-01T18:00:00Z
 *   # previous <SHA-256 of the text before> | -
 *   # continues <base64 of a note: the last checkpoint of the log that this one continues> | -
 *   # threshold 3
 *   # roots 5
 *   # root <vkey>                       as many as roots says
 *
 * Version N + 1 is signed by the thresholds of N and of N + 1: who holds enough old root keys says who holds the new ones. */
#ifndef TLOG_POLICY_NOTE_H
#define TLOG_POLICY_NOTE_H

#include "tlog/entry.h"
#include "tlog/policy.h"

enum { POLICY_ROOTS = 16 };

struct policy_head {
    struct span origin; /* of the election; logs are named so, or so and "/..." */
    bool drill;
    uint32_t version; /* from 1 */
    int64_t time_ms;
    bool has_previous;
    uint8_t previous[32];  /* SHA-256 of the previous version's text */
    struct span continues; /* a note, empty for none */
    uint32_t threshold, n_roots;
    struct note_key roots[POLICY_ROOTS];
};

/* Appends the comment lines. Values must be in range (asserted). */
void policy_head_print(const struct policy_head *head, struct buf *out);

/* A policy note, parsed and bound together: head and policy agree (the logs' names are the origin or below it, no root key
 * is a log's or a witness's). Signatures are not looked at. Free with policy_note_free. */
struct policy_note {
    char *bytes;      /* a copy that spans borrow from */
    struct span note; /* whole */
    struct span text; /* the signed text */
    struct policy_head head;
    struct policy *policy;
    struct buf scratch;
};
MUST_CHECK enum err policy_note_parse(struct span note, struct policy_note **out, struct why *why);
/* The same of a text without signature lines. */
MUST_CHECK enum err policy_text_parse(struct span text, struct policy_note **out, struct why *why);
void policy_note_free(struct policy_note *note);

/* A policy's text, or verifier keys alone, one a line, as a log publishes its own: those logs, and "quorum none". It names a log. */
MUST_CHECK enum err policy_or_keys_parse(struct span text, struct policy **out, struct why *why);
/* What a person pins: the same, or a policy note, which its own roots must have signed. */
MUST_CHECK enum err policy_pinned_parse(struct span text, struct policy **out, struct why *why);

/* How many different root keys of `head` have signed; no signature of one is wrong (ERR_FORGED). */
MUST_CHECK enum err policy_note_signatures(const struct policy_note *note, const struct policy_head *head,
                                           uint32_t *n, struct why *why);
/* Its own root keys have signed it, enough of them. ERR_FORGED, ERR_MISSING. */
MUST_CHECK enum err policy_note_verify(const struct policy_note *note, struct why *why);
/* And those of `before` too; version, origin, drill and `previous` follow from it. ERR_CONFLICT as well. */
MUST_CHECK enum err policy_note_follows(const struct policy_note *note, const struct policy_note *before,
                                        struct why *why);

/* "prep.example.mx/2027" is the origin of the logs prep.example.mx/2027 and prep.example.mx/2027/b. */
bool origin_holds(struct span origin, struct span log);

#endif

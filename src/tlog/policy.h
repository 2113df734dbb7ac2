/* Policies (C2SP tlog-policy): which logs and which witnesses a checkpoint must be signed by. Citizens and mirrors pin
 * one; it is text, lines in this form, blanks and tabs between the words, "#" begins a comment line:
 *
 *   log <vkey> [<url>]                          a log's key; its name is the log's origin
 *   witness <name> <vkey> [<url>]               a cosigner's key
 *   group <name> all|any|<k> <member>...        k of the members, each of them named before and in one group only
 *   quorum <name>|none                          exactly once
 *
 * Keys are of type Ed25519 (logs 0x01, witnesses 0x04). ML-DSA-44 (0x06) is understood, so that a policy which has such
 * keys as well is not refused, but its signatures are not verified here: such a witness counts as silent. */
#ifndef TLOG_POLICY_H
#define TLOG_POLICY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "seal/note.h"
#include "tlog/checkpoint.h"

#include <stdbool.h>
#include <stdint.h>

/* The specification wants at least 32 of each. */
enum {
    POLICY_LOGS = 64,
    POLICY_WITNESSES = 64,
    POLICY_GROUPS = 64,
    POLICY_BYTES = 262144,
    POLICY_NONE = UINT16_MAX
};

struct policy_key {
    struct note_key key; /* `public` means something when `usable` */
    bool usable;         /* of a type whose signatures are verified here */
    uint8_t raw[32];     /* SHA-256 of the raw key: equal for duplicates */
    struct span url;     /* empty when none is given */
};

/* Witnesses and groups share one space of names, in the order of their lines. */
struct policy_node {
    struct span name;
    bool is_group;
    uint16_t witness;   /* its index among the witnesses */
    uint16_t threshold; /* of a group */
    uint16_t members;   /* of a group */
    uint16_t parent;    /* the group it is a member of, POLICY_NONE for none */
};

struct policy {
    char *text; /* a copy that the spans borrow from */
    uint16_t n_logs, n_witnesses, n_nodes;
    uint16_t quorum; /* a node, POLICY_NONE for "none" */
    struct policy_key logs[POLICY_LOGS];
    struct policy_key witnesses[POLICY_WITNESSES];
    struct policy_node nodes[POLICY_WITNESSES + POLICY_GROUPS];
};

/* ERR_SYNTAX, ERR_TOO_BIG, ERR_CONFLICT (a name or key twice), ERR_MISSING, ERR_FORGED, with the line and its rule. */
MUST_CHECK enum err policy_parse(struct span text, struct policy **out, struct why *why);
void policy_free(struct policy *policy);

/* Does the quorum hold when these witnesses (by index) have cosigned? Pure. */
bool policy_quorum(const struct policy *policy, const bool cosigned[POLICY_WITNESSES]);

/* What a policy says of a checkpoint. */
struct policy_verdict {
    struct span text;             /* the checkpoint's text, borrowed from the note */
    struct checkpoint checkpoint; /* parsed */
    uint16_t log;                 /* which log signed it */
    uint16_t cosigners;           /* how many witnesses did */
    uint16_t unknown;             /* signature lines that no key of the policy accounts for */
    bool quorum;                  /* they are enough */
    bool cosigned[POLICY_WITNESSES];
    uint64_t times[POLICY_WITNESSES]; /* seconds since 1970, the newest each; 0 for silent ones */
};

/* Verifies a checkpoint's note: signed by a log of the policy under its own origin, no signature of a known key wrong.
 * That the quorum is missing is no error but `quorum` false: a page says "2 of 5", a verifier says no. ERR_SYNTAX,
 * ERR_FORGED, ERR_MISSING (no log of the policy has signed). A policy without logs is ERR_MISSING. */
MUST_CHECK enum err policy_check(const struct policy *policy, struct span note, struct policy_verdict *out,
                                 struct why *why);

/* The time by which a quorum had seen the checkpoint: the largest time T such that the cosignatures of T or later
 * satisfy the quorum; 0 when it is not reached or the quorum is none. Age = now - that. */
uint64_t policy_quorum_time(const struct policy *policy, const struct policy_verdict *verdict);

#endif

/* Policies as a verifier takes them. */
#ifndef PROOF_TRUST_H
#define PROOF_TRUST_H

#include "proof/source.h"
#include "tlog/policy.h"

/* A policy's text; a file of verifier keys alone, one a line, counts as those logs and "quorum none". It names a log. */
MUST_CHECK enum err policy_of(struct span text, struct policy **out, struct why *why);
MUST_CHECK enum err policy_read(const char *path, struct policy **out, struct why *why);
/* The one that a tree names (log/policy, or log/vkey): it proves no more than that the tree agrees with itself. OK with NULL
 * when the tree names none. */
MUST_CHECK enum err policy_named(struct source *source, struct policy **out, struct why *why);

#endif

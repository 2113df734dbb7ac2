/* Policies as a verifier takes them. */
#ifndef PROOF_TRUST_H
#define PROOF_TRUST_H

#include "proof/source.h"
#include "tlog/policy.h"

/* What is pinned, in any of its forms (policy_pinned_parse). */
MUST_CHECK enum err policy_read(const char *path, struct policy **out, struct why *why);
/* The one that a tree names (log/policy, or log/vkey): it proves no more than that the tree agrees with itself. OK with NULL
 * when the tree names none. */
MUST_CHECK enum err policy_named(struct source *source, struct policy **out, struct why *why);

#endif

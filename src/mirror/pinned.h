/* Whose checkpoints are believed: the log key that was pinned, or the policy that was pinned and what its root keys made of it since.
 * Versions are looked for on the feed (log/policy.N.note), each must follow from the one before, and those that did are kept in
 * PUBLIC/log, where a restart walks over them again. */
#ifndef MIRROR_PINNED_H
#define MIRROR_PINNED_H

#include "base/err.h"
#include "tlog/policy_note.h"

struct pull;

enum { PINNED_KEYS = POLICY_LOGS };

struct pinned {
    struct policy_note *policy;       /* the newest; NULL when a key was pinned */
    struct note_key now[PINNED_KEYS]; /* logs of the newest version: they sign what is offered */
    size_t n_now;
    struct note_key ever[PINNED_KEYS]; /* and of every version: they signed what is here, the newest last */
    size_t n_ever;
    uint32_t looks;
};

MUST_CHECK enum err pinned_open(struct pull *pull, struct why *why);
void pinned_close(struct pull *pull);
/* Looks for newer versions on the feed, now and then, or at once when `now`. *moved: there was one. A version that does not
 * follow is ERR_FORGED. */
MUST_CHECK enum err pinned_look(struct pull *pull, bool now, bool *moved, struct why *why);

#endif

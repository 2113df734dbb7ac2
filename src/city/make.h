/* Makes a drill's folder: definition, keys of the signers, plan (docs/formats/replay.md); and makes the same
 * night again from them. */
#ifndef CITY_MAKE_H
#define CITY_MAKE_H

#include "city/plan.h"
#include "city/script.h"

/* Writes DIR/election, DIR/keys/centres and DIR/replay.plan. With an input the plan's hours are set from it.
 */
MUST_CHECK enum err drill_make(const char *dir, struct replay_plan *plan, struct why *why);

/* A night that is ready to be sent. */
struct drill {
    struct replay_plan plan;
    struct election election; /* as it lies in DIR/election */
    struct secret_key *keys;  /* by signer */
    struct script script;
};
/* Reads DIR/replay.plan and DIR/election and makes the script again. ERR_CONFLICT when they do not belong
 * together. */
MUST_CHECK enum err drill_open(const char *dir, struct drill *out, struct why *why);
void drill_close(struct drill *drill);

#endif

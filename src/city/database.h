/* Replays published databases: their rows become the catalogue, each one's columns a contest, their timestamps the night. The
 * night then ends with the totals recomputed from the rows.
 *
 * Rows without usable keys get keys of their own (the real files repeat keys and cut them short). A database without
 * CONTABILIZADA is a tally that leaves nothing out: where a table holds more votes than its list allows, the
 * definition's bound is raised to them; with CONTABILIZADA the rules decide. */
#ifndef CITY_DATABASE_H
#define CITY_DATABASE_H

#include "city/plan.h"
#include "city/script.h"

/* Reads plan->inputs (CSV files, or archives with such in them). Sets the plan's hours from the rows; fills the
 * election and, unless NULL, the script. */
MUST_CHECK enum err database_make(struct replay_plan *plan, struct election *election, struct script *script,
                                  struct why *why);

/* The same from memory. */
struct database_input {
    const char *name; /* for sentences */
    struct span bytes;
};
MUST_CHECK enum err database_read(struct replay_plan *plan, const struct database_input *inputs,
                                  uint32_t n_inputs, struct election *election, struct script *script,
                                  struct why *why);

#endif

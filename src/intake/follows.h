/* Does an entry follow from the ledger? What the sequencer must know of the night to take a cut, a review, a
 * notice or a close: pure, so that it is tested without a store. */
#ifndef INTAKE_FOLLOWS_H
#define INTAKE_FOLLOWS_H

#include "tlog/entry.h"

struct night_known {
    uint64_t size;      /* entries there are */
    uint64_t cut_entry; /* index of the last cut's entry, ENTRY_NONE before the first */
    uint32_t cut_number;
    uint64_t cut_log_size;
    int64_t cut_time_ms;
    bool last_cut; /* the last cut was declared last */
    bool closed;
};

void night_known_init(struct night_known *known);
/* Takes an entry in that has the index known->size. */
void night_known_add(struct night_known *known, const struct entry *entry);
/* ERR_REFUSED with the rule. Reviews, keys and policies: what the entries they name say is
 * for the caller to see. */
MUST_CHECK enum err entry_follows(const struct night_known *known, const struct entry *entry,
                                  struct why *why);

#endif

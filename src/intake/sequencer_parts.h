/* What the sequencer's files share. */
#ifndef INTAKE_SEQUENCER_PARTS_H
#define INTAKE_SEQUENCER_PARTS_H

#include "intake/sequencer.h"

/* The ledger is level with the store, a transaction is open and nothing is remembered. */
MUST_CHECK enum err sequencer_begin(struct sequencer *seq, struct why *why);
/* Keeps an entry of the open transaction for the ledger. */
void sequencer_remember(struct sequencer *seq, struct span entry);
/* After the commit: appends what was remembered to the ledger. No room there is no failure: the store has it,
 * and the ledger catches up before the next group. */
MUST_CHECK enum err sequencer_publish(struct sequencer *seq, struct why *why);
/* Before it: nothing of the transaction has happened. */
void sequencer_undo(struct sequencer *seq, const struct night_known *before);
/* Stores an entry of the night's own in the open transaction. */
MUST_CHECK enum err sequencer_store(struct sequencer *seq, const struct entry *entry, struct span bytes,
                                    struct why *why);
/* Keys and policies follow from those in the store (docs/formats/ledger.md). */
MUST_CHECK enum err sequencer_key_follows(struct sequencer *seq, const struct entry_key *key,
                                          struct why *why);
/* A cut covers the newest key of the cuts, so that what signs it follows from what it covers. */
MUST_CHECK enum err sequencer_cut_covers_key(struct sequencer *seq, const struct entry_cut *cut,
                                             struct why *why);
MUST_CHECK enum err sequencer_policy_follows(struct sequencer *seq, const struct entry_policy *policy,
                                             struct why *why);
/* The opening's: the policy, the log's key and the cut's, of those that DIR/keys has, stored in the open transaction. */
MUST_CHECK enum err sequencer_opening_keys(struct sequencer *seq, struct why *why);
/* Prints an entry and stores it in the open transaction. */
MUST_CHECK enum err sequencer_store_printed(struct sequencer *seq, const struct entry *entry,
                                            struct why *why);
/* The opening and the definition's files, in one transaction. */
MUST_CHECK enum err sequencer_opening(struct sequencer *seq, const uint8_t programs[32], struct why *why);

#endif

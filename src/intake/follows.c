/* The rules of succession. */
#include "intake/follows.h"

void night_known_init(struct night_known *known)
{
    *known = (struct night_known){.cut_entry = ENTRY_NONE};
}

void night_known_add(struct night_known *known, const struct entry *entry)
{
    if (entry->type == ENTRY_CUT) {
        known->cut_entry = known->size;
        known->cut_number = entry->as.cut.number;
        known->cut_log_size = entry->as.cut.log_size;
        known->cut_time_ms = entry->as.cut.time_ms;
        known->last_cut = entry->as.cut.last;
    }
    known->closed = known->closed || entry->type == ENTRY_CLOSE;
    known->size++;
}

static enum err refuse(struct why *why, const char *rule)
{
    return why_set(why, ERR_REFUSED, "%s", rule);
}

/* The first cut is 0 (zeros, before the opening) or 1. */
static enum err cut_follows(const struct night_known *known, const struct entry_cut *cut, struct why *why)
{
    bool first = known->cut_entry == ENTRY_NONE;
    if (known->last_cut) {
        return refuse(why, "the last cut is made: none follows it");
    }
    if (first ? cut->number > 1 : cut->number != known->cut_number + 1) {
        return why_set(why, ERR_REFUSED, "a cut has the number after the last one's (%u)", known->cut_number);
    }
    if (cut->previous != known->cut_entry) {
        return refuse(why, "a cut names the entry of the cut before it");
    }
    if (cut->log_size > known->size || (!first && cut->log_size < known->cut_log_size)) {
        return refuse(why, "a cut covers no more than the ledger, and no less than the cut before it");
    }
    if (!first && cut->time_ms < known->cut_time_ms) {
        return refuse(why, "a cut is not made before the cut before it");
    }
    if (cut->last && !known->closed) {
        return refuse(why, "the last cut needs a close entry before it");
    }
    if (cut->next_ms >= 0 && cut->next_ms <= cut->time_ms) {
        return refuse(why, "the next cut comes after this one");
    }
    return OK;
}

enum err entry_follows(const struct night_known *known, const struct entry *entry, struct why *why)
{
    switch (entry->type) {
    case ENTRY_CUT:
        return cut_follows(known, &entry->as.cut, why);
    case ENTRY_REVIEW:
        return entry->as.review.entry < known->size ? OK
                                                    : refuse(why, "a review names an entry that is there");
    case ENTRY_CLOSE:
        return known->closed ? refuse(why, "the night is closed already") : OK;
    case ENTRY_NOTICE:
    case ENTRY_EVIDENCE:
    case ENTRY_POLICY:
        return OK; /* a policy's signatures: sequencer_keys.c */
    case ENTRY_KEY:
        return entry->as.key.replaces == ENTRY_NONE || entry->as.key.replaces < known->size
                   ? OK
                   : refuse(why, "a key replaces one whose entry is there");
    default:
        return refuse(
            why, "only cuts, reviews, notices, keys, policies, evidence and the close are appended here");
    }
}

/* From the entries to the state: the definition out of the first ones, then the fold of all below a size. */
#ifndef PROOF_FOLDING_H
#define PROOF_FOLDING_H

#include "formats/election.h"
#include "proof/entries.h"
#include "render/fold.h"

struct folding {
    uint64_t size;                              /* entries from there on are not folded */
    void (*applied)(void *arg, uint64_t index); /* after each entry that was; may be NULL */
    void *arg;
    struct election_files files;
    uint8_t definition[32];
    uint32_t files_due, files_whole;
    struct buf
        early; /* entry 0, which the fold waits for; then come only the files' pieces, of which it needs this: */
    uint32_t n_early;
    bool *early_last; /* by index: the piece ends its file */
    struct election election;
    bool have_election;
    struct fold *fold; /* NULL until the definition is whole */
};

void folding_init(struct folding *folding, uint64_t size);
void folding_done(struct folding *folding);
/* The next entry, from 0 on. A failure ends the folding: do not call it again. */
MUST_CHECK enum err folding_take(struct folding *folding, const struct entry_seen *seen, struct why *why);

#endif

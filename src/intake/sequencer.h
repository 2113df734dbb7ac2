/* The sequencer gives every event its index. It takes what arrived meanwhile as one group: one transaction,
 * images on disk first, one commit, then the ledger; only then are the answers true. It owns the store, the
 * ledger and the images, and no sockets. */
#ifndef INTAKE_SEQUENCER_H
#define INTAKE_SEQUENCER_H

#include "intake/examine.h"
#include "intake/follows.h"
#include "intake/frame.h"
#include "intake/images.h"
#include "os/clock.h"
#include "os/file.h"
#include "store/store.h"
#include "tlog/ledger.h"

/* A time later than the night's clock by more than this is a finding. */
enum { CLOCK_SKEW_MS = 60 * 1000 };

struct sequencer_counts {
    uint64_t acknowledged, corrections; /* of the whole night; the others since this start */
    uint64_t repeated, images, image_bytes, commits;
    uint64_t findings[FINDING_RULES];
    uint64_t refused[REFUSALS];
    uint64_t commit_last_us;
    int64_t last_acta_ms; /* night clock, -1 before the first */
};

struct sequencer {
    const struct examiner *examiner;
    const struct clock *clock; /* NULL: the system's */
    char dir[FILE_PATH_MAX];   /* of the night */
    struct store *store;
    struct ledger *ledger;
    struct night_known known;
    struct sequencer_counts counts;
    bool full;          /* the last group found no room */
    struct buf entries; /* of the group at hand, as a bundle: length and bytes */
    struct buf scratch;
    struct images images;
    char images_dir[FILE_PATH_MAX];
};

/* Opens store and ledger, recovers the ledger from the store, writes the opening when there is none
 * (`programs`: what it says of the programs). ERR_CONFLICT: ledger and store, or definition and opening,
 * contradict each other; nothing was changed. */
MUST_CHECK enum err sequencer_open(struct sequencer *seq, const char *dir, const struct examiner *examiner,
                                   const struct clock *clock, const uint8_t programs[32], struct why *why);
void sequencer_close(struct sequencer *seq);

/* One submission of a group: examined already. */
struct sequencer_item {
    struct examined examined;
    struct frame_answer answer; /* refusal is set when it was refused before the group */
};
/* Stores a group and fills in the answers. On ERR_FULL nothing was stored and every answer says so. ERR_IO:
 * the disk cannot be trusted; the role ends and starts anew. */
MUST_CHECK enum err sequencer_group(struct sequencer *seq, struct sequencer_item *items, size_t n,
                                    struct why *why);
/* Appends an entry of the night's own. A cut, review or close that is there already, byte for byte the newest
 * of its type, is answered with its index. */
MUST_CHECK enum err sequencer_append(struct sequencer *seq, struct span entry, uint64_t *index,
                                     struct why *why);

/* Appends to the ledger what the store has more. ERR_FULL: later. */
MUST_CHECK enum err sequencer_catch_up(struct sequencer *seq, struct why *why);
/* The ledger's last entries are on disk too (they can be made again from the store: this only saves time). */
void sequencer_settle(struct sequencer *seq);

#endif

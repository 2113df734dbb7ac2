/* An examination under way: what the files of this room share. */
#ifndef ZERO_ZEROING_H
#define ZERO_ZEROING_H

#include "base/arena.h"
#include "base/map.h"
#include "formats/election.h"
#include "os/file.h"
#include "zero/listing.h"
#include "zero/zero.h"

enum { WRONG_MAX = 64, ROOTS_MAX = 8, NOTES_MAX = 16, ENTERED_MAX = 256 };

/* The ledger's root at a size that somebody speaks of. */
struct root_at {
    uint64_t size;
    const char *who; /* who says what it is */
    char stated[65];
    bool reached, same;
};

struct wrong {
    char where[64];
    char sentence[400];
};

struct zeroing {
    const struct zero_options *options;
    struct election election;
    bool have_election;
    int64_t now_ms; /* of the night */
    struct listing now, first, last_seen;
    uint32_t n_earlier; /* listings that were there */
    struct map hashes;  /* their SHA-256, in hex */
    struct arena arena;
    char newest[65]; /* of the newest of them, "" */
    struct root_at roots[ROOTS_MAX];
    uint32_t n_roots;
    bool opened;                                     /* the ledger has its opening entry */
    uint8_t definition[32], rules[32], programs[32]; /* as it states them */
    struct wrong wrongs[WRONG_MAX];
    uint32_t n_wrongs;
    char notes[NOTES_MAX][400];
    uint32_t n_notes;
    struct entered { /* listings whose SHA-256 the ledger has */
        uint64_t entry;
        char sha256[65];
    } entered[ENTERED_MAX];
    uint32_t n_entered;
    char kept[FILE_PATH_MAX]; /* where this listing lies */
};

void zero_wrong(struct zeroing *zeroing, const char *where, const char *format, ...) PRINTF(3, 4);
void zero_note(struct zeroing *zeroing, const char *format, ...) PRINTF(2, 3);
const char *zero_path(const struct zeroing *zeroing, const char *name, char out[FILE_PATH_MAX]);

MUST_CHECK enum err zero_earlier(struct zeroing *zeroing, struct why *why); /* earlier.c */
MUST_CHECK enum err zero_keep(struct zeroing *zeroing, struct why *why);    /* earlier.c */
MUST_CHECK enum err zero_runs(struct zeroing *zeroing,
                              struct why *why); /* runs.c: programs, rules, definition */
MUST_CHECK enum err zero_places(struct zeroing *zeroing, struct why *why); /* places.c */
MUST_CHECK enum err zero_ledger(struct zeroing *zeroing, struct why *why); /* ledger.c */
MUST_CHECK enum err zero_store(struct zeroing *zeroing, struct why *why);  /* store.c */
void zero_compare(struct zeroing *zeroing);                                /* compare.c */
void zero_report(const struct zeroing *zeroing, struct buf *out);          /* report.c */
void zero_report_json(const struct zeroing *zeroing, struct buf *out);

#endif

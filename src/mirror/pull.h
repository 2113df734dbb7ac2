/* Pulling from a feed: what a difusor does. It follows the log (mirror/follow) and latest.json, verifies the manifest
 * against a pinned key and against the cut's entry in the log, fetches what it does not have, checks every byte against
 * the manifest before it becomes visible, and then switches. Whatever goes wrong, the cut that it serves stays. */
#ifndef MIRROR_PULL_H
#define MIRROR_PULL_H

#include "client/client.h"
#include "doors/latest.h"
#include "doors/manifest.h"
#include "mirror/follow.h"
#include "mirror/pinned.h"
#include "mirror/stage.h"
#include "seal/note.h"

struct pull_options {
    const char *feed; /* "http://127.0.0.1:8090/", ends in a slash */
    const char *dir;  /* DIR/mirror-1 */
    struct note_key
        key; /* of the cuts: the log must bind it. Its name is "": the log alone says which sign */
    struct note_key log_key; /* signs checkpoints; its name is the log's origin. Unused with a policy */
    const char *policy;      /* a file with a signed version of the policy, NULL: none */
    const char *const
        *others; /* other difusores, for entries that the feed does not give: URLs with a slash */
    uint32_t n_others;
    uint32_t keep_cuts, keep_every;
    uint32_t image_ms;       /* real time a round may spend on images before the switch */
    void (*busy)(void *arg); /* called between files, so that a long fetch can be told; NULL: nobody */
    void *busy_arg;
};

struct pull {
    struct pull_options options;
    struct client *client;
    struct stage stage;
    struct follow follow;
    struct pinned pinned;
    struct cut_keys kept;    /* DIR/pins/cut.vkeys as it was found: what the log said when it was here last */
    bool has;                /* a verified cut is published here */
    bool repair;             /* but files of it did not match and were removed */
    bool still;              /* the feed's pointer is what it was a look before */
    bool last_look;          /* of this turn: what is not there is not waited for */
    uint32_t cut;            /* its number */
    int64_t cut_ms, next_ms; /* its moment, and of the next (-1) */
    bool last;
    uint64_t log_size;
    uint8_t manifest[32]; /* SHA-256 of its manifest's text */
    uint64_t scanned;     /* entries whose images are known */
    struct image_need {
        uint8_t sha256[32];
        uint64_t bytes;
        uint32_t tries;
    } * images; /* wanted and not here */
    uint32_t n_images, cap_images;
    uint64_t files_fetched, bytes_fetched, rejected;
    struct buf body; /* the answer at hand */
    struct buf url;
};

enum pull_result {
    PULL_SAME,    /* nothing newer; the feed answers */
    PULL_NEW,     /* a newer cut is up */
    PULL_LOST,    /* the feed does not answer, or not with what was asked for */
    PULL_REJECTED /* it answers with what must not be believed */
};

/* Opens the folder and verifies again what it holds: files of the current cut that do not match are removed
 * and fetched anew. */
MUST_CHECK enum err pull_open(struct pull *pull, const struct pull_options *options, struct why *why);
void pull_close(struct pull *pull);

/* One look at the feed. `why` says what was wrong. */
enum pull_result pull_once(struct pull *pull, struct why *why);
/* Fetches images that are still missing, for at most `budget_ms`; OK also when some are left. */
MUST_CHECK enum err pull_images(struct pull *pull, int64_t budget_ms, struct why *why);
/* Removes bodies of old cuts and what only they refer to (docs/formats/tree.md, Retention). */
MUST_CHECK enum err pull_expire(struct pull *pull, struct why *why);

/* Pieces that its files share. */
/* GET of a path below the feed into pull->body; `limit` bytes; ERR_MISSING for anything but 200. */
MUST_CHECK enum err pull_get(struct pull *pull, struct span path, uint64_t limit, struct why *why);
/* The same below another address. */
MUST_CHECK enum err pull_get_at(struct pull *pull, const char *base, struct span path, uint64_t limit,
                                struct why *why);
/* The same, and it must have this size and hash. */
MUST_CHECK enum err pull_get_exact(struct pull *pull, struct span path, const uint8_t sha256[32],
                                   uint64_t bytes, struct why *why);
/* Takes note of the images of entries [scanned, log_size) of the published bundles. */
MUST_CHECK enum err pull_scan_images(struct pull *pull, uint64_t log_size, struct why *why);
/* Verifies a note by a key that the log binds for its cut, and parses its text; `text` borrows from `note`. */
MUST_CHECK enum err pull_manifest(const struct pull *pull, struct span note, struct manifest *out,
                                  struct span *text, struct note_key *by, struct why *why);

/* keys.c: the keys of the cuts. */
/* What was kept here, for as long as the log is not. */
MUST_CHECK enum err keys_open(struct pull *pull, struct why *why);
/* Those that count now. ERR_FORGED: there are none, or the one that was pinned is not among them. */
MUST_CHECK enum err keys_now(const struct pull *pull, struct cut_keys *out, struct why *why);
/* DIR/pins/cut.vkeys is what the log says: our edge reads it. */
MUST_CHECK enum err keys_keep(struct pull *pull, struct why *why);
/* The key of the cut that goes up, where a tree shows its keys: PUBLIC/log/cut.vkey, and minisign's form where the feed has it. */
MUST_CHECK enum err keys_show(struct pull *pull, const struct note_key *key, struct why *why);
/* One key as a line of PUBLIC/NAME. */
MUST_CHECK enum err keys_show_line(const struct pull *pull, const struct note_key *key, const char *name,
                                   struct why *why);
/* An entry page out of the cut's own copies, if it is there and is what `file` says. */
bool pull_entry_copy(const struct pull *pull, uint32_t cut, const struct manifest_file *file,
                     struct buf *out);
/* latest.json with the digits of its manifest_sha256 made zeros; false when there is no such member. */
bool pull_zero_digest(struct buf *latest);

#endif

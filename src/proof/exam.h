/* An examination under way: what was read so far, and what was found. */
#ifndef PROOF_EXAM_H
#define PROOF_EXAM_H

#include "base/arena.h"
#include "doors/latest.h"
#include "doors/manifest.h"
#include "formats/bound.h"
#include "formats/election.h"
#include "proof/log_tree.h"
#include "proof/proof.h"
#include "proof/source.h"
#include "render/pages.h"
#include "render/roots.h"
#include "seal/note.h"
#include "tlog/policy.h"

enum {
    EXAM_KEYS_MAX = CUT_KEYS_MAX + POLICY_LOGS,
    EXAM_SHOWN_MAX = 200,
    EXAM_FILE_MAX = 256 << 20,
    EXAM_PATH_MAX = 256
};

/* What a finding breaks; one row a rule in report.c. */
enum rule {
    RULE_SIGNATURE,
    RULE_MANIFEST,
    RULE_CHAIN,
    RULE_MISSING,
    RULE_HASH,
    RULE_TWIN,
    RULE_FOREIGN,
    RULE_OLD_CUT,
    RULE_LEDGER,
    RULE_HOUR,
    RULE_FIGURE,
    RULE_ROW,
    RULE_RENDER,
    RULE_PACKAGE,
    RULE_CHECKPOINT, /* the log's signature, origin or size */
    RULE_FORK,       /* a signed tree that the entries do not give */
    RULE_TILE,
    RULE_QUORUM,
    RULE_STRANGER, /* a signature line of nobody known */
    RULE_CUT,      /* a cut's entry against its manifest and the entries it covers */
    RULE_PROOF,    /* a proof file */
    RULE_POLICY,   /* a published policy against the log's entry of it */
    RULE_ROOT,     /* a root in a cut's entry */
    RULES
};

struct found {
    enum rule rule;
    struct span path;
    struct span sentence;
};

/* A cut's entry in the log. */
struct exam_cut {
    uint32_t number;
    int64_t time_ms;
    uint64_t index, log_size;
    bool last;
    uint8_t manifest[32];
    uint8_t files_root[32];
    struct hash leaf;
    bool body; /* its files are there, not its manifest alone */
};

/* A version of the policy in the log. */
struct exam_policy {
    uint32_t version;
    uint64_t index;
    uint8_t sha256[32]; /* of the signed note */
};

/* Whose signature a manifest may carry, and why it counts; the best reason first. */
enum key_origin { KEY_PINNED, KEY_BOUND, KEY_NAMED };

struct exam {
    const struct proof_options *options;
    struct source *source;
    struct arena arena;
    struct policy *policy; /* whose checkpoints count: pinned, or the one that the tree names */
    bool pinned;
    struct bound bound; /* the keys of the cuts, as the log binds them; where it binds any, no other counts */
    struct note_key
        keys[EXAM_KEYS_MAX]; /* that may sign manifests; those that are bound stand in that order */
    enum key_origin key_origins[EXAM_KEYS_MAX];
    size_t n_keys;
    int signer; /* place of the key that signed the manifest, -1: none */
    bool has_checkpoint;
    struct buf checkpoint; /* the note */
    struct policy_verdict verdict;
    struct log_tree tree;
    uint64_t entries_size; /* entries to read: the checkpoint's, or the cut's without one */
    bool entry_in_log;     /* the cut's own entry is in the tree and names this manifest */
    struct latest latest;
    struct buf manifest_note;
    struct span manifest_text;
    struct manifest manifest;
    struct election election;
    bool have_election;
    struct fold *fold; /* of [0, log size) */
    bool folded;       /* to its end */
    struct chunk_plan *plan;
    int64_t package;       /* the package that the cut names, -1: none */
    uint64_t package_size; /* log size of its cut */
    struct cut_facts package_facts;
    struct buf *package_csv; /* by contest: what its databases must be */
    uint32_t n_package_csv;
    struct exam_cut *cuts; /* the cut entries in the log, by index */
    uint32_t n_cuts;
    struct exam_policy *policies; /* by version as the log has them */
    uint32_t n_policies;
    struct map images; /* hex names that entries speak of: places in image_rows */
    struct exam_image {
        struct span hex;
        uint64_t index; /* of the first entry that names it */
        bool there;
    } * image_rows;
    uint32_t n_images_named, n_images_missing;
    struct buf pointer;         /* latest.json as it was when the examination began */
    uint32_t cut_now;           /* a newer one that came meanwhile; else 0 or the one examined */
    bool proofs_late;           /* the newest cuts have none yet, and the night goes on */
    struct exam_before *before; /* the turns before this one */
    bool waits;                 /* something was seen that may be on its way */
    struct buf file, twin;      /* scratch */
    struct found *found;
    uint32_t n_found, cap_found;
    uint64_t n_files, n_bytes, n_entries, n_pages, n_rows, n_images, n_tiles, n_proofs, n_bodies,
        n_roots;        /* examined; of roots, the cuts whose state and totals were */
    struct map listed;  /* paths of older cuts' bodies, and what was looked at with them */
    int64_t recount_ms; /* reading, hashing and folding all entries took */
    int64_t progress_ms;
};

/* Notes a finding; the examination goes on. */
void exam_find(struct exam *exam, enum rule rule, const char *path, const char *format, ...) PRINTF(4, 5);

/* Says on stderr how far it is; for sites, now and then. */
void exam_progress(struct exam *exam, const char *what, uint64_t done, uint64_t of);

/* The cut that latest.json points to by now; what it was, when it cannot be read. live.c */
uint32_t exam_cut_now(struct exam *exam);
/* Is the tree being published while it is examined: what was found may then be of the moment. live.c */
bool exam_moves(struct exam *exam);
/* Is it replaced with each cut: pointer and entry pages? Of another cut once the pointer has moved. */
bool exam_replaced(struct span path);
/* What was found in this turn and in the one before; and what this turn found, for the next. */
struct exam_before {
    struct buf lines;
    uint32_t shown;   /* the cut that the pointer showed, older than the log's newest, */
    int64_t shown_ms; /* and when that was seen first; 0: it was not */
};
void exam_keep_lasting(struct exam *exam, const struct exam_before *before);
void exam_remember(const struct exam *exam, struct exam_before *before);
/* Forgets the findings from `from` on that are of a path for which `gone` is true. */
void exam_forget(struct exam *exam, uint32_t from, bool (*gone)(void *arg, struct span path), void *arg);

/* The steps, in order. An error is what keeps the examination from going on; findings are no errors. */
MUST_CHECK enum err exam_trust(struct exam *exam, struct why *why);    /* keys.c */
MUST_CHECK enum err exam_manifest(struct exam *exam, struct why *why); /* cover.c: pointer, manifest, chain */
MUST_CHECK enum err exam_checkpoint(struct exam *exam, struct why *why); /* log.c: read, and whose it is */
MUST_CHECK enum err exam_files(struct exam *exam, struct why *why);      /* files.c: every file of the cut */
MUST_CHECK enum err exam_ledger(struct exam *exam, struct why *why); /* ledger.c: entries, definition, fold */
MUST_CHECK enum err exam_keys(struct exam *exam, struct why *why);   /* keys.c: those that sign manifests */
/* A key more that may sign manifests, unless it is there already. */
void exam_key_add(struct exam *exam, const struct note_key *key, enum key_origin origin);
void exam_signatures(struct exam *exam); /* cover.c: the manifest's */
MUST_CHECK enum err exam_log(struct exam *exam,
                             struct why *why); /* log.c: the tree, its tiles; ERR_AGAIN: begin again */
MUST_CHECK enum err exam_cuts(struct exam *exam,
                              struct why *why); /* cuts.c: each cut's manifest, body and proof */
void exam_policies(struct exam *exam);          /* policies.c: each published version */
MUST_CHECK enum err exam_figures(struct exam *exam,
                                 struct why *why); /* figures.c: everything rendered again */
MUST_CHECK enum err exam_package(struct exam *exam, struct why *why); /* package.c */
void exam_published(struct exam *exam);                               /* published.c: keys beside the cuts */
MUST_CHECK enum err exam_foreign(struct exam *exam, struct why *why); /* foreign.c: what nobody names */

/* A manifest's bytes against the keys; false: a finding was noted. */
bool exam_signed(struct exam *exam, const char *path, struct span note, int *signer);
/* The same in minisign's form, beside it. */
void exam_minisigned(struct exam *exam, const char *path, struct span note, int signer);
const struct exam_cut *exam_cut_find(const struct exam *exam, uint32_t number);
/* The numbers of a cut's entry against the state at what it covers. */
void exam_cut_figures(struct exam *exam, const struct entry_cut *cut, uint64_t index);

/* The roots of a cut's entry: against the fold of exactly what it covers (kept up from cut to cut; its dirty marks are taken
 * away), and against its manifest. cut_roots.c */
void exam_state_roots(struct exam *exam, struct roots *roots, struct fold *fold, const struct entry_cut *cut,
                      uint64_t index);
void exam_files_root(struct exam *exam, const char *path, const struct manifest *manifest,
                     const struct exam_cut *cut);

/* Checks one file against a manifest's line; `out` gets its bytes. False: a finding was noted. */
bool exam_file(struct exam *exam, const struct manifest_file *file, struct buf *out);
/* The twin whose bytes were just read into exam->file unpacks to its plain file. */
void exam_twin(struct exam *exam, const struct manifest *manifest, const struct manifest_file *twin);

void exam_report(const struct exam *exam, struct buf *out);
void exam_report_json(const struct exam *exam, struct buf *out);

#endif

/* An examination under way: what was read so far, and what was found. */
#ifndef PROOF_EXAM_H
#define PROOF_EXAM_H

#include "base/arena.h"
#include "doors/latest.h"
#include "doors/manifest.h"
#include "formats/election.h"
#include "proof/proof.h"
#include "proof/source.h"
#include "render/pages.h"
#include "seal/note.h"

enum { EXAM_KEYS_MAX = 16, EXAM_SHOWN_MAX = 200, EXAM_FILE_MAX = 256 << 20, EXAM_PATH_MAX = 256 };

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
    RULES
};

struct found {
    enum rule rule;
    struct span path;
    struct span sentence;
};

struct exam {
    const struct proof_options *options;
    struct source *source;
    struct arena arena;
    struct note_key keys[EXAM_KEYS_MAX];
    size_t n_keys;
    bool pinned;
    struct latest latest;
    struct buf manifest_note;
    struct span manifest_text;
    struct manifest manifest;
    struct election election;
    bool have_election;
    struct fold *fold; /* of [0, log size) */
    struct chunk_plan *plan;
    int64_t package;       /* the package that the cut names, -1: none */
    uint64_t package_size; /* log size of its cut */
    struct cut_facts package_facts;
    struct buf *package_csv; /* by contest: what its databases must be */
    uint32_t n_package_csv;
    struct entry_cut *cuts; /* the cut entries within the ledger's part */
    uint32_t n_cuts;
    struct map images;     /* hex names that entries speak of */
    struct buf file, twin; /* scratch */
    struct found *found;
    uint32_t n_found, cap_found;
    uint64_t n_files, n_bytes, n_entries, n_pages, n_rows, n_images; /* examined */
};

/* Notes a finding; the examination goes on. */
void exam_find(struct exam *exam, enum rule rule, const char *path, const char *format, ...) PRINTF(4, 5);

/* The steps, in order. An error is what keeps the examination from going on; findings are no errors. */
MUST_CHECK enum err exam_keys(struct exam *exam, struct why *why);     /* keys.c */
MUST_CHECK enum err exam_manifest(struct exam *exam, struct why *why); /* cover.c: pointer, manifest, chain */
MUST_CHECK enum err exam_files(struct exam *exam, struct why *why);    /* files.c: every file of the cut */
MUST_CHECK enum err exam_ledger(struct exam *exam, struct why *why); /* ledger.c: entries, definition, fold */
MUST_CHECK enum err exam_figures(struct exam *exam,
                                 struct why *why); /* figures.c: everything rendered again */
MUST_CHECK enum err exam_package(struct exam *exam, struct why *why); /* package.c */
MUST_CHECK enum err exam_foreign(struct exam *exam, struct why *why); /* foreign.c: what nobody names */

/* Checks one file against a manifest's line; `out` gets its bytes. False: a finding was noted. */
bool exam_file(struct exam *exam, const struct manifest_file *file, struct buf *out);

void exam_report(const struct exam *exam, struct buf *out);
void exam_report_json(const struct exam *exam, struct buf *out);

#endif

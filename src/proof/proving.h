/* A proof under way: what the files of `prove` share. */
#ifndef PROOF_PROVING_H
#define PROOF_PROVING_H

#include "doors/latest.h"
#include "doors/manifest.h"
#include "formats/bound.h"
#include "proof/prove.h"
#include "proof/source.h"
#include "tlog/entry.h"
#include "tlog/policy.h"
#include "tlog/tiles.h"
#include "wire/text.h"

enum { VERSIONS_MAX = 64, PROVE_FILE_MAX = 64 << 20, PROVE_PATH_MAX = 256 };

enum standing { STANDS, PENDING };
/* What the standing rests on. */
enum ground {
    GROUND_TABLE,     /* the signed table of the cut */
    GROUND_STATE_ROOT /* a path to the state root in the cut's entry */
};

struct version {
    uint64_t index;
    struct buf bytes; /* the entry's */
    struct buf texts; /* decoded */
    struct entry entry;
    struct hash leaf;
    struct merkle_proof path;
    bool in_cut; /* covered by the last cut */
};

struct proving {
    const struct prove_options *options;
    struct source *source;
    struct policy *policy;
    bool pinned;
    struct buf checkpoint; /* the note */
    struct policy_verdict verdict;
    struct tiles_reader *tiles;
    struct latest latest;
    struct buf cut_bytes, cut_texts; /* the cut's own entry */
    bool has_cut;                    /* its entry is proven */
    uint64_t cut_index;
    struct entry cut;
    struct buf note; /* the cut's manifest */
    struct manifest manifest;
    bool has_manifest;
    enum standing standing;
    enum ground ground;
    struct buf state_leaf;
    uint64_t state_index, state_size;
    struct merkle_proof state_path;
    struct version versions[VERSIONS_MAX]; /* newest first */
    uint32_t n_versions;
    bool chain_whole; /* down to version 1 */
    uint64_t claimed; /* entry that the table names, ENTRY_NONE */
    uint32_t claimed_version;
    uint64_t newer;  /* a version that came after the cut, ENTRY_NONE; known to who read all */
    struct buf file; /* scratch */
};

/* The sentence of what is wrong with what was examined; returns ERR_CONFLICT. */
enum err prove_wrong(struct why *why, const char *format, ...) PRINTF(2, 3);
/* A file of the tree. ERR_MISSING and ERR_IO as source_read gives them. */
MUST_CHECK enum err prove_get(struct proving *proving, const char *path, size_t limit, struct buf *out,
                              struct why *why);

/* prove_tree.c: checkpoint, the cut's entry, its manifest; and that an entry is in the tree. */
MUST_CHECK enum err prove_tree(struct proving *proving, struct why *why);
MUST_CHECK enum err prove_inclusion(struct proving *proving, uint64_t index, const struct hash *leaf,
                                    struct merkle_proof *out, struct why *why);
MUST_CHECK enum err prove_entry(struct proving *proving, uint64_t index, struct buf *out, struct why *why);
/* prove_keys.c: the keys of the cuts, as all entries of the tree bind them. */
MUST_CHECK enum err prove_keys(struct proving *proving, struct bound *out, struct why *why);
/* prove_table.c: where the signed tables of the cut say that the acta stands. ERR_MISSING: in none. */
MUST_CHECK enum err prove_by_table(struct proving *proving, struct why *why);
/* prove_state.c: from all entries: the standing and its path to the state root. ERR_MISSING: not in the catalogue. */
MUST_CHECK enum err prove_by_state(struct proving *proving, struct why *why);

void prove_report(const struct proving *proving, struct buf *out);
void prove_report_json(const struct proving *proving, struct buf *out);
/* What was found wrong, as the answer. */
void prove_report_wrong(const struct prove_options *options, const char *sentence, struct buf *out);
/* "versión 2 · asiento 41 · …": one row. */
void prove_print_entry(const struct entry *entry, uint64_t index, struct buf *out);
void prove_json_acta(struct json *json, const struct entry_acta *acta);

#endif

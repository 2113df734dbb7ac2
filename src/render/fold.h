/* The fold: election + entries [0, N) -> the state that a cut shows. Pure: no files, no clock; the same
 * entries give the same state. Used by cut, mirror, rebuild and verify. */
#ifndef RENDER_FOLD_H
#define RENDER_FOLD_H

#include "tally/count.h"
#include "tlog/entry.h"
#include "tlog/merkle.h"

/* The current version of one acta of the catalogue, or of one outside it. Of an acta of the catalogue it ends where its contest's
 * columns end (record_size), so it is never copied as a whole: a country has half a million. */
struct record {
    uint64_t entry; /* index of the current version's entry; ENTRY_NONE: still expected */
    uint32_t version;
    bool in_review; /* set aside: breaks the rules' arithmetic, or held by a person; not in any count */
    bool held;      /* a prep-review hold entry names this version (the reason why is public) */
    struct judgement judgement; /* by the rules, judged here again */
    uint32_t findings;
    struct hash leaf; /* of the current version's entry, as the log's tree has it */
    struct sheet sheet;
};

static inline size_t record_size(unsigned n_columns)
{
    return offsetof(struct record, sheet) + sheet_size(n_columns);
}

struct outside {
    char key[ACTA_KEY_MAX + 1]; /* "FC-..." */
    struct span stated;
    uint8_t contest;
    struct record record;
};

/* Actas per interval and stage, for the chart of the flow. Minute 0 is the opening; what came before is in
 * [0]. */
enum flow_stage { FLOW_RECEIVED, FLOW_CAPTURED, FLOW_VERIFIED, FLOW_STAGES };
enum { FLOW_MINUTES = 2880, FOLD_READERS = 4 };

/* A key that the ledger binds to the election. */
struct fold_key {
    enum key_role role;
    struct span vkey;
    int64_t time_ms;
    uint64_t entry;    /* of its prep-key/v1 */
    uint64_t replaces; /* entry of the one that it ended, ENTRY_NONE */
};

struct fold {
    const struct election *election;
    struct record **records;  /* by acta index, n_actas; `none` where nothing came yet */
    struct record none;       /* entry ENTRY_NONE */
    struct outside *outsides; /* in order of arrival */
    uint32_t n_outsides;
    struct count *counts; /* by contest * n_areas + area; area 0 (the entity) holds the whole contest */
    uint32_t flow[CONTESTS_MAX][FLOW_STAGES][FLOW_MINUTES];
    uint64_t log_size; /* entries folded */
    uint64_t opening_entry;
    struct span origin;             /* of the opening entry: the log's and its key's name */
    uint32_t files, files_complete; /* of the definition: promised, and here whole */
    uint64_t first_acta;            /* index of the first acta entry, ENTRY_NONE: none yet */
    uint64_t last_cut_entry;        /* index of the newest cut entry, ENTRY_NONE */
    struct entry_cut last_cut;      /* its content (spans into the fold's arena) */
    bool closed;                    /* a close entry was seen: the next cut is the last */
    uint64_t corrections;           /* versions above 1 */
    uint64_t
        last_down_entry;  /* newest correction or review: without one since the last cut no total may fall */
    uint32_t n_in_review; /* records now set aside */
    struct notice {
        int64_t time_ms;
        struct span text;
    } * notices;
    uint32_t n_notices;
    struct fold_key *keys; /* in the order of their entries */
    uint32_t n_keys;
    struct fold_policy {
        uint64_t entry;
        uint32_t version; /* 0: none */
        struct span note;
    } policy; /* in force */
    /* Actas whose record changed since fold_clean, for incremental rendering: one byte an acta. */
    uint8_t *dirty;
    bool outsides_dirty;
    uint8_t *outside_dirty; /* one byte an outside */
    struct arena arena;
    struct arena ahead[FOLD_READERS]; /* of records that were read ahead, by who read */
    struct map outside_by_key;
    uint64_t *columns; /* by contest * n_areas + area: the columns that exist on its forms */
    uint32_t cap_outsides, cap_notices;
    struct buf scratch;      /* decoded texts of the entry at hand */
    struct span bytes;       /* the entry at hand */
    const struct hash *leaf; /* and its leaf hash, NULL: to be made */
};

MUST_CHECK enum err fold_new(const struct election *election, struct fold **out);
void fold_free(struct fold *fold);

/* Takes the next entry in. ERR_SYNTAX and ERR_CONFLICT name the entry's index and the rule; the state is then
 * as before. An acta entry that disagrees with the rules is no error: its record is set aside (in_review). */
MUST_CHECK enum err fold_apply(struct fold *fold, uint64_t index, struct span entry, struct why *why);
/* The same for whoever has the entry's leaf hash already. */
MUST_CHECK enum err fold_apply_leaf(struct fold *fold, uint64_t index, struct span entry,
                                    const struct hash *leaf, struct why *why);
/* The same for a piece of the definition's files, of which a fold needs to know only whether it ends its file. */
MUST_CHECK enum err fold_apply_piece(struct fold *fold, uint64_t index, bool last, struct why *why);
void fold_clean(struct fold *fold);

/* Reading ahead: of the first version of an acta of the catalogue, which nearly all entries are, everything that does not depend
 * on the entries before it, its record among it. Threads may do so while another applies: each `reader` (below FOLD_READERS) is
 * one thread at a time. False: the entry is another one, or wrong, and is to be applied as it stands. */
struct ready {
    uint32_t acta;
    struct record *record;
};
bool fold_read_ahead(struct fold *fold, unsigned reader, uint64_t index, struct span entry,
                     const struct hash *leaf, struct ready *out);
/* The same as fold_apply_leaf of that entry. */
MUST_CHECK enum err fold_apply_ready(struct fold *fold, uint64_t index, const struct ready *ready,
                                     struct why *why);

/* The newest key of a role, which is the one in force for the log and for the cut; NULL: none. */
const struct fold_key *fold_key_of(const struct fold *fold, enum key_role role);

/* The state's own arithmetic, recounted from the records alone: every record that counts is judged anew, and
 * every sum is compared. False names the first record (`*acta`) or outside (`*acta` past n_actas) that breaks
 * it; UINT32_MAX when all records stand and a sum does not. */
bool fold_check(const struct fold *fold, uint32_t *acta, struct why *why);

static inline const struct count *fold_count(const struct fold *fold, uint32_t contest, uint32_t area)
{
    return &fold->counts[contest * fold->election->n_areas + area];
}

/* Votes by party with joint votes distributed on the contest's share areas and added up (see
 * contest.share_kind). */
void fold_by_party(const struct fold *fold, uint32_t contest, uint16_t area, uint64_t parties[COLUMNS_MAX]);

#endif

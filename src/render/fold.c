/* Takes ledger entries in, one after the other, and keeps the sums that a cut shows: the state as a whole, and what is no acta. */
#include "render/fold_own.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

static void tables_fill(struct fold *fold)
{
    const struct election *election = fold->election;
    for (uint32_t c = 0; c < election->n_contests; c++) {
        for (uint32_t a = 0; a < election->n_areas; a++) {
            fold->columns[c * election->n_areas + a] =
                contest_columns_in(&election->contests[c], (uint16_t)a);
        }
    }
    for (uint32_t i = 0; i < election->n_actas; i++) {
        uint16_t areas[3];
        int n = fold_acta_areas(fold, i, areas);
        for (int k = 0; k < n; k++) {
            fold->counts[election->actas[i].contest * election->n_areas + areas[k]].expected++;
        }
        fold->records[i] = &fold->none;
    }
}

enum err fold_new(const struct election *election, struct fold **out)
{
    struct fold *fold = calloc(1, sizeof *fold);
    if (fold == NULL) {
        return ERR_FULL;
    }
    size_t cells = (size_t)election->n_contests * election->n_areas;
    fold->election = election;
    arena_init(&fold->arena, 0);
    for (int i = 0; i < FOLD_READERS; i++) {
        arena_init(&fold->ahead[i], 0);
    }
    buf_init(&fold->scratch, 0);
    map_init(&fold->outside_by_key, 0x6174616c61796131, 0x666f6c64);
    fold->records = arena_array(&fold->arena, election->n_actas, sizeof(struct record *));
    fold->counts = arena_array(&fold->arena, cells, sizeof *fold->counts);
    fold->columns = arena_array(&fold->arena, cells, sizeof *fold->columns);
    fold->dirty = arena_array(&fold->arena, election->n_actas + 1, 1);
    fold->none.entry = ENTRY_NONE;
    fold->opening_entry = ENTRY_NONE;
    fold->last_cut_entry = ENTRY_NONE;
    fold->first_acta = ENTRY_NONE;
    fold->last_down_entry = ENTRY_NONE;
    if (fold->records == NULL || fold->counts == NULL || fold->columns == NULL || fold->dirty == NULL) {
        fold_free(fold);
        return ERR_FULL;
    }
    tables_fill(fold);
    *out = fold;
    return OK;
}

void fold_free(struct fold *fold)
{
    if (fold == NULL) {
        return;
    }
    map_done(&fold->outside_by_key);
    buf_done(&fold->scratch);
    free(fold->outsides);
    free(fold->outside_dirty);
    free(fold->notices);
    free(fold->keys);
    for (int i = 0; i < FOLD_READERS; i++) {
        arena_done(&fold->ahead[i]);
    }
    arena_done(&fold->arena);
    free(fold);
}

void *fold_grown(void *items, uint32_t *cap, uint32_t need, size_t size)
{
    if (need <= *cap) {
        return items;
    }
    *cap = *cap == 0 ? 64 : *cap * 2;
    items = realloc(items, (size_t)*cap * size);
    assert(items != NULL);
    return items;
}

static enum err apply_cut(struct fold *fold, uint64_t index, const struct entry *entry, struct why *why)
{
    struct entry_cut cut = entry->as.cut;
    if (cut.log_size > index) {
        return why_set(why, ERR_CONFLICT, "entry %" PRIu64 ": the cut covers entries after itself", index);
    }
    if (fold->last_cut_entry != ENTRY_NONE && cut.number <= fold->last_cut.number) {
        return why_set(why, ERR_CONFLICT, "entry %" PRIu64 ": cut %u follows cut %u", index, cut.number,
                       fold->last_cut.number);
    }
    if (cut.previous != fold->last_cut_entry) {
        return why_set(why, ERR_CONFLICT, "entry %" PRIu64 ": cut %u does not point to the cut before", index,
                       cut.number);
    }
    const struct fold_key *key = fold_key_of(fold, KEY_CUT);
    if (key != NULL && cut.log_size <= key->entry) {
        return why_set(why, ERR_CONFLICT, "entry %" PRIu64 ": cut %u does not cover the key that signs it",
                       index, cut.number);
    }
    for (uint32_t i = 0; i < cut.n_figures; i++) {
        int contest = election_contest(fold->election, cut.figures[i].contest);
        if (contest < 0) {
            return why_set(why, ERR_CONFLICT, "entry %" PRIu64 ": figures of a contest unknown here", index);
        }
        cut.figures[i].contest = fold->election->contests[contest].id;
    }
    fold->last_cut = cut;
    fold->last_cut_entry = index;
    return OK;
}

static enum err apply_notice(struct fold *fold, uint64_t index, const struct entry *entry, struct why *why)
{
    (void)index;
    (void)why;
    uint32_t n = fold->n_notices;
    fold->notices = fold_grown(fold->notices, &fold->cap_notices, n + 1, sizeof *fold->notices);
    fold->notices[n] = (struct notice){.time_ms = entry->as.notice.time_ms,
                                       .text = arena_copy(&fold->arena, entry->as.notice.text)};
    fold->n_notices++;
    return OK;
}

static enum err apply_close(struct fold *fold, uint64_t index, const struct entry *entry, struct why *why)
{
    (void)index;
    (void)entry;
    (void)why;
    fold->closed = true;
    return OK;
}

static enum err apply_open(struct fold *fold, uint64_t index, const struct entry *entry, struct why *why)
{
    if (index != 0) {
        return why_set(why, ERR_CONFLICT, "entry %" PRIu64 ": the ledger is open already", index);
    }
    if (memcmp(entry->as.open.definition, fold->election->digest, sizeof fold->election->digest) != 0) {
        return why_set(why, ERR_CONFLICT, "entry 0: the ledger is of another election's definition");
    }
    fold->opening_entry = index;
    fold->files = entry->as.open.n_files;
    fold->origin = arena_copy(&fold->arena, entry->as.open.origin);
    assert(fold->origin.at != NULL);
    return OK;
}

static enum err apply_file(struct fold *fold, uint64_t index, const struct entry *entry, struct why *why)
{
    (void)index;
    (void)why;
    const struct entry_file *file = &entry->as.file;
    fold->files_complete += file->offset + file->bytes.len == file->size;
    return OK; /* the definition is loaded by whoever made the fold; its digest was compared at entry 0 */
}

typedef enum err (*apply_entry)(struct fold *, uint64_t, const struct entry *, struct why *);
static const apply_entry applies[ENTRY_TYPES] = {
    [ENTRY_OPEN] = apply_open,
    [ENTRY_FILE] = apply_file,
    [ENTRY_ACTA] = fold_apply_acta,
    [ENTRY_REVIEW] = fold_apply_review,
    [ENTRY_CUT] = apply_cut,
    [ENTRY_NOTICE] = apply_notice,
    [ENTRY_CLOSE] = apply_close,
    [ENTRY_KEY] = fold_apply_key,
    [ENTRY_POLICY] = fold_apply_policy,
    [ENTRY_EVIDENCE] = fold_apply_evidence,
};

enum err fold_follows(const struct fold *fold, uint64_t index, struct why *why)
{
    if (index != fold->log_size) {
        return why_set(why, ERR_CONFLICT, "entry %" PRIu64 " where entry %" PRIu64 " follows", index,
                       fold->log_size);
    }
    return OK;
}

void fold_applied(struct fold *fold, uint64_t index, enum entry_type type)
{
    if (type == ENTRY_ACTA && fold->first_acta == ENTRY_NONE) {
        fold->first_acta = index;
    }
    fold->log_size = index + 1;
}

enum err fold_apply(struct fold *fold, uint64_t index, struct span bytes, struct why *why)
{
    return fold_apply_leaf(fold, index, bytes, NULL, why);
}

enum err fold_apply_leaf(struct fold *fold, uint64_t index, struct span bytes, const struct hash *leaf,
                         struct why *why)
{
    struct entry entry;
    fold->bytes = bytes;
    fold->leaf = leaf;
    TRY(fold_follows(fold, index, why));
    buf_clear(&fold->scratch);
    enum err err = entry_parse(bytes, &entry, &fold->scratch, why);
    if (err != OK) {
        return why_prefix(why, err, "entry %" PRIu64, index);
    }
    if (index == 0 && entry.type != ENTRY_OPEN) {
        return why_set(why, ERR_CONFLICT, "entry 0: a ledger begins with prep-open/v1");
    }
    TRY(applies[entry.type](fold, index, &entry, why));
    fold_applied(fold, index, entry.type);
    return OK;
}

enum err fold_apply_piece(struct fold *fold, uint64_t index, bool last, struct why *why)
{
    TRY(fold_follows(fold, index, why));
    fold->files_complete += last;
    fold_applied(fold, index, ENTRY_FILE);
    return OK;
}

void fold_clean(struct fold *fold)
{
    memset(fold->dirty, 0, fold->election->n_actas);
    if (fold->n_outsides > 0) {
        memset(fold->outside_dirty, 0, fold->n_outsides);
    }
    fold->outsides_dirty = false;
}

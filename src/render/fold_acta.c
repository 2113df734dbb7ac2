/* Actas and their reviews taken in: the record of each, and its votes moved in and out of the sums. Every record's contribution can
 * be taken out again, so corrections and reviews are plain: out with the old, in with the new. */
#include "render/fold_own.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

static const struct station *acta_station(const struct fold *fold, uint32_t acta)
{
    return &fold->election->stations[fold->election->actas[acta].station];
}

int fold_acta_areas(const struct fold *fold, uint32_t acta, uint16_t areas[3])
{
    const struct acta *row = &fold->election->actas[acta];
    int n = 0;
    areas[n++] = 0;
    for (int kind = AREA_DISTRICT; kind <= AREA_BOROUGH; kind++) {
        uint16_t area = election_acta_area(fold->election, row, (enum area_kind)kind);
        if (area != AREA_NONE) {
            areas[n++] = area;
        }
    }
    return n;
}

static uint64_t acta_columns(const struct fold *fold, uint32_t acta)
{
    const struct acta *row = &fold->election->actas[acta];
    const struct contest *contest = &fold->election->contests[row->contest];
    uint16_t area = election_acta_area(fold->election, row, contest->area_kind);
    if (area == AREA_NONE) {
        return contest_columns_in(contest, AREA_NONE);
    }
    return fold->columns[row->contest * fold->election->n_areas + area];
}

/* The flow counts the times of every version that stands, also of one in review: it shows work, not votes. */
static void flow_move(struct fold *fold, uint32_t contest, const struct sheet *sheet, int by)
{
    const int64_t times[FLOW_STAGES] = {sheet->received_ms, sheet->captured_ms, sheet->verified_ms};
    for (int stage = 0; stage < FLOW_STAGES; stage++) {
        if (times[stage] < 0) {
            continue;
        }
        int64_t minute = (times[stage] - fold->election->opening_ms) / 60000;
        minute = minute < 0 ? 0 : minute >= FLOW_MINUTES ? FLOW_MINUTES - 1 : minute;
        fold->flow[contest][stage][minute] += (uint32_t)by;
    }
}

/* Puts a record into one count (adding) or takes it out. */
static void count_move(struct count *count, const struct record *record, const struct station *station,
                       bool adding)
{
    if (record->in_review) {
        count->in_review += adding ? 1 : (uint64_t)-1;
    } else if (adding) {
        count_add(count, &record->sheet, record->judgement, station);
    } else {
        count_remove(count, &record->sheet, record->judgement, station);
    }
}

void fold_count_record(struct count *count, const struct record *record, const struct station *station)
{
    count_move(count, record, station, true);
}

void fold_move_acta(const struct fold *fold, struct count *counts, uint32_t acta, bool adding)
{
    uint16_t areas[3];
    int n = fold_acta_areas(fold, acta, areas);
    uint32_t base = fold->election->actas[acta].contest * fold->election->n_areas;
    for (int k = 0; k < n; k++) {
        count_move(&counts[base + areas[k]], fold->records[acta], acta_station(fold, acta), adding);
    }
}

void fold_move_outside(const struct fold *fold, struct count *counts, const struct outside *outside,
                       bool adding)
{
    count_move(&counts[outside->contest * fold->election->n_areas], &outside->record, NULL, adding);
}

bool fold_judgement_same(struct judgement a, struct judgement b)
{
    return a.counted == b.counted && a.observations == b.observations && a.computed == b.computed;
}

struct judgement fold_judge_acta(const struct fold *fold, uint32_t acta, const struct sheet *sheet)
{
    return sheet_judge(sheet, acta_columns(fold, acta), acta_station(fold, acta));
}

struct judgement fold_judge_outside(const struct fold *fold, uint8_t contest, const struct sheet *sheet)
{
    return sheet_judge(sheet, contest_columns_in(&fold->election->contests[contest], AREA_NONE), NULL);
}

/* The version that an entry brings must be the next one of its record and point back to the one before. */
static enum err version_check(const struct record *record, const struct entry_acta *acta, uint64_t index,
                              struct why *why)
{
    if (acta->version != record->version + 1) {
        return why_set(why, ERR_CONFLICT, "entry %" PRIu64 ": %s version %u follows version %u", index,
                       acta->key, acta->version, record->version);
    }
    if (acta->previous != record->entry) {
        return why_set(why, ERR_CONFLICT, "entry %" PRIu64 ": %s does not point to its version before", index,
                       acta->key);
    }
    return OK;
}

void fold_record_fill(struct record *record, const struct entry_acta *acta, uint64_t index,
                      struct judgement judgement)
{
    record->entry = index;
    record->version = acta->version;
    memcpy(&record->sheet, &acta->sheet, sheet_size(acta->sheet.n_votes));
    record->judgement = judgement;
    record->findings = acta->findings;
    record->held = false;
    record->in_review = !fold_judgement_same(judgement, acta->judgement);
}

static void record_set(struct fold *fold, struct record *record, const struct entry_acta *acta,
                       uint64_t index, struct judgement judgement)
{
    fold->n_in_review -= record->in_review;
    fold_record_fill(record, acta, index, judgement);
    if (fold->leaf != NULL) {
        record->leaf = *fold->leaf;
    } else {
        merkle_leaf(fold->bytes, &record->leaf);
    }
    fold->n_in_review += record->in_review;
    if (acta->version > 1) {
        fold->corrections++;
        fold->last_down_entry = index;
    }
}

static enum err take_inside(struct fold *fold, uint32_t acta, const struct entry_acta *entry, uint64_t index,
                            struct why *why)
{
    struct record *record = fold->records[acta];
    uint32_t contest = fold->election->actas[acta].contest;
    TRY(version_check(record, entry, index, why));
    if (record->entry != ENTRY_NONE) {
        fold_move_acta(fold, fold->counts, acta, false);
        flow_move(fold, contest, &record->sheet, -1);
    } else {
        record = arena_alloc(&fold->arena, record_size(entry->sheet.n_votes));
        assert(record != NULL);
        fold->records[acta] = record;
    }
    record_set(fold, record, entry, index, fold_judge_acta(fold, acta, &entry->sheet));
    fold_move_acta(fold, fold->counts, acta, true);
    flow_move(fold, contest, &record->sheet, 1);
    fold->dirty[acta] = 1;
    return OK;
}

static uint32_t outside_new(struct fold *fold, const struct entry_acta *entry, uint8_t contest)
{
    uint32_t cap = fold->cap_outsides;
    uint32_t at = fold->n_outsides;
    fold->outsides = fold_grown(fold->outsides, &fold->cap_outsides, at + 1, sizeof *fold->outsides);
    fold->outside_dirty = fold_grown(fold->outside_dirty, &cap, at + 1, 1);
    struct outside *outside = &fold->outsides[at];
    *outside = (struct outside){.contest = contest, .record = {.entry = ENTRY_NONE}};
    memcpy(outside->key, entry->key, sizeof outside->key);
    struct span key = arena_copy(&fold->arena, span_str(entry->key));
    outside->stated = arena_copy(&fold->arena, entry->stated);
    assert(key.at != NULL && outside->stated.at != NULL);
    map_put(&fold->outside_by_key, key, at);
    fold->n_outsides++;
    return at;
}

static enum err take_outside(struct fold *fold, const struct entry_acta *entry, uint8_t contest,
                             uint64_t index, struct why *why)
{
    uint32_t at = map_get(&fold->outside_by_key, span_str(entry->key));
    if (at == MAP_NONE) {
        const struct record none = {.entry = ENTRY_NONE};
        TRY(version_check(&none, entry, index, why));
        at = outside_new(fold, entry, contest);
    } else if (fold->outsides[at].contest != contest) {
        return why_set(why, ERR_CONFLICT, "entry %" PRIu64 ": %s changes its contest", index, entry->key);
    } else {
        TRY(version_check(&fold->outsides[at].record, entry, index, why));
        fold_move_outside(fold, fold->counts, &fold->outsides[at], false);
        flow_move(fold, contest, &fold->outsides[at].record.sheet, -1);
    }
    struct outside *outside = &fold->outsides[at];
    record_set(fold, &outside->record, entry, index, fold_judge_outside(fold, contest, &entry->sheet));
    fold_move_outside(fold, fold->counts, outside, true);
    flow_move(fold, contest, &outside->record.sheet, 1);
    fold->outside_dirty[at] = 1;
    fold->outsides_dirty = true;
    return OK;
}

enum err fold_apply_acta(struct fold *fold, uint64_t index, const struct entry *entry, struct why *why)
{
    const struct entry_acta *acta = &entry->as.acta;
    int contest = election_contest(fold->election, acta->contest);
    if (contest < 0) {
        return why_set(why, ERR_CONFLICT, "entry %" PRIu64 ": %s is of a contest unknown here", index,
                       acta->key);
    }
    if (acta->sheet.n_votes != fold->election->contests[contest].n_columns) {
        return why_set(why, ERR_CONFLICT, "entry %" PRIu64 ": %s has %u votes for %u columns", index,
                       acta->key, acta->sheet.n_votes, fold->election->contests[contest].n_columns);
    }
    uint32_t at = election_acta(fold->election, span_str(acta->key));
    if (at == UINT32_MAX) {
        if (!span_starts(span_str(acta->key), SPAN("FC-"))) {
            return why_set(why, ERR_CONFLICT, "entry %" PRIu64 ": %s is not in the catalogue", index,
                           acta->key);
        }
        return take_outside(fold, acta, (uint8_t)contest, index, why);
    }
    if (fold->election->actas[at].contest != contest) {
        return why_set(why, ERR_CONFLICT, "entry %" PRIu64 ": %s belongs to another contest", index,
                       acta->key);
    }
    return take_inside(fold, at, acta, index, why);
}

/* A first version that was read ahead: what is left to do with it is what must be done in turn. */
enum err fold_apply_ready(struct fold *fold, uint64_t index, const struct ready *ready, struct why *why)
{
    uint32_t acta = ready->acta;
    struct record *record = fold->records[acta];
    TRY(fold_follows(fold, index, why));
    if (record->entry != ENTRY_NONE) {
        return why_set(why, ERR_CONFLICT, "entry %" PRIu64 ": %s version 1 follows version %u", index,
                       fold->election->actas[acta].key, record->version);
    }
    record = ready->record;
    fold->records[acta] = record;
    fold->n_in_review += record->in_review;
    fold_move_acta(fold, fold->counts, acta, true);
    flow_move(fold, fold->election->actas[acta].contest, &record->sheet, 1);
    fold->dirty[acta] = 1;
    fold_applied(fold, index, ENTRY_ACTA);
    return OK;
}

static void review_move(struct fold *fold, uint32_t acta, uint32_t outside, bool adding)
{
    if (outside == MAP_NONE) {
        fold_move_acta(fold, fold->counts, acta, adding);
        fold->dirty[acta] = 1;
    } else {
        fold_move_outside(fold, fold->counts, &fold->outsides[outside], adding);
        fold->outside_dirty[outside] = 1;
        fold->outsides_dirty = true;
    }
}

enum err fold_apply_review(struct fold *fold, uint64_t index, const struct entry *entry, struct why *why)
{
    const struct entry_review *review = &entry->as.review;
    uint32_t acta = election_acta(fold->election, span_str(review->key));
    uint32_t outside = acta == UINT32_MAX ? map_get(&fold->outside_by_key, span_str(review->key)) : MAP_NONE;
    if (acta == UINT32_MAX && outside == MAP_NONE) {
        return why_set(why, ERR_CONFLICT, "entry %" PRIu64 ": review of %s, which no entry brought", index,
                       review->key);
    }
    struct record *record = outside == MAP_NONE ? fold->records[acta] : &fold->outsides[outside].record;
    if (record->entry == ENTRY_NONE || review->entry > record->entry) {
        return why_set(why, ERR_CONFLICT,
                       "entry %" PRIu64 ": review of entry %" PRIu64 ", which is not of %s", index,
                       review->entry, review->key);
    }
    fold->last_down_entry = index;
    if (review->entry == record->entry) {
        review_move(fold, acta, outside, false);
        fold->n_in_review -= record->in_review;
        record->in_review = review->hold;
        record->held = review->hold;
        fold->n_in_review += record->in_review;
        review_move(fold, acta, outside, true);
    }
    return OK;
}

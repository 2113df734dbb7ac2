/* What is asked of a whole fold: does its own arithmetic hold, and how do joint votes fall to the parties. */
#include "render/fold.h"
#include "render/fold_own.h"

#include <assert.h>
#include <stdlib.h>

/* A record stands when its judgement is what the rules say about its sheet. */
static bool records_check(const struct fold *fold, struct count *counts, uint32_t *acta, struct why *why)
{
    uint32_t n_actas = fold->election->n_actas;
    for (uint32_t i = 0; i < n_actas; i++) {
        const struct record *record = fold->records[i];
        if (record->entry == ENTRY_NONE) {
            continue;
        }
        if (!record->in_review &&
            !fold_judgement_same(record->judgement, fold_judge_acta(fold, i, &record->sheet))) {
            *acta = i;
            why_set(why, ERR_CONFLICT, "%s: its figures are not what the rules say",
                    fold->election->actas[i].key);
            return false;
        }
        fold_move_acta(fold, counts, i, true);
    }
    for (uint32_t i = 0; i < fold->n_outsides; i++) {
        const struct outside *outside = &fold->outsides[i];
        const struct record *record = &outside->record;
        if (!record->in_review &&
            !fold_judgement_same(record->judgement,
                                 fold_judge_outside(fold, outside->contest, &record->sheet))) {
            *acta = n_actas + i;
            why_set(why, ERR_CONFLICT, "%s: its figures are not what the rules say", outside->key);
            return false;
        }
        fold_move_outside(fold, counts, outside, true);
    }
    return true;
}

bool fold_check(const struct fold *fold, uint32_t *acta, struct why *why)
{
    size_t cells = (size_t)fold->election->n_contests * fold->election->n_areas;
    struct count *counts = calloc(cells, sizeof *counts);
    assert(counts != NULL);
    for (size_t i = 0; i < cells; i++) {
        counts[i].expected = fold->counts[i].expected;
    }
    *acta = UINT32_MAX;
    bool good = records_check(fold, counts, acta, why);
    for (size_t i = 0; good && i < cells; i++) {
        if (!count_equal(&counts[i], &fold->counts[i])) {
            why_set(why, ERR_CONFLICT, "contest %zu, area %zu: the header is not the sum of its rows",
                    i / fold->election->n_areas, i % fold->election->n_areas);
            good = false;
        }
    }
    free(counts);
    return good;
}

/* Joint votes are shared out area by area and then added up; what lies in no such area (votes from abroad in
 * some contests) is shared out on its own. */
static void party_sums(const struct fold *fold, uint32_t c, enum area_kind kind,
                       uint64_t parties[COLUMNS_MAX])
{
    const struct contest *contest = &fold->election->contests[c];
    struct count rest = *fold_count(fold, c, 0);
    for (uint32_t area = 1; area < fold->election->n_areas; area++) {
        if (fold->election->areas[area].kind != kind) {
            continue;
        }
        const struct count *part = fold_count(fold, c, area);
        uint64_t shared[COLUMNS_MAX] = {0};
        count_by_party(contest, (uint16_t)area, part, shared);
        for (int i = 0; i < contest->n_columns; i++) {
            parties[i] += shared[i];
            rest.columns[i] -= part->columns[i];
        }
    }
    uint64_t shared[COLUMNS_MAX] = {0};
    count_by_party(contest, AREA_NONE, &rest, shared);
    for (int i = 0; i < contest->n_columns; i++) {
        parties[i] += shared[i];
    }
}

void fold_by_party(const struct fold *fold, uint32_t contest, uint16_t area, uint64_t parties[COLUMNS_MAX])
{
    const struct contest *of = &fold->election->contests[contest];
    memset(parties, 0, COLUMNS_MAX * sizeof *parties);
    if (area == 0 && of->share_kind != AREA_ENTITY) {
        party_sums(fold, contest, of->share_kind, parties);
    } else {
        count_by_party(of, area == 0 ? AREA_NONE : area, fold_count(fold, contest, area), parties);
    }
}

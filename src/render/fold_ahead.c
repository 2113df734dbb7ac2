/* Acta entries read ahead of their turn, in any thread: parsed, found in the catalogue, judged and put in their record. */
#include "render/fold_own.h"

#include <assert.h>

bool fold_read_ahead(struct fold *fold, unsigned reader, uint64_t index, struct span entry,
                     const struct hash *leaf, struct ready *out)
{
    const struct election *election = fold->election;
    struct entry_acta acta;
    assert(reader < FOLD_READERS);
    if (!entry_acta_first(entry, &acta)) {
        return false;
    }
    uint32_t at = election_acta(election, span_str(acta.key));
    if (at == MAP_NONE) {
        return false;
    }
    const struct contest *contest = &election->contests[election->actas[at].contest];
    if (!span_equal(contest->id, acta.contest) || acta.sheet.n_votes != contest->n_columns) {
        return false;
    }
    struct record *record = arena_alloc(&fold->ahead[reader], record_size(contest->n_columns));
    assert(record != NULL);
    fold_record_fill(record, &acta, index, fold_judge_acta(fold, at, &acta.sheet));
    record->leaf = *leaf;
    *out = (struct ready){at, record};
    return true;
}

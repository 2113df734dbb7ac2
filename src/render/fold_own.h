/* Shared by the fold's sources and nobody else: judging a record, moving its votes in and out of sums,
 * and the entries of each kind. */
#ifndef RENDER_FOLD_OWN_H
#define RENDER_FOLD_OWN_H

#include "render/fold.h"

struct judgement fold_judge_acta(const struct fold *fold, uint32_t acta, const struct sheet *sheet);
struct judgement fold_judge_outside(const struct fold *fold, uint8_t contest, const struct sheet *sheet);
bool fold_judgement_same(struct judgement a, struct judgement b);

/* Adds a record to every count it is part of (by contest * n_areas + area), or takes it out. */
void fold_move_acta(const struct fold *fold, struct count *counts, uint32_t acta, bool adding);
void fold_move_outside(const struct fold *fold, struct count *counts, const struct outside *outside,
                       bool adding);

/* Adds a record that came to one count. */
void fold_count_record(struct count *count, const struct record *record, const struct station *station);

/* The areas whose counts an acta of the catalogue is part of: the entity, its district, its borough. */
int fold_acta_areas(const struct fold *fold, uint32_t acta, uint16_t areas[3]);
/* All of a record that follows from the entry and its judgement: not its leaf. */
void fold_record_fill(struct record *record, const struct entry_acta *acta, uint64_t index,
                      struct judgement judgement);
/* An array that doubles; out of memory ends the process, as for a buf. */
void *fold_grown(void *items, uint32_t *cap, uint32_t need, size_t size);

/* Before and after each entry. */
MUST_CHECK enum err fold_follows(const struct fold *fold, uint64_t index, struct why *why);
void fold_applied(struct fold *fold, uint64_t index, enum entry_type type);

/* fold_acta.c */
MUST_CHECK enum err fold_apply_acta(struct fold *fold, uint64_t index, const struct entry *entry,
                                    struct why *why);
/* A review of a version that a correction has replaced meanwhile changes nothing. */
MUST_CHECK enum err fold_apply_review(struct fold *fold, uint64_t index, const struct entry *entry,
                                      struct why *why);

/* fold_keys.c */
MUST_CHECK enum err fold_apply_key(struct fold *fold, uint64_t index, const struct entry *entry,
                                   struct why *why);
MUST_CHECK enum err fold_apply_policy(struct fold *fold, uint64_t index, const struct entry *entry,
                                      struct why *why);
MUST_CHECK enum err fold_apply_evidence(struct fold *fold, uint64_t index, const struct entry *entry,
                                        struct why *why);

#endif

/* Entries of the cut's own: given to the sequencer, which alone writes the ledger. */
#include "cut/shop.h"

#include "base/num.h"
#include "os/control.h"

#include <inttypes.h>

enum { APPEND_WAIT_MS = 20000 };

enum err append_entry(struct shop *shop, const struct entry *entry, uint64_t *index, struct why *why)
{
    struct buf request = {0};
    struct buf answer = {0};
    buf_str(&request, "append\n");
    entry_print(entry, &request);
    enum err err = control_ask(shop->intake_sock, buf_as_span(&request), APPEND_WAIT_MS, &answer, why);
    if (err == OK && num_parse_u64(span_trim(buf_as_span(&answer)), index) != OK) {
        err = why_set(why, ERR_SYNTAX, "the sequencer's answer is not an index");
    }
    shop->written = err == OK && *index >= shop->written ? *index + 1 : shop->written;
    buf_done(&request);
    buf_done(&answer);
    return err;
}

enum err append_review(struct shop *shop, const char *key, const struct record *record, bool hold,
                       struct span reason, uint64_t *index, struct why *why)
{
    int64_t now_ms = clock_now_ms(shop->clock);
    struct entry entry = {
        .type = ENTRY_REVIEW,
        .as.review = {
            .entry = record->entry, .hold = hold, .time_ms = now_ms - now_ms % 1000, .reason = reason}};
    bool fits = span_copy(span_str(key), entry.as.review.key, sizeof entry.as.review.key);
    return fits ? append_entry(shop, &entry, index, why) : ERR_TOO_BIG;
}

enum err append_cut_entry(struct shop *shop, uint64_t *index, struct why *why)
{
    const struct tree *tree = &shop->tree;
    const struct fold *fold = tree->fold;
    const struct election *election = fold->election;
    struct entry entry = {.type = ENTRY_CUT};
    struct entry_cut *cut = &entry.as.cut;
    *cut = (struct entry_cut){.number = tree->facts.number,
                              .time_ms = tree->facts.time_ms,
                              .next_ms = tree->facts.next_ms,
                              .package = tree->facts.package,
                              .package_ms = tree->facts.package_ms,
                              .log_size = fold->log_size,
                              .previous = fold->last_cut_entry,
                              .last = tree->facts.last,
                              .n_figures = election->n_contests};
    memcpy(cut->manifest, tree->manifest, sizeof cut->manifest);
    memcpy(cut->state_root, tree->state_root.bytes, sizeof cut->state_root);
    memcpy(cut->totals_root, tree->totals_root.bytes, sizeof cut->totals_root);
    memcpy(cut->files_root, tree->files_root.bytes, sizeof cut->files_root);
    for (uint32_t i = 0; i < election->n_contests; i++) {
        const struct count *count = fold_count(fold, i, 0);
        cut->figures[i] = (struct entry_cut_figures){.contest = election->contests[i].id,
                                                     .expected = count->expected,
                                                     .captured = count->captured,
                                                     .counted = count->counted,
                                                     .votes = count->votes};
    }
    return append_entry(shop, &entry, index, why);
}

/* Groups: place every item in one transaction, sync its images, commit, append to the ledger. */
#include "intake/sequencer.h"

#include "intake/sequencer_parts.h"
#include "os/clock.h"
#include "tally/rules.h"

#include <assert.h>
#include <time.h>

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* What the first sending of this submission was answered. */
static enum err answer_of(void *arg, uint64_t index, struct span bytes, struct span note)
{
    struct frame_answer *answer = arg;
    struct buf scratch = {0};
    struct entry entry;
    (void)note;
    enum err err = entry_parse(bytes, &entry, &scratch, NULL);
    if (err == OK && entry.type == ENTRY_ACTA) {
        *answer = (struct frame_answer){.repeated = true,
                                        .entry = index,
                                        .version = entry.as.acta.version,
                                        .findings = entry.as.acta.findings};
        memcpy(answer->key, entry.as.acta.key, sizeof entry.as.acta.key);
    }
    buf_done(&scratch);
    return err == OK ? ERR_AGAIN : ERR_IO;
}

/* Findings that only the one who has seen everything knows. */
static enum err add_findings(struct sequencer *seq, struct entry_acta *acta, bool *new_image)
{
    int64_t latest_ms = clock_now_ms(seq->clock) + CLOCK_SKEW_MS;
    const struct sheet *sheet = &acta->sheet;
    if (sheet->received_ms > latest_ms || sheet->captured_ms > latest_ms || sheet->verified_ms > latest_ms) {
        acta->findings |= 1U << FINDING_TIME_FUTURE;
    }
    *new_image = false;
    if (!sheet->has_image) {
        return OK;
    }
    char owner[STORE_KEY_MAX + 1];
    enum err err = seq->store->ops->image(seq->store, sheet->image, owner);
    if (err == ERR_MISSING) {
        *new_image = true;
        return OK;
    }
    if (err == OK && strcmp(owner, acta->key) != 0) {
        acta->findings |= 1U << FINDING_IMAGE_REPEATED;
    }
    return err;
}

/* Version, previous and reason; false when the version is not the next one (the answer says which there is).
 */
static enum err place_version(struct sequencer *seq, const struct submission *submission,
                              struct entry_acta *acta, struct frame_answer *answer, bool *follows)
{
    struct store_version head = {0};
    enum err err = seq->store->ops->head(seq->store, span_str(acta->key), &head);
    if (err != OK && err != ERR_MISSING) {
        return err;
    }
    *follows = submission->version == head.version + 1;
    if (!*follows) {
        answer->refusal = REFUSED_VERSION;
        answer->version = head.version;
        return OK;
    }
    acta->version = submission->version;
    acta->previous = head.version == 0 ? ENTRY_NONE : head.index;
    acta->reason = submission->reason;
    return OK;
}

static enum err store_acta(struct sequencer *seq, const struct examined *examined, const struct entry *entry,
                           struct why *why)
{
    buf_clear(&seq->scratch);
    entry_print(entry, &seq->scratch);
    struct store_event event = {.index = seq->known.size,
                                .type = ENTRY_ACTA,
                                .entry = buf_as_span(&seq->scratch),
                                .note = examined->note,
                                .submission = examined->digest,
                                .key = span_str(entry->as.acta.key),
                                .version = entry->as.acta.version,
                                .image = entry->as.acta.sheet.has_image ? entry->as.acta.sheet.image : NULL};
    TRY(seq->store->ops->append(seq->store, &event, why));
    sequencer_remember(seq, event.entry);
    night_known_add(&seq->known, entry);
    return OK;
}

static enum err place_new(struct sequencer *seq, struct sequencer_item *item, struct why *why)
{
    struct entry entry = {.type = ENTRY_ACTA};
    struct entry_acta *acta = &entry.as.acta;
    bool follows = false;
    bool new_image = false;
    examined_entry(seq->examiner, &item->examined, acta);
    TRY(place_version(seq, &item->examined.submission, acta, &item->answer, &follows));
    if (!follows) {
        return OK;
    }
    TRY(add_findings(seq, acta, &new_image));
    item->answer.entry = seq->known.size;
    item->answer.version = acta->version;
    item->answer.findings = acta->findings;
    memcpy(item->answer.key, acta->key, sizeof acta->key);
    TRY(store_acta(seq, &item->examined, &entry, why));
    return new_image ? images_add(&seq->images, acta->sheet.image, item->examined.image, why) : OK;
}

static enum err place(struct sequencer *seq, struct sequencer_item *item, struct why *why)
{
    uint64_t index = 0;
    if (item->answer.refusal != REFUSED_NOT) {
        return OK;
    }
    enum err err = seq->store->ops->submission(seq->store, item->examined.digest, &index);
    if (err == OK) {
        return seq->store->ops->read(seq->store, index, answer_of, &item->answer, why);
    }
    return err == ERR_MISSING ? place_new(seq, item, why) : err;
}

static enum err place_all(struct sequencer *seq, struct sequencer_item *items, size_t n, struct why *why)
{
    TRY(sequencer_begin(seq, why));
    for (size_t i = 0; i < n; i++) {
        TRY(place(seq, &items[i], why));
    }
    TRY(images_sync(&seq->images, why));
    return seq->store->ops->commit(seq->store, why);
}

/* Nothing of the group is stored: every answer that was not a refusal already says so. */
static enum err give_up(struct sequencer *seq, const struct night_known *before, struct sequencer_item *items,
                        size_t n, enum err err)
{
    sequencer_undo(seq, before);
    for (size_t i = 0; i < n; i++) {
        items[i].answer = (struct frame_answer){.refusal = REFUSED_FULL};
        seq->counts.refused[REFUSED_FULL]++;
    }
    return err == ERR_FULL ? ERR_FULL : ERR_IO;
}

static void count_item(struct sequencer *seq, const struct sequencer_item *item)
{
    struct sequencer_counts *counts = &seq->counts;
    const struct frame_answer *answer = &item->answer;
    if (answer->refusal != REFUSED_NOT) {
        counts->refused[answer->refusal]++;
    } else if (answer->repeated) {
        counts->repeated++;
    } else {
        counts->acknowledged++;
        counts->corrections += answer->version > 1 ? 1 : 0;
        for (int i = 0; i < FINDING_RULES; i++) {
            counts->findings[i] += answer->findings >> i & 1;
        }
        counts->images += item->examined.image.len > 0 ? 1 : 0;
        counts->image_bytes += item->examined.image.len;
        counts->last_acta_ms = clock_now_ms(seq->clock);
    }
}

enum err sequencer_group(struct sequencer *seq, struct sequencer_item *items, size_t n, struct why *why)
{
    struct night_known before = seq->known;
    int64_t start_us = now_us();
    enum err err = place_all(seq, items, n, why);
    if (err != OK) {
        return give_up(seq, &before, items, n, err);
    }
    seq->counts.commit_last_us = (uint64_t)(now_us() - start_us);
    seq->counts.commits++;
    for (size_t i = 0; i < n; i++) {
        count_item(seq, &items[i]);
    }
    return sequencer_publish(seq, why);
}

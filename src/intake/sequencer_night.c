/* Entries of the night's own (cuts, reviews, notices, keys, policies, evidence, the close), and the way from a transaction to the
 * ledger. */
#include "intake/sequencer_parts.h"

#include "tlog/entry.h"

enum err sequencer_begin(struct sequencer *seq, struct why *why)
{
    buf_clear(&seq->entries);
    images_begin(&seq->images);
    TRY(sequencer_catch_up(seq, why));
    return seq->store->ops->begin(seq->store, why);
}

void sequencer_remember(struct sequencer *seq, struct span entry)
{
    char head[2] = {(char)(entry.len >> 8), (char)(entry.len & 0xff)};
    buf_add(&seq->entries, head, 2);
    buf_span(&seq->entries, entry);
}

enum err sequencer_publish(struct sequencer *seq, struct why *why)
{
    enum err err = ledger_append_all(seq->ledger, buf_as_span(&seq->entries), why);
    seq->full = err == ERR_FULL;
    return err == ERR_FULL ? OK : err;
}

void sequencer_undo(struct sequencer *seq, const struct night_known *before)
{
    seq->store->ops->rollback(seq->store);
    images_drop(&seq->images);
    seq->known = *before;
    seq->full = true;
}

static enum err append_one(void *arg, uint64_t index, struct span entry, struct span note)
{
    struct sequencer *seq = arg;
    (void)index;
    (void)note;
    return ledger_append(seq->ledger, entry, NULL);
}

enum err sequencer_catch_up(struct sequencer *seq, struct why *why)
{
    uint64_t size = ledger_size(seq->ledger);
    if (size >= seq->known.size) {
        return OK;
    }
    enum err err = seq->store->ops->read(seq->store, size, append_one, seq, why);
    seq->full = err == ERR_FULL;
    return err == OK ? OK : why_set(why, err, "the ledger cannot be appended to: %s", err_name(err));
}

void sequencer_settle(struct sequencer *seq)
{
    enum err ignored = ledger_sync(seq->ledger, NULL); /* what is lost is appended again from the store */
    (void)ignored;
}

enum err sequencer_store(struct sequencer *seq, const struct entry *entry, struct span bytes, struct why *why)
{
    struct store_event event = {.index = seq->known.size, .type = (uint8_t)entry->type, .entry = bytes};
    TRY(seq->store->ops->append(seq->store, &event, why));
    sequencer_remember(seq, bytes);
    night_known_add(&seq->known, entry);
    return OK;
}

struct expected {
    struct span bytes; /* an entry that is equal */
    const char *key;   /* or an acta entry of this key */
    bool found;
};

static enum err compare(void *arg, uint64_t index, struct span bytes, struct span note)
{
    struct expected *expected = arg;
    (void)index;
    (void)note;
    if (expected->key == NULL) {
        expected->found = span_equal(bytes, expected->bytes);
        return ERR_AGAIN;
    }
    struct buf scratch = {0};
    struct entry entry;
    expected->found = entry_parse(bytes, &entry, &scratch, NULL) == OK && entry.type == ENTRY_ACTA &&
                      strcmp(entry.as.acta.key, expected->key) == 0;
    buf_done(&scratch);
    return ERR_AGAIN;
}

/* Whoever appended may not have heard the answer and asks again. */
static enum err there_already(struct sequencer *seq, const struct entry *entry, struct span bytes,
                              uint64_t *index, struct why *why)
{
    uint64_t newest = 0;
    struct expected same = {.bytes = bytes};
    TRY(seq->store->ops->newest(seq->store, (uint8_t)entry->type, &newest));
    TRY(seq->store->ops->read(seq->store, newest, compare, &same, why));
    if (!same.found) {
        return ERR_MISSING;
    }
    *index = newest;
    return OK;
}

static enum err check(struct sequencer *seq, const struct entry *entry, struct why *why)
{
    TRY(entry_follows(&seq->known, entry, why));
    if (entry->type == ENTRY_REVIEW) {
        struct expected acta = {.key = entry->as.review.key};
        TRY(seq->store->ops->read(seq->store, entry->as.review.entry, compare, &acta, why));
        if (!acta.found) {
            return why_set(why, ERR_REFUSED, "a review names an acta's own entry");
        }
    }
    if (entry->type == ENTRY_KEY) {
        return sequencer_key_follows(seq, &entry->as.key, why);
    }
    if (entry->type == ENTRY_CUT) {
        return sequencer_cut_covers_key(seq, &entry->as.cut, why);
    }
    return entry->type == ENTRY_POLICY ? sequencer_policy_follows(seq, &entry->as.policy, why) : OK;
}

static enum err append(struct sequencer *seq, const struct entry *entry, struct span bytes, struct why *why)
{
    TRY(sequencer_begin(seq, why));
    TRY(sequencer_store(seq, entry, bytes, why));
    return seq->store->ops->commit(seq->store, why);
}

enum err sequencer_append(struct sequencer *seq, struct span bytes, uint64_t *index, struct why *why)
{
    struct entry entry;
    struct night_known before = seq->known;
    buf_clear(&seq->scratch);
    TRY(entry_parse(bytes, &entry, &seq->scratch, why));
    enum err err = there_already(seq, &entry, bytes, index, why);
    if (err != ERR_MISSING) {
        return err;
    }
    TRY(check(seq, &entry, why));
    err = append(seq, &entry, bytes, why);
    if (err != OK) {
        sequencer_undo(seq, &before);
        return err == ERR_FULL ? ERR_FULL : ERR_IO;
    }
    seq->counts.commits++;
    *index = before.size;
    return sequencer_publish(seq, why);
}

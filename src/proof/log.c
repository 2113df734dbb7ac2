/* The log: whose checkpoint it is, whether the entries give its root, and its tiles. */
#include "proof/exam.h"

#include "base/codec.h"
#include "os/clock.h"
#include "proof/trust.h"
#include "tlog/tiles.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

enum { PATIENCE_MS = 1500, LOOK_MS = 100 };

static const char CHECKPOINT[] = "log/checkpoint";

static void judge(struct exam *exam)
{
    struct why why = {{0}};
    struct span note = buf_as_span(&exam->checkpoint);
    if (exam->policy == NULL) {
        exam_find(exam, RULE_CHECKPOINT, CHECKPOINT, "the tree has no log/vkey to check it by");
    } else if (policy_check(exam->policy, note, &exam->verdict, &why) != OK) {
        exam_find(exam, RULE_CHECKPOINT, CHECKPOINT, "%s", why.text);
    } else {
        if (exam->verdict.unknown > 0) {
            exam_find(exam, RULE_STRANGER, CHECKPOINT,
                      "%u signature lines by keys that the policy does not name", exam->verdict.unknown);
        }
        if (exam->pinned && !exam->verdict.quorum) {
            exam_find(exam, RULE_QUORUM, CHECKPOINT, "%u witnesses have cosigned it: the quorum is not met",
                      exam->verdict.cosigners);
        }
        return;
    }
    /* Nobody's word; still, what it says is compared with the entries. */
    struct span text;
    struct span lines;
    exam->verdict = (struct policy_verdict){.log = POLICY_NONE};
    exam->has_checkpoint = note_split(note, &text, &lines) == OK &&
                           checkpoint_parse(text, &exam->verdict.checkpoint, &why) == OK;
}

/* The checkpoint, once it covers what the cut covers: the log's own turn may come a moment after the cut's. */
static enum err read_checkpoint(struct exam *exam, struct why *why)
{
    struct checkpoint checkpoint;
    struct span text;
    struct span lines;
    int64_t until = monotonic_ms() + PATIENCE_MS;
    for (;;) {
        struct why missed = {{0}};
        enum err err = source_read(exam->source, CHECKPOINT, CHECKPOINT_MAX, &exam->checkpoint, &missed);
        bool late =
            (err == ERR_MISSING && exam->pinned) ||
            (err == OK && note_split(buf_as_span(&exam->checkpoint), &text, &lines) == OK &&
             checkpoint_parse(text, &checkpoint, NULL) == OK && checkpoint.size < exam->manifest.log_size);
        if (!late || monotonic_ms() >= until) {
            return err == OK ? OK : why_set(why, err, "%s", missed.text);
        }
        poll(NULL, 0, LOOK_MS);
    }
}

enum err exam_checkpoint(struct exam *exam, struct why *why)
{
    struct why missed = {{0}};
    enum err err = read_checkpoint(exam, &missed);
    exam->entries_size = exam->manifest.log_size;
    if (err == ERR_MISSING) {
        return OK;
    }
    TRY(err == OK ? OK : why_set(why, err, "%s", missed.text));
    exam->has_checkpoint = true;
    judge(exam);
    const struct checkpoint *checkpoint = &exam->verdict.checkpoint;
    if (!exam->has_checkpoint) {
        return OK;
    }
    if (checkpoint->size < exam->manifest.log_size) {
        exam_find(exam, RULE_CHECKPOINT, CHECKPOINT,
                  "it is of %" PRIu64 " entries and the cut covers %" PRIu64, checkpoint->size,
                  exam->manifest.log_size);
    } else {
        exam->entries_size = checkpoint->size;
    }
    if (!span_equal(checkpoint->origin, exam->manifest.origin)) {
        exam_find(exam, RULE_CHECKPOINT, CHECKPOINT, "its origin is not the manifest's");
    }
    if (checkpoint->extensions.len > 0) {
        exam_find(exam, RULE_CHECKPOINT, CHECKPOINT,
                  "it has extension lines, which a checkpoint of this log never has");
    }
    return OK;
}

static void check_root(struct exam *exam)
{
    struct hash root;
    const struct checkpoint *checkpoint = &exam->verdict.checkpoint;
    if (log_tree_root(&exam->tree, checkpoint->size, &root) && !hash_equal(&root, &checkpoint->root)) {
        exam_find(exam, RULE_FORK, CHECKPOINT,
                  "the %" PRIu64
                  " published entries are not those of the tree that was signed: the log is forked or "
                  "altered",
                  checkpoint->size);
    }
}

/* One tile against the tree. `width` is what the published size has of it. */
static void check_tile(struct exam *exam, unsigned level, uint64_t tile, unsigned width)
{
    char name[TILE_PATH_MAX];
    char path[TILE_PATH_MAX + 8];
    struct why why = {{0}};
    tile_path(level, tile, width, name);
    snprintf(path, sizeof path, "log/%s", name);
    enum err err = source_read(exam->source, path, (size_t)TILE_HASHES * HASH_LEN, &exam->file, &why);
    if (err == ERR_MISSING && width < TILE_HASHES) {
        tile_path(level, tile, TILE_HASHES, name);
        snprintf(path, sizeof path, "log/%s", name);
        err = source_read(exam->source, path, (size_t)TILE_HASHES * HASH_LEN, &exam->file, NULL);
    }
    exam->n_tiles++;
    if (err != OK) {
        exam_find(exam, RULE_MISSING, path, "%s", why.text);
    } else if (exam->file.len < (size_t)width * HASH_LEN ||
               memcmp(exam->file.at, log_tree_tile(&exam->tree, level, tile), (size_t)width * HASH_LEN) !=
                   0) {
        exam_find(exam, RULE_TILE, path, "its hashes are not those that the entries give");
    }
}

static void check_tiles(struct exam *exam)
{
    uint64_t size = exam->verdict.checkpoint.size;
    if (exam->tree.size < size) {
        return; /* an entry is missing: that was found */
    }
    for (unsigned level = 0; level < TILE_LEVELS && size >> (8 * level) != 0; level++) {
        uint64_t hashes = size >> (8 * level);
        for (uint64_t tile = 0; tile * TILE_HASHES < hashes; tile++) {
            uint64_t left = hashes - tile * TILE_HASHES;
            exam_progress(exam, "baldosas / tiles", tile, hashes / TILE_HASHES + 1);
            check_tile(exam, level, tile, left < TILE_HASHES ? (unsigned)left : TILE_HASHES);
        }
    }
}

/* Has the pointer moved on since it was read? A cut's entry comes before the cut is shown, and a mirror that has the log's part of
 * it may have to fetch the cut yet. */
static bool moves_on(struct exam *exam)
{
    struct exam_before *before = exam->before;
    if (before->shown_ms == 0 || before->shown != exam->latest.cut) {
        before->shown = exam->latest.cut;
        before->shown_ms = monotonic_ms();
    }
    int64_t until = before->shown_ms + exam->options->wait_s * 1000;
    do {
        if (exam_cut_now(exam) > exam->latest.cut) {
            return true;
        }
        poll(NULL, 0, LOOK_MS);
    } while (monotonic_ms() < until);
    return false;
}

/* The cut's own entry, and none of a newer one. */
static void check_newest(struct exam *exam)
{
    const struct exam_cut *own = exam_cut_find(exam, exam->latest.cut);
    const struct exam_cut *newest = exam->n_cuts > 0 ? &exam->cuts[exam->n_cuts - 1] : NULL;
    if (newest != NULL && newest->number > exam->latest.cut && !moves_on(exam)) {
        exam_find(exam, RULE_OLD_CUT, "latest.json",
                  "cut %" PRIu32 " is shown; the log's entry %" PRIu64 " is of cut %" PRIu32,
                  exam->latest.cut, newest->index, newest->number);
    }
    if (own == NULL) {
        return; /* the checkpoint is from before its entry; the report says so */
    }
    if (memcmp(own->manifest, exam->latest.manifest, sizeof own->manifest) != 0 ||
        own->time_ms != exam->latest.time_ms || own->log_size != exam->latest.log_size ||
        own->last != exam->latest.last) {
        exam_find(exam, RULE_CUT, "latest.json",
                  "the log's entry %" PRIu64 " of cut %" PRIu32 " names another manifest, time or size",
                  own->index, own->number);
        return;
    }
    exam->entry_in_log = exam->has_checkpoint && exam->verdict.log != POLICY_NONE &&
                         own->index < exam->verdict.checkpoint.size;
}

/* What somebody kept from before must be a part of what is published now. */
static enum err check_seen(struct exam *exam, struct why *why)
{
    struct buf bytes = {0};
    struct buf scratch = {0};
    struct tlog_proof proof;
    struct policy_verdict verdict;
    struct hash root;
    enum err err = file_read(exam->options->seen, PROOF_FILE_MAX, &bytes, why);
    struct span note = buf_as_span(&bytes);
    if (err == OK && tlog_proof_parse(note, &proof, &scratch, NULL) == OK) {
        note = proof.checkpoint;
    }
    if (err == OK && exam->policy == NULL) {
        err = why_set(why, ERR_MISSING, "the tree has no log/vkey to check %s by", exam->options->seen);
    }
    if (err == OK) {
        err = policy_check(exam->policy, note, &verdict, why);
    }
    if (err == OK && !log_tree_root(&exam->tree, verdict.checkpoint.size, &root)) {
        exam_find(exam, RULE_FORK, CHECKPOINT,
                  "it is of %" PRIu64 " entries, and %" PRIu64 " were signed before: the log went back",
                  exam->tree.size, verdict.checkpoint.size);
    } else if (err == OK && !hash_equal(&root, &verdict.checkpoint.root)) {
        exam_find(exam, RULE_FORK, CHECKPOINT,
                  "its first %" PRIu64 " entries are not those that were signed before: the log is forked",
                  verdict.checkpoint.size);
    }
    buf_done(&scratch);
    buf_done(&bytes);
    return err;
}

enum err exam_log(struct exam *exam, struct why *why)
{
    bool own_key = exam->signer >= 0 && exam->key_origins[exam->signer] == KEY_PINNED;
    if (!exam->has_checkpoint && exam->pinned && !own_key) {
        exam_find(exam, RULE_CHECKPOINT, CHECKPOINT, "there is none by the log that the policy pins");
    }
    if (exam->has_checkpoint) {
        check_root(exam);
        check_tiles(exam);
    }
    if (exam->options->seen != NULL) {
        TRY(check_seen(exam, why));
    }
    check_newest(exam);
    return OK;
}

/* The entries of the log, in one pass: the definition out of the first ones, the fold of those that the cut covers, and what the
 * later steps look for. What cannot be folded is a finding; the tree is made of all entries all the same. */
#include "proof/exam.h"

#include "base/codec.h"
#include "os/clock.h"
#include "proof/entries.h"
#include "proof/folding.h"
#include "proof/headers.h"
#include "proof/lag.h"
#include "render/package.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SAY_EVERY = 4096 };

static struct reading {
    struct exam *exam;
    struct folding folding;
    struct headers headers;
    struct lag lag;
    struct roots *roots; /* NULL: no cut was compared yet */
    bool broken;         /* the fold cannot go on */
} reading;               /* one examination a process */

static void gather_cut(struct exam *exam, uint64_t index, const struct entry_cut *cut,
                       const struct hash *leaf)
{
    exam->cuts = realloc(exam->cuts, (exam->n_cuts + 1) * sizeof *exam->cuts);
    assert(exam->cuts != NULL);
    struct exam_cut *row = &exam->cuts[exam->n_cuts++];
    *row = (struct exam_cut){.number = cut->number,
                             .time_ms = cut->time_ms,
                             .index = index,
                             .log_size = cut->log_size,
                             .last = cut->last,
                             .leaf = *leaf};
    memcpy(row->manifest, cut->manifest, sizeof row->manifest);
    memcpy(row->files_root, cut->files_root, sizeof row->files_root);
}

static void add_image(struct exam *exam, uint64_t index, struct span hex)
{
    if (map_get(&exam->images, hex) != MAP_NONE) {
        return;
    }
    uint32_t n = exam->n_images_named++;
    if ((n & (n - 1)) == 0) {
        exam->image_rows = realloc(exam->image_rows, (n == 0 ? 1 : (size_t)n * 2) * sizeof *exam->image_rows);
    }
    struct span key = arena_copy(&exam->arena, hex);
    assert(key.at != NULL && exam->image_rows != NULL);
    exam->image_rows[n] = (struct exam_image){.hex = key, .index = index};
    map_put(&exam->images, key, n);
}

/* The image's name as the entry spells it; the whole entry is read by the fold. */
static void gather_image(struct exam *exam, const struct entry_seen *seen)
{
    static const char mark[] = "\nimage ";
    struct span entry = seen->bytes;
    if (seen->ready != NULL) {
        const struct sheet *sheet = &seen->ready->record->sheet;
        char hex[2 * sizeof sheet->image + 1];
        hex_print(hex, sheet->image, sizeof sheet->image);
        if (sheet->has_image) {
            add_image(exam, seen->index, span_str(hex));
        }
        return;
    }
    const char *at = memmem(entry.at, entry.len, mark, sizeof mark - 1);
    struct span hex = at == NULL ? SPAN("") : span_from(entry, (size_t)(at - entry.at) + sizeof mark - 1);
    if (span_starts(entry, SPAN("prep-acta/v1\n")) && hex.len >= 64 && hex.at[0] != '-') {
        add_image(exam, seen->index, span_of(hex.at, 64));
    }
}

static void take_package(struct exam *exam)
{
    exam->n_package_csv = reading.folding.election.n_contests;
    exam->package_csv = calloc(exam->n_package_csv, sizeof *exam->package_csv);
    assert(exam->package_csv != NULL);
    for (uint32_t c = 0; c < exam->n_package_csv; c++) {
        render_csv(exam->fold, c, &exam->package_facts, &exam->package_csv[c]);
    }
}

static void on_applied(void *arg, uint64_t index)
{
    struct exam *exam = arg;
    if (index == 0) {
        headers_init(&reading.headers, reading.folding.election.n_contests);
        exam->fold = reading.folding.fold;
    }
    headers_note(&reading.headers, exam->fold);
    if (exam->package >= 0 && index + 1 == exam->package_size) {
        take_package(exam);
    }
}

void exam_cut_figures(struct exam *exam, const struct entry_cut *cut, uint64_t index)
{
    char path[EXAM_PATH_MAX];
    snprintf(path, sizeof path, "log/tile/entries#%" PRIu64, index);
    if (cut->log_size > index) {
        exam_find(exam, RULE_CUT, path, "cut %" PRIu32 " covers entries that come after it", cut->number);
        return;
    }
    for (uint32_t i = 0; i < cut->n_figures && cut->log_size <= exam->manifest.log_size; i++) {
        const struct entry_cut_figures *stated = &cut->figures[i];
        struct header is;
        int contest = election_contest(&reading.folding.election, stated->contest);
        if (contest < 0 || !headers_at(&reading.headers, cut->log_size, (uint32_t)contest, &is)) {
            continue; /* too long ago to be known, or of nothing that the definition has: the rendering shows it */
        }
        if (stated->expected != is.expected || stated->captured != is.captured ||
            stated->counted != is.counted || stated->votes != is.votes) {
            exam_find(exam, RULE_CUT, path,
                      "cut %" PRIu32 " states for %.*s %" PRIu64 " captured, %" PRIu64 " counted, %" PRIu64
                      " votes; its entries give %" PRIu64 ", %" PRIu64 ", %" PRIu64,
                      cut->number, SPAN_ARG(stated->contest), stated->captured, stated->counted,
                      stated->votes, is.captured, is.counted, is.votes);
        }
    }
}

static enum err fold_one(void *arg, const struct entry_seen *seen, struct why *why)
{
    (void)arg;
    return folding_take(&reading.folding, seen, why);
}

/* What cannot be folded is a finding, and the end of folding. */
static void broken_by(struct exam *exam, const struct why *why)
{
    exam_find(exam, RULE_LEDGER, "log/tile/entries", "%s", why->text);
    reading.broken = true;
}

/* Folds what waits before that index. */
static void fold_until(struct exam *exam, uint64_t index)
{
    struct why why = {{0}};
    if (!reading.broken && lag_release(&reading.lag, index, fold_one, NULL, &why) != OK) {
        broken_by(exam, &why);
    }
}

static void fold_now(struct exam *exam, const struct entry_seen *seen)
{
    struct why why = {{0}};
    if (fold_one(NULL, seen, &why) != OK) {
        broken_by(exam, &why);
    }
}

/* The roots of every cut; counting alone looks at the newest one's. */
static enum err look_roots(struct exam *exam, const struct entry_cut *cut, uint64_t index, struct why *why)
{
    struct fold *fold = reading.folding.fold;
    if (fold->log_size != cut->log_size || (exam->options->recount && cut->number != exam->latest.cut)) {
        return OK;
    }
    if (reading.roots == NULL && roots_new(fold->election, &reading.roots) != OK) {
        return why_set(why, ERR_FULL, "no memory for the roots");
    }
    exam_state_roots(exam, reading.roots, fold, cut, index);
    return OK;
}

static enum err look_cut(struct exam *exam, uint64_t index, struct span bytes, const struct hash *leaf,
                         struct why *why)
{
    struct entry entry;
    buf_clear(&exam->twin);
    enum err err = entry_parse(bytes, &entry, &exam->twin, why);
    if (err != OK) {
        return why_prefix(why, err, "entry %" PRIu64, index);
    }
    const struct entry_cut *cut = &entry.as.cut;
    gather_cut(exam, index, cut, leaf);
    fold_until(exam, cut->log_size < index ? cut->log_size : index);
    if (reading.folding.fold == NULL || reading.broken) {
        return OK;
    }
    exam_cut_figures(exam, cut, index);
    return look_roots(exam, cut, index, why);
}

static enum err look_policy(struct exam *exam, uint64_t index, struct span bytes, struct why *why)
{
    struct entry entry;
    buf_clear(&exam->twin);
    enum err err = entry_parse(bytes, &entry, &exam->twin, why);
    if (err != OK) {
        return why_prefix(why, err, "entry %" PRIu64, index);
    }
    exam->policies = realloc(exam->policies, (exam->n_policies + 1) * sizeof *exam->policies);
    assert(exam->policies != NULL);
    struct exam_policy *row = &exam->policies[exam->n_policies++];
    *row = (struct exam_policy){.version = entry.as.policy.version, .index = index};
    memcpy(row->sha256, entry.as.policy.sha256, sizeof row->sha256);
    return OK;
}

/* What an entry is to the later steps, folded or not. */
static enum err look(struct exam *exam, const struct entry_seen *seen, struct why *why)
{
    struct span bytes = seen->bytes;
    if (seen->ready != NULL) {
        return OK; /* an acta */
    }
    TRY(bound_take(&exam->bound, seen->index, bytes, why));
    if (span_starts(bytes, SPAN("prep-cut/v1\n"))) {
        return look_cut(exam, seen->index, bytes, seen->leaf, why);
    }
    if (span_starts(bytes, SPAN("prep-policy/v1\n"))) {
        return look_policy(exam, seen->index, bytes, why);
    }
    return OK;
}

static void wait_for_cut(struct exam *exam, const struct entry_seen *seen)
{
    if (lag_full(&reading.lag)) {
        fold_until(exam, reading.lag.next + LAG_MAX / 2);
    }
    if (!reading.broken) {
        lag_push(&reading.lag, seen);
    }
}

static void queue_entry(struct exam *exam, const struct entry_seen *seen)
{
    if (seen->index >= exam->manifest.log_size || reading.broken) {
        return;
    }
    /* The definition's pieces, large ones: no cut is compared with a state that there is not yet. */
    if (reading.folding.fold == NULL && lag_pass(&reading.lag)) {
        fold_now(exam, seen);
    } else {
        wait_for_cut(exam, seen);
    }
    if (!exam->options->recount) {
        gather_image(exam, seen);
    }
}

static enum err on_entry(void *arg, const struct entry_seen *seen, struct why *why)
{
    struct exam *exam = arg;
    struct why broken = {{0}};
    (void)why;
    exam->n_entries++;
    if (seen->index % SAY_EVERY == 0) {
        exam_progress(exam, "entradas / entries", seen->index, exam->entries_size);
    }
    if (look(exam, seen, &broken) != OK && !reading.broken) {
        exam_find(exam, RULE_LEDGER, "log/tile/entries", "%s", broken.text);
        reading.broken = true;
    }
    queue_entry(exam, seen);
    return OK;
}

/* The facts of the cut whose package is the newest, before its entry is reached: from its manifest, which the entry must name. */
static void find_package(struct exam *exam)
{
    char path[EXAM_PATH_MAX];
    struct why why = {{0}};
    struct span text;
    struct span lines;
    struct manifest manifest;
    exam->package = exam->latest.package_ms < 0 ? -1 : (int64_t)exam->latest.package;
    if (exam->package < 0 || exam->options->recount) {
        exam->package = -1;
        return;
    }
    if (exam->package == (int64_t)exam->latest.cut) {
        exam->package_size = exam->manifest.log_size;
        exam->package_facts = (struct cut_facts){
            .number = exam->latest.cut, .time_ms = exam->latest.time_ms, .last = exam->latest.last};
        return;
    }
    snprintf(path, sizeof path, "cut/%" PRId64 "/manifest", exam->package);
    if (source_read(exam->source, path, MANIFEST_BYTES_MAX, &exam->file, &why) != OK ||
        note_split(buf_as_span(&exam->file), &text, &lines) != OK ||
        manifest_parse(text, &manifest, &why) != OK) {
        exam_find(exam, RULE_PACKAGE, path, "the cut of the newest package: %s",
                  why.text[0] != '\0' ? why.text : "not a signed note");
        exam->package = -1;
        return;
    }
    exam->package_size = manifest.log_size;
    exam->package_facts = (struct cut_facts){.number = (uint32_t)exam->package, .time_ms = manifest.time_ms};
    manifest_done(&manifest);
}

static void check_package(struct exam *exam)
{
    const struct exam_cut *cut = exam->package < 0 ? NULL : exam_cut_find(exam, (uint32_t)exam->package);
    if (exam->package < 0 || exam->package == (int64_t)exam->latest.cut) {
        return;
    }
    if (cut == NULL || cut->log_size != exam->package_size || exam->package_csv == NULL) {
        exam_find(exam, RULE_PACKAGE, "latest.json", "its package is of a cut that the ledger does not have");
        exam->package = -1;
    }
}

static void check_hour(struct exam *exam)
{
    if (exam->latest.time_ms < exam->election.opening_ms && exam->fold->first_acta != ENTRY_NONE) {
        exam_find(exam, RULE_HOUR, "latest.json", "a cut from before the opening covers actas");
    }
}

/* What the fold was made of is the examination's from here on. */
static enum err take_over(struct exam *exam)
{
    exam->have_election = reading.folding.have_election;
    exam->election = reading.folding.election;
    exam->fold = reading.folding.fold;
    reading.folding.have_election = false;
    reading.folding.fold = NULL;
    if (exam->fold != NULL) {
        exam->fold->election = &exam->election;
        return chunk_plan_new(&exam->election, &exam->plan);
    }
    return OK;
}

enum err exam_ledger(struct exam *exam, struct why *why)
{
    struct why broken = {{0}};
    int64_t began = monotonic_ms();
    (void)why;
    reading = (struct reading){.exam = exam};
    folding_init(&reading.folding, exam->manifest.log_size);
    lag_init(&reading.lag);
    reading.folding.applied = on_applied;
    reading.folding.arg = exam;
    find_package(exam);
    const struct entries entries = {.source = exam->source,
                                    .size = exam->entries_size,
                                    .tree = &exam->tree,
                                    .fold = &reading.folding.fold,
                                    .fold_size = exam->manifest.log_size};
    if (entries_read(&entries, on_entry, exam, &broken) != OK) {
        exam_find(exam, RULE_LEDGER, "log/tile/entries", "%s", broken.text);
        reading.broken = true;
    }
    fold_until(exam, UINT64_MAX);
    if (!reading.folding.have_election && !reading.broken) {
        exam_find(exam, RULE_LEDGER, "log/tile/entries", "the entries do not hold a whole definition");
        reading.broken = true;
    }
    exam->recount_ms = monotonic_ms() - began;
    roots_free(reading.roots);
    lag_done(&reading.lag);
    enum err err = take_over(exam);
    exam->folded = !reading.broken && exam->fold->log_size == exam->manifest.log_size;
    if (exam->folded) {
        check_package(exam);
        check_hour(exam);
    }
    folding_done(&reading.folding);
    headers_done(&reading.headers);
    return err;
}

/* The entries that the cut covers: the definition out of them, and the fold. */
#include "proof/exam.h"

#include "base/codec.h"
#include "render/package.h"
#include "tlog/checkpoint.h"
#include "tlog/ledger.h"
#include "tlog/tiles.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUNDLE_BYTES_MAX = BUNDLE_ENTRIES * (ENTRY_MAX + 2) };

typedef enum err (*on_entry)(struct exam *exam, uint64_t index, struct span entry, struct why *why);

/* Bundles lie there in the widths of published checkpoints, not of cuts: the one of the size that stands, or the full one. */
static enum err read_bundle(struct exam *exam, uint64_t bundle, uint64_t log_size, struct why *why)
{
    char name[TILE_PATH_MAX];
    char path[EXAM_PATH_MAX];
    uint64_t left = log_size > bundle * BUNDLE_ENTRIES ? log_size - bundle * BUNDLE_ENTRIES : BUNDLE_ENTRIES;
    for (int full = left >= BUNDLE_ENTRIES; full < 2; full++) {
        struct why *last = full == 1 ? why : NULL;
        tile_entries_path(bundle, full == 1 ? BUNDLE_ENTRIES : (unsigned)left, name);
        snprintf(path, sizeof path, "log/%s", name);
        enum err err = source_read(exam->source, path, BUNDLE_BYTES_MAX, &exam->file, last);
        if (err == OK || full == 1) {
            return err;
        }
    }
    return OK;
}

/* The size that the checkpoint states; of the tree itself the log's own examination speaks. */
static enum err read_log_size(struct exam *exam, uint64_t *out, struct why *why)
{
    struct span text, signatures;
    struct checkpoint checkpoint;
    TRY(source_read(exam->source, "log/checkpoint", CHECKPOINT_MAX, &exam->file, why));
    TRY(note_split(buf_as_span(&exam->file), &text, &signatures));
    TRY(checkpoint_parse(text, &checkpoint, why));
    *out = checkpoint.size;
    return checkpoint.size >= exam->manifest.log_size
               ? OK
               : why_set(why, ERR_CONFLICT, "the log's checkpoint ends before what the cut covers");
}

static enum err each_entry(struct exam *exam, on_entry on, struct why *why)
{
    uint64_t size = exam->manifest.log_size, log_size = 0;
    TRY(read_log_size(exam, &log_size, why));
    for (uint64_t start = 0; start < size; start += BUNDLE_ENTRIES) {
        uint64_t entries = size - start < BUNDLE_ENTRIES ? size - start : BUNDLE_ENTRIES;
        TRY(read_bundle(exam, start / BUNDLE_ENTRIES, log_size, why));
        struct span rest = buf_as_span(&exam->file);
        for (uint64_t i = 0; i < entries; i++) {
            struct span entry;
            if (bundle_next(&rest, &entry) != OK) {
                return why_set(why, ERR_SYNTAX, "bundle %" PRIu64 " ends after %" PRIu64 " entries",
                               start / BUNDLE_ENTRIES, i);
            }
            TRY(on(exam, start + i, entry, why));
        }
    }
    return OK;
}

/* First pass: the definition's files, the cuts, the images. */
struct gathered {
    struct election_files files;
    uint8_t definition[32];
};
static struct gathered gathered; /* one examination a process */

static enum err gather_file(const struct entry_file *file, struct why *why)
{
    for (int i = 0; i < ELECTION_FILES; i++) {
        struct buf *bytes = &gathered.files.bytes[i];
        if (span_is(file->name, election_file_names[i])) {
            if (file->offset != bytes->len || file->size > ELECTION_FILE_MAX) {
                return why_set(why, ERR_CONFLICT, "the pieces of %s do not follow each other",
                               election_file_names[i]);
            }
            buf_span(bytes, file->bytes);
            return OK;
        }
    }
    return why_set(why, ERR_CONFLICT, "a file that is no part of a definition");
}

static void gather_cut(struct exam *exam, const struct entry_cut *cut)
{
    exam->cuts = realloc(exam->cuts, (exam->n_cuts + 1) * sizeof *exam->cuts);
    assert(exam->cuts != NULL);
    exam->cuts[exam->n_cuts++] = *cut;
}

static void gather_image(struct exam *exam, const struct entry_acta *acta)
{
    char hex[65];
    if (acta->sheet.has_image) {
        hex_print(hex, acta->sheet.image, 32);
        struct span key = arena_copy(&exam->arena, span_of(hex, 64));
        assert(key.at != NULL);
        map_put(&exam->images, key, 1);
    }
}

static enum err gather(struct exam *exam, uint64_t index, struct span bytes, struct why *why)
{
    struct entry entry;
    buf_clear(&exam->twin);
    enum err err = entry_parse(bytes, &entry, &exam->twin, why);
    if (err != OK) {
        return why_prefix(why, err, "entry %" PRIu64, index);
    }
    exam->n_entries++;
    switch (entry.type) {
    case ENTRY_OPEN:
        memcpy(gathered.definition, entry.as.open.definition, sizeof gathered.definition);
        return OK;
    case ENTRY_FILE:
        return gather_file(&entry.as.file, why);
    case ENTRY_CUT:
        gather_cut(exam, &entry.as.cut);
        return OK;
    case ENTRY_ACTA:
        gather_image(exam, &entry.as.acta);
        return OK;
    default:
        return OK;
    }
}

static enum err load_election(struct exam *exam, struct why *why)
{
    struct election_file files[ELECTION_FILES];
    for (int i = 0; i < ELECTION_FILES; i++) {
        files[i] =
            (struct election_file){span_str(election_file_names[i]), buf_as_span(&gathered.files.bytes[i])};
    }
    TRY(election_parse(files, ELECTION_FILES, &exam->election, why));
    exam->have_election = true;
    if (memcmp(exam->election.digest, gathered.definition, sizeof gathered.definition) != 0) {
        return why_set(why, ERR_CONFLICT, "the definition's files are not what entry 0 states");
    }
    return OK;
}

/* The facts of the cut examined and of the one whose package it names. Its own entry comes after what it covers, so
 * what only that entry says (when the next one is due) is taken from latest.json and proven by the rendering. */
static void find_package(struct exam *exam)
{
    exam->package = exam->latest.package_ms < 0 ? -1 : (int64_t)exam->latest.package;
    if (exam->package == (int64_t)exam->latest.cut) {
        exam->package_size = exam->manifest.log_size;
        exam->package_facts = (struct cut_facts){
            .number = exam->latest.cut, .time_ms = exam->latest.time_ms, .last = exam->latest.last};
        return;
    }
    for (uint32_t i = 0; exam->package >= 0 && i < exam->n_cuts; i++) {
        if (exam->cuts[i].number == exam->package) {
            exam->package_size = exam->cuts[i].log_size;
            exam->package_facts = (struct cut_facts){
                .number = exam->cuts[i].number, .time_ms = exam->cuts[i].time_ms, .last = exam->cuts[i].last};
            return;
        }
    }
    if (exam->package >= 0) {
        exam_find(exam, RULE_PACKAGE, "latest.json", "its package is of a cut that the ledger does not have");
        exam->package = -1;
    }
}

static void take_package(struct exam *exam)
{
    exam->n_package_csv = exam->election.n_contests;
    exam->package_csv = calloc(exam->n_package_csv, sizeof *exam->package_csv);
    assert(exam->package_csv != NULL);
    for (uint32_t c = 0; c < exam->n_package_csv; c++) {
        render_csv(exam->fold, c, &exam->package_facts, &exam->package_csv[c]);
    }
}

static enum err apply(struct exam *exam, uint64_t index, struct span entry, struct why *why)
{
    TRY(fold_apply(exam->fold, index, entry, why));
    if (exam->package >= 0 && index + 1 == exam->package_size) {
        take_package(exam);
    }
    return OK;
}

static void check_hour(struct exam *exam)
{
    if (exam->latest.time_ms < exam->election.opening_ms && exam->fold->first_acta != ENTRY_NONE) {
        exam_find(exam, RULE_HOUR, "latest.json", "a cut from before the opening covers actas");
    }
}

enum err exam_ledger(struct exam *exam, struct why *why)
{
    election_files_init(&gathered.files);
    enum err err = each_entry(exam, gather, why);
    err = err != OK ? err : load_election(exam, why);
    election_files_done(&gathered.files);
    TRY(err);
    find_package(exam);
    TRY(fold_new(&exam->election, &exam->fold));
    TRY(chunk_plan_new(&exam->election, &exam->plan));
    TRY(each_entry(exam, apply, why));
    check_hour(exam);
    return OK;
}

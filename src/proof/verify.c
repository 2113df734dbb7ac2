/* The examination from its first step to its report. */
#include "proof/exam.h"

#include "os/clock.h"

#include <assert.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { SAY_EVERY_MS = 1000, TURNS_FOLDER = 4, TURNS_SITE = 3, PAUSE_MS = 250 };

void exam_find(struct exam *exam, enum rule rule, const char *path, const char *format, ...)
{
    char sentence[512];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    if (exam->n_found == exam->cap_found) {
        exam->cap_found = exam->cap_found == 0 ? 64 : exam->cap_found * 2;
        exam->found = realloc(exam->found, exam->cap_found * sizeof *exam->found);
        assert(exam->found != NULL);
    }
    exam->found[exam->n_found++] = (struct found){.rule = rule,
                                                  .path = arena_copy(&exam->arena, span_str(path)),
                                                  .sentence = arena_copy(&exam->arena, span_str(sentence))};
}

void exam_progress(struct exam *exam, const char *what, uint64_t done, uint64_t of)
{
    int64_t now_ms = monotonic_ms();
    if (source_is_folder(exam->source) || now_ms - exam->progress_ms < SAY_EVERY_MS) {
        return;
    }
    exam->progress_ms = now_ms;
    fprintf(stderr, "  %s: %" PRIu64 " / %" PRIu64 "\n", what, done, of);
}

/* What the cut shows against what the entries give. */
static enum err figures(struct exam *exam, struct why *why)
{
    if (!exam->folded || exam->options->recount) {
        return OK;
    }
    TRY(exam_figures(exam, why));
    return exam_package(exam, why);
}

static enum err steps(struct exam *exam, struct why *why)
{
    TRY(source_open(exam->options->where, &exam->source, why));
    TRY(exam_trust(exam, why));
    TRY(exam_manifest(exam, why));
    TRY(exam_checkpoint(exam, why));
    if (!exam->options->recount) {
        TRY(exam_files(exam, why));
    }
    TRY(exam_ledger(exam, why));
    TRY(exam_keys(exam, why));
    exam_signatures(exam);
    TRY(exam_log(exam, why));
    TRY(exam_cuts(exam, why));
    exam_published(exam);
    exam_policies(exam);
    TRY(figures(exam, why));
    return exam->options->recount ? OK : exam_foreign(exam, why);
}

static void exam_done(struct exam *exam)
{
    for (uint32_t i = 0; i < exam->n_package_csv; i++) {
        buf_done(&exam->package_csv[i]);
    }
    free(exam->package_csv);
    fold_free(exam->fold);
    if (exam->plan != NULL) {
        chunk_plan_free(exam->plan);
    }
    if (exam->have_election) {
        election_done(&exam->election);
    }
    manifest_done(&exam->manifest);
    buf_done(&exam->manifest_note);
    buf_done(&exam->file);
    buf_done(&exam->twin);
    map_done(&exam->images);
    free(exam->image_rows);
    buf_done(&exam->pointer);
    map_done(&exam->listed);
    log_tree_done(&exam->tree);
    policy_free(exam->policy);
    buf_done(&exam->checkpoint);
    free(exam->cuts);
    free(exam->policies);
    free(exam->found);
    source_close(exam->source);
    arena_done(&exam->arena);
}

static void exam_init(struct exam *exam, const struct proof_options *options)
{
    *exam = (struct exam){.options = options,
                          .package = -1,
                          .signer = -1,
                          .verdict = {.log = POLICY_NONE},
                          .progress_ms = monotonic_ms()};
    arena_init(&exam->arena, 0);
    map_init(&exam->images, 0x76657269, 0x66790001);
    map_init(&exam->listed, 0x76657269, 0x66790002);
    log_tree_init(&exam->tree);
}

/* Findings of a tree that is being published are of it only when they are there again: a cut that was half shown, a body that
 * retention took, an entry that came between two reads are none. ERR_AGAIN: another turn is needed. */
static enum err settle(struct exam *exam, int turns, struct exam_before *before, struct why *why)
{
    int most = source_is_folder(exam->source) ? TURNS_FOLDER : TURNS_SITE;
    if (exam->n_found == 0 || !exam_moves(exam)) {
        return OK;
    }
    if (turns < most) {
        exam_remember(exam, before);
        return ERR_AGAIN;
    }
    exam_keep_lasting(exam, before);
    return exam->n_found > 0
               ? OK
               : why_set(
                     why, ERR_IO,
                     "cambia más rápido de lo que puede examinarse; nada se halló mal dos veces / it changes faster than it can be "
                     "examined; nothing was found wrong twice");
}

static enum err turn(const struct proof_options *options, int turns, struct exam_before *before,
                     struct buf *out, struct why *why)
{
    static struct exam exam;
    struct why failed = {{0}};
    exam_init(&exam, options);
    exam.before = before;
    enum err err = steps(&exam, &failed);
    err = err == OK ? settle(&exam, turns, before, &failed) : err;
    if (err == OK) {
        options->json ? exam_report_json(&exam, out) : exam_report(&exam, out);
        err = exam.n_found > 0 ? ERR_CONFLICT : OK;
    } else if (err != ERR_AGAIN) {
        err = why_set(why, err, "%s", failed.text);
    }
    exam_done(&exam);
    return err;
}

/* A night that goes on may publish meanwhile: then all begins again, a few times. */
enum err proof_verify(const struct proof_options *options, struct buf *out, struct why *why)
{
    struct exam_before before = {.lines = {0}};
    enum err err = turn(options, 1, &before, out, why);
    for (int turns = 2; err == ERR_AGAIN; turns++) {
        poll(NULL, 0, PAUSE_MS * (turns - 1));
        err = turn(options, turns, &before, out, why);
    }
    buf_done(&before.lines);
    return err;
}

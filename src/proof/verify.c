/* The examination from its first step to its report. */
#include "proof/exam.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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

/* What the ledger says is examined also when it cannot be followed to its end: that is a finding. */
static enum err steps(struct exam *exam, struct why *why)
{
    TRY(source_open(exam->options->where, &exam->source, why));
    TRY(exam_keys(exam, why));
    TRY(exam_manifest(exam, why));
    TRY(exam_files(exam, why));
    struct why broken = {{0}};
    if (exam_ledger(exam, &broken) != OK) {
        exam_find(exam, RULE_LEDGER, "log/tile/entries", "%s", broken.text);
        return exam_foreign(exam, why);
    }
    TRY(exam_figures(exam, why));
    TRY(exam_package(exam, why));
    return exam_foreign(exam, why);
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
    free(exam->cuts);
    free(exam->found);
    source_close(exam->source);
    arena_done(&exam->arena);
}

enum err proof_verify(const struct proof_options *options, struct buf *out, struct why *why)
{
    static struct exam exam;
    exam = (struct exam){.options = options, .package = -1};
    arena_init(&exam.arena, 0);
    map_init(&exam.images, 0x76657269, 0x66790001);
    enum err err = steps(&exam, why);
    if (err == OK && options->json) {
        exam_report_json(&exam, out);
    } else if (err == OK) {
        exam_report(&exam, out);
    }
    if (err == OK && exam.n_found > 0) {
        err = ERR_CONFLICT;
    }
    exam_done(&exam);
    return err;
}

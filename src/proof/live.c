/* A tree that is published while it is examined. What its publisher does takes moments; what somebody altered stays. */
#include "proof/exam.h"

#include <inttypes.h>
#include <stdio.h>

static bool changed(struct exam *exam, const char *path, size_t limit, const struct buf *was)
{
    enum err err = source_read(exam->source, path, limit, &exam->file, NULL);
    return err == ERR_MISSING ? was->len > 0
                              : err == OK && !span_equal(buf_as_span(&exam->file), buf_as_span(was));
}

static bool pointer_moved(struct exam *exam)
{
    return changed(exam, "latest.json", LATEST_BYTES_MAX, &exam->pointer);
}

/* The next cut's folder is put in place before the pages at the root change, and these before the pointer. */
static bool next_is_coming(struct exam *exam)
{
    char path[EXAM_PATH_MAX];
    snprintf(path, sizeof path, "cut/%" PRIu32 "/manifest", exam->latest.cut + 1);
    return source_read(exam->source, path, MANIFEST_BYTES_MAX, &exam->file, NULL) == OK;
}

uint32_t exam_cut_now(struct exam *exam)
{
    struct latest now;
    struct buf bytes = {0};
    bool read = source_read(exam->source, "latest.json", LATEST_BYTES_MAX, &bytes, NULL) == OK &&
                latest_parse(buf_as_span(&bytes), &now, NULL) == OK && now.cut > exam->latest.cut;
    buf_done(&bytes);
    return read ? now.cut : exam->latest.cut;
}

bool exam_moves(struct exam *exam)
{
    return exam->waits || pointer_moved(exam) ||
           changed(exam, "log/checkpoint", CHECKPOINT_MAX, &exam->checkpoint) || next_is_coming(exam);
}

static void line_print(const struct found *found, struct buf *out)
{
    buf_printf(out, "\n%d %.*s\n", (int)found->rule, SPAN_ARG(found->path));
}

void exam_remember(const struct exam *exam, struct exam_before *before)
{
    buf_clear(&before->lines);
    for (uint32_t i = 0; i < exam->n_found; i++) {
        line_print(&exam->found[i], &before->lines);
    }
}

/* What is replaced with each cut: of another one once the pointer has moved. */
bool exam_replaced(struct span path)
{
    static const char *const lasting[] = {"cut/", "chunk/", "a/", "package/", "acta/", "log/"};
    for (size_t i = 0; i < sizeof lasting / sizeof *lasting; i++) {
        if (span_starts(path, span_str(lasting[i]))) {
            return false;
        }
    }
    return true;
}

void exam_keep_lasting(struct exam *exam, const struct exam_before *before)
{
    struct buf line = {0};
    uint32_t left = 0;
    bool moved = pointer_moved(exam);
    for (uint32_t i = 0; i < exam->n_found; i++) {
        buf_clear(&line);
        line_print(&exam->found[i], &line);
        bool again =
            before->lines.len > 0 && memmem(before->lines.at, before->lines.len, line.at, line.len) != NULL;
        bool coming =
            exam->found[i].rule == RULE_MISSING && span_starts(exam->found[i].path, SPAN("log/cut-"));
        if (again && !(moved && (coming || exam_replaced(exam->found[i].path)))) {
            exam->found[left++] = exam->found[i];
        }
    }
    exam->n_found = left;
    buf_done(&line);
}

void exam_forget(struct exam *exam, uint32_t from, bool (*gone)(void *arg, struct span path), void *arg)
{
    uint32_t left = from;
    for (uint32_t i = from; i < exam->n_found; i++) {
        if (!gone(arg, exam->found[i].path)) {
            exam->found[left++] = exam->found[i];
        }
    }
    exam->n_found = left;
}

/* The newest package: its sums, and its databases row by row against the entries. */
#include "proof/exam.h"

#include "archive/archive.h"
#include "base/codec.h"
#include "base/date.h"
#include "seal/digest.h"

#include <inttypes.h>
#include <stdio.h>

/* Line by line; names the row of the first difference. */
static void compare_rows(struct exam *exam, const char *path, struct span published, struct span given)
{
    struct span have;
    struct span want;
    for (uint64_t line = 1;; line++) {
        bool more = span_line(&published, &have);
        bool due = span_line(&given, &want);
        exam->n_rows += more;
        if (!more && !due) {
            return;
        }
        if (more != due || !span_equal(have, want)) {
            struct span rest = due ? want : have;
            span_cut(&rest, ',');
            struct span key = rest.at == NULL ? SPAN("") : span_cut(&rest, ',');
            exam_find(exam, line > 7 ? RULE_ROW : RULE_FIGURE, path,
                      "line %" PRIu64 " (%.*s) is not what the entries give", line, SPAN_ARG(key));
            return;
        }
    }
}

static void check_sum(struct exam *exam, const char *path, struct span hex)
{
    uint8_t stated[32];
    uint8_t sha256[32];
    struct why why = {{0}};
    if (source_read(exam->source, path, EXAM_FILE_MAX, &exam->file, &why) != OK) {
        exam_find(exam, RULE_MISSING, path, "%s", why.text);
        return;
    }
    exam->n_files++;
    exam->n_bytes += exam->file.len;
    digest_of(buf_as_span(&exam->file), sha256);
    if (hex_parse(hex, stated, 32) != OK || memcmp(stated, sha256, 32) != 0) {
        exam_find(exam, RULE_HASH, path, "its bytes are not those of SHA256SUMS");
    }
}

static enum err member(void *arg, struct span path, struct span bytes)
{
    struct exam *exam = arg;
    char name[EXAM_PATH_MAX];
    if (!span_ends(path, SPAN(".csv")) || memmem(path.at, path.len, "CANDIDATURAS", 12) != NULL) {
        return OK;
    }
    snprintf(name, sizeof name, "package/%" PRId64 "/%.*s", exam->package,
             (int)(path.len > 180 ? 180 : path.len), path.at);
    for (uint32_t c = 0; c < exam->n_package_csv; c++) {
        const struct contest *contest = &exam->election.contests[c];
        char code[64];
        snprintf(code, sizeof code, "%.*s_%.*s_", SPAN_ARG(exam->election.package_code),
                 SPAN_ARG(contest->code));
        struct span last = path;
        while (last.at != NULL && memchr(last.at, ' ', last.len) != NULL) {
            span_cut(&last, ' ');
        }
        if (span_starts(last, span_str(code))) {
            compare_rows(exam, name, bytes, buf_as_span(&exam->package_csv[c]));
            return OK;
        }
    }
    exam_find(exam, RULE_FOREIGN, name, "it is the database of no contest");
    return OK;
}

/* The outer archive holds the same databases. */
static void check_archive(struct exam *exam, const char *path)
{
    struct why why = {{0}};
    if (source_read(exam->source, path, EXAM_FILE_MAX, &exam->file, &why) != OK ||
        archive_walk(buf_as_span(&exam->file), &archive_limits_default, member, exam, &why) != OK) {
        exam_find(exam, RULE_PACKAGE, path, "%s", why.text);
    }
}

static void check_sums(struct exam *exam, struct span sums)
{
    struct span line;
    while (span_line(&sums, &line)) {
        char path[EXAM_PATH_MAX];
        struct span name = line;
        struct span hex = span_cut(&name, ' ');
        name = span_trim(name.at == NULL ? SPAN("") : name);
        snprintf(path, sizeof path, "package/%" PRId64 "/%.*s", exam->package,
                 (int)(name.len > 180 ? 180 : name.len), name.at);
        if (!manifest_path_good(span_str(path))) {
            exam_find(exam, RULE_PACKAGE, "SHA256SUMS", "a line that names no file");
            continue;
        }
        check_sum(exam, path, hex);
    }
}

static void check_databases(struct exam *exam)
{
    struct date date = date_at(exam->package_facts.time_ms, exam->election.offset_min);
    struct why why = {{0}};
    char path[EXAM_PATH_MAX];
    for (uint32_t c = 0; c < exam->n_package_csv; c++) {
        snprintf(path, sizeof path, "package/%" PRId64 "/%.*s_%.*s_%d.csv", exam->package,
                 SPAN_ARG(exam->election.package_code), SPAN_ARG(exam->election.contests[c].code), date.year);
        if (source_read(exam->source, path, EXAM_FILE_MAX, &exam->file, &why) != OK) {
            exam_find(exam, RULE_MISSING, path, "%s", why.text);
            continue;
        }
        compare_rows(exam, path, buf_as_span(&exam->file), buf_as_span(&exam->package_csv[c]));
    }
    snprintf(path, sizeof path, "package/%" PRId64 "/%04d%02d%02d_%02d%02d_PREP_%.*s.zip", exam->package,
             date.year, date.month, date.day, date.hour, date.minute, SPAN_ARG(exam->election.package_code));
    check_archive(exam, path);
}

enum err exam_package(struct exam *exam, struct why *why)
{
    char path[EXAM_PATH_MAX];
    struct why found = {{0}};
    struct buf sums = {0};
    (void)why;
    if (exam->package < 0) {
        return OK;
    }
    snprintf(path, sizeof path, "package/%" PRId64 "/SHA256SUMS", exam->package);
    if (source_read(exam->source, path, 1 << 20, &sums, &found) != OK) {
        exam_find(exam, RULE_MISSING, path, "%s", found.text);
    } else {
        check_sums(exam, buf_as_span(&sums));
        check_databases(exam);
    }
    buf_done(&sums);
    return OK;
}

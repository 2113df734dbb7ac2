/* Everything that the cut shows, made again from the entries and compared: figure by figure where a file has figures,
 * byte by byte everywhere. */
#include "proof/exam.h"

#include "base/codec.h"
#include "formats/area_json.h"
#include "seal/digest.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Headers against recounted rows. */
static void check_header(struct exam *exam)
{
    for (uint32_t i = 0; i < exam->latest.n_contests; i++) {
        const struct latest_contest *stated = &exam->latest.contests[i];
        int contest = election_contest(&exam->election, span_str(stated->id));
        if (contest < 0) {
            exam_find(exam, RULE_FIGURE, "latest.json", "there is no contest %s", stated->id);
            continue;
        }
        const struct count *count = fold_count(exam->fold, (uint32_t)contest, 0);
        if (stated->expected != count->expected || stated->captured != count->captured ||
            stated->counted != count->counted || stated->votes != count->votes) {
            exam_find(exam, RULE_FIGURE, "latest.json",
                      "%s: %" PRIu64 " captured, %" PRIu64 " counted, %" PRIu64
                      " votes; the entries give %" PRIu64 ", %" PRIu64 ", %" PRIu64,
                      stated->id, stated->captured, stated->counted, stated->votes, count->captured,
                      count->counted, count->votes);
        }
    }
}

static void check_json(struct exam *exam, const char *path, struct span bytes)
{
    struct area_json data;
    struct why why = {{0}};
    enum err err = area_json_parse(bytes, &exam->election, &data, &why);
    if (err == OK && data.of_area) {
        err =
            area_json_compare(&data, &exam->election, fold_count(exam->fold, data.contest, data.area), &why);
    }
    if (err != OK) {
        exam_find(exam, RULE_FIGURE, path, "%s", why.text);
    }
}

/* One file that the entries give, against what the manifest lists under its path. */
static void compare(struct exam *exam, const char *path, struct span bytes)
{
    const struct manifest_file *listed = manifest_find(&exam->manifest, span_str(path));
    struct why why = {{0}};
    uint8_t sha256[32];
    exam->n_pages++;
    if (listed == NULL) {
        exam_find(exam, RULE_RENDER, path, "the entries give this file and the manifest does not list it");
        return;
    }
    digest_of(bytes, sha256);
    if (memcmp(sha256, listed->sha256, sizeof sha256) == 0) {
        return;
    }
    exam_find(exam, RULE_RENDER, path, "it is not what the entries give (program " ATALAYA_VERSION ")");
    if (span_ends(span_str(path), SPAN(".json")) &&
        source_read(exam->source, path, EXAM_FILE_MAX, &exam->file, &why) == OK) {
        check_json(exam, path, buf_as_span(&exam->file));
    }
}

static enum err compare_cut(void *arg, const char *path, struct span bytes)
{
    struct exam *exam = arg;
    char site[EXAM_PATH_MAX];
    snprintf(site, sizeof site, "cut/%" PRIu32 "/%s", exam->latest.cut, path);
    compare(exam, site, bytes);
    return OK;
}

static enum err compare_root(void *arg, const char *path, struct span bytes)
{
    compare(arg, path, bytes);
    return OK;
}

/* The table of actas: the chunks' names are their hashes, so a chunk that differs is one that is not listed. */
static void compare_chunks(struct exam *exam, char (*names)[65], uint32_t n)
{
    struct buf page = {0};
    for (uint32_t i = 0; i < n; i++) {
        char site[EXAM_PATH_MAX];
        buf_clear(&page);
        render_chunk(exam->fold, exam->plan, i, &page);
        digest_hex(buf_as_span(&page), names[i]);
        snprintf(site, sizeof site, "chunk/%s.html", names[i]);
        if (manifest_find(&exam->manifest, span_str(site)) == NULL) {
            struct chunk chunk = chunk_at(exam->fold, exam->plan, i);
            exam_find(exam, RULE_ROW, site,
                      "rows %" PRIu32 " to %" PRIu32 " of %.*s are not published as the entries "
                      "give them",
                      chunk.first + 1, chunk.first + chunk.n,
                      SPAN_ARG(exam->election.contests[chunk.contest].id));
        }
        exam->n_pages++;
    }
    buf_done(&page);
}

static void compare_latest(struct exam *exam, const struct cut_facts *facts)
{
    static const uint8_t zeros[32] = {0};
    struct buf latest = {0};
    render_latest(exam->fold, facts, zeros, &latest);
    compare(exam, "latest.json", buf_as_span(&latest));
    buf_done(&latest);
}

enum err exam_figures(struct exam *exam, struct why *why)
{
    uint32_t acta;
    struct why found = {{0}};
    const struct latest *latest = &exam->latest;
    const struct cut_facts facts = {.number = latest->cut,
                                    .time_ms = latest->time_ms,
                                    .next_ms = latest->next_ms,
                                    .package = latest->package,
                                    .package_ms = latest->package_ms,
                                    .last = latest->last};
    if (!fold_check(exam->fold, &acta, &found)) {
        return why_set(why, ERR_CONFLICT, "%s", found.text);
    }
    check_header(exam);
    uint32_t n = chunk_total(exam->fold, exam->plan);
    char(*names)[65] = calloc(n + 1, sizeof *names);
    assert(names != NULL);
    compare_chunks(exam, names, n);
    const char(*read_only)[65] = (const char(*)[65])names;
    enum err err = render_cut(exam->fold, exam->plan, &facts, read_only, n, compare_cut, exam);
    err = err != OK ? err : render_entries(exam->fold, exam->plan, &facts, read_only, n, compare_root, exam);
    compare_latest(exam, &facts);
    free(names);
    return err;
}

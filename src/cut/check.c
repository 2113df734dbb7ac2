/* Before a cut is shown: what lies on the disk is read again and compared, byte for byte with what was meant, and
 * figure by figure with the rows. */
#include "cut/rows.h"
#include "cut/tree.h"
#include "formats/area_json.h"
#include "os/file.h"
#include "seal/digest.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/* Where a file of the manifest lies now: chunks and packages in place, the cut and the root's files apart. */
static const char *disk_path(const struct tree *tree, struct span path, char out[FILE_PATH_MAX])
{
    char own[40];
    int n = snprintf(own, sizeof own, "cut/%" PRIu32 "/", tree->facts.number);
    assert(n > 0 && (size_t)n < sizeof own);
    const char *folder = tree->stage;
    if (span_starts(path, span_of(own, (size_t)n))) {
        folder = tree->temporary;
        path = span_from(path, (size_t)n);
    } else if (span_starts(path, SPAN("package/")) || span_starts(path, SPAN("chunk/"))) {
        folder = tree->public_dir;
    }
    n = snprintf(out, FILE_PATH_MAX, "%s/%.*s", folder, SPAN_ARG(path));
    assert(n > 0 && n < FILE_PATH_MAX);
    return out;
}

/* The data of an area or contest; other JSON files have no figures of one. */
static enum err json_check(const struct tree *tree, struct span bytes, struct why *why)
{
    const struct election *election = tree->fold->election;
    struct area_json data;
    TRY(area_json_parse(bytes, election, &data, why));
    if (!data.of_area) {
        return OK;
    }
    return area_json_compare(&data, election, fold_count(tree->fold, data.contest, data.area), why);
}

static enum err file_check(struct tree *tree, const struct manifest_file *file, struct why *why)
{
    char path[FILE_PATH_MAX];
    uint8_t sha256[32];
    struct buf *bytes = &tree->reread;
    buf_clear(bytes);
    TRY(file_read(disk_path(tree, file->path, path), file->bytes, bytes, why));
    digest_of(buf_as_span(bytes), sha256);
    enum err err = OK;
    if (memcmp(sha256, file->sha256, sizeof sha256) != 0) {
        err = why_set(why, ERR_IO, "it is not on the disk as it was written");
    } else if (span_ends(file->path, SPAN(".json"))) {
        err = json_check(tree, buf_as_span(bytes), why);
    }
    return err == OK ? OK : why_prefix(why, err, "%.*s", SPAN_ARG(file->path));
}

/* Chunks that were rendered for this cut are read again; the others were when they were new. */
static enum err chunks_read(struct tree *tree, struct why *why)
{
    struct shelf *shelf = tree->shelf;
    const struct election *election = tree->fold->election;
    for (uint32_t i = 0; i < shelf->n; i++) {
        if (shelf->read[i]) {
            continue;
        }
        char site[PAGE_PATH_MAX];
        char path[FILE_PATH_MAX];
        struct buf *bytes = &tree->reread;
        uint8_t sha256[32];
        struct chunk chunk = chunk_at(tree->fold, tree->plan, i);
        uint64_t columns = contest_columns_in(&election->contests[chunk.contest], chunk.area);
        snprintf(site, sizeof site, "chunk/%s.html", shelf->names[i]);
        buf_clear(bytes);
        TRY(file_read(path_join(path, tree->public_dir, site), shelf->pressed[i].bytes[0], bytes, why));
        digest_of(buf_as_span(bytes), sha256);
        enum err err =
            memcmp(sha256, shelf->pressed[i].sha256[0], sizeof sha256) != 0
                ? why_set(why, ERR_IO, "it is not on the disk as it was written")
                : rows_sum(buf_as_span(bytes), (unsigned)__builtin_popcountll(columns), &shelf->sums[i], why);
        if (err != OK) {
            return why_prefix(why, err, "%s", site);
        }
        shelf->read[i] = true;
    }
    return OK;
}

/* Headers against rows: the sums of the published rows of each contest are its published figures. */
static enum err rows_check(const struct tree *tree, struct why *why)
{
    const struct shelf *shelf = tree->shelf;
    for (uint32_t c = 0; c < tree->fold->election->n_contests; c++) {
        struct row_sums sum = {0};
        const struct count *count = fold_count(tree->fold, c, 0);
        for (uint32_t i = 0; i < shelf->n; i++) {
            if (chunk_at(tree->fold, tree->plan, i).contest == c) {
                sum.captured += shelf->sums[i].captured;
                sum.counted += shelf->sums[i].counted;
                sum.outside += shelf->sums[i].outside;
                sum.in_review += shelf->sums[i].in_review;
                sum.votes += shelf->sums[i].votes;
            }
        }
        if (sum.captured != count->captured || sum.counted != count->counted ||
            sum.outside != count->out_of_catalogue || sum.in_review != count->in_review ||
            sum.votes != count->votes) {
            return why_set(why, ERR_CONFLICT,
                           "%.*s: the rows give %" PRIu64 " captured, %" PRIu64 " counted, %" PRIu64
                           " votes; the header says %" PRIu64 ", %" PRIu64 ", %" PRIu64,
                           SPAN_ARG(tree->fold->election->contests[c].id), sum.captured, sum.counted,
                           sum.votes, count->captured, count->counted, count->votes);
        }
    }
    return OK;
}

enum err tree_check(struct tree *tree, struct why *why)
{
    const struct manifest *manifest = &tree->press->manifest;
    for (uint32_t i = 0; i < manifest->n_files; i++) {
        const struct manifest_file *file = &manifest->files[i];
        if (span_starts(file->path, SPAN("chunk/")) || span_starts(file->path, SPAN("package/")) ||
            span_is(file->path, "latest.json")) {
            continue; /* chunks by their own way, the package when it was made, the pointer is not written yet */
        }
        TRY(file_check(tree, file, why));
    }
    TRY(chunks_read(tree, why));
    return rows_check(tree, why);
}

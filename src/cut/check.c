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

/* What all of the team look at, and the first failure of each by the order of the list. */
struct check {
    struct tree *tree;
    struct check_failure {
        uint32_t at;
        enum err err;
        struct why why;
    } failures[TEAM_MAX];
};

static void check_note(struct check *check, unsigned member, uint32_t at, enum err err, const struct why *why)
{
    struct check_failure *failure = &check->failures[member];
    if (err != OK && (failure->err == OK || at < failure->at)) {
        *failure = (struct check_failure){.at = at, .err = err, .why = *why};
    }
}

static enum err check_result(const struct check *check, struct why *why)
{
    const struct check_failure *first = NULL;
    for (unsigned i = 0; i < TEAM_MAX; i++) {
        const struct check_failure *failure = &check->failures[i];
        if (failure->err != OK && (first == NULL || failure->at < first->at)) {
            first = failure;
        }
    }
    return first == NULL ? OK : why_set(why, first->err, "%s", first->why.text);
}

/* The file as it lies on the disk, if it is what was written. */
static enum err reread(const char *path, uint64_t size, const uint8_t sha256[32], struct buf *bytes,
                       struct why *why)
{
    uint8_t found[32];
    buf_clear(bytes);
    TRY(file_read(path, size, bytes, why));
    digest_of(buf_as_span(bytes), found);
    return memcmp(found, sha256, sizeof found) == 0
               ? OK
               : why_set(why, ERR_IO, "it is not on the disk as it was written");
}

static void file_check(void *arg, void *piece, unsigned member)
{
    struct check *check = arg;
    struct tree *tree = check->tree;
    const struct manifest_file *file = piece;
    struct buf *bytes = &tree->reread[member];
    struct why why = {{0}};
    char path[FILE_PATH_MAX];
    enum err err = reread(disk_path(tree, file->path, path), file->bytes, file->sha256, bytes, &why);
    if (err == OK && span_ends(file->path, SPAN(".json"))) {
        err = json_check(tree, buf_as_span(bytes), &why);
    }
    err = err == OK ? OK : why_prefix(&why, err, "%.*s", SPAN_ARG(file->path));
    check_note(check, member, (uint32_t)(file - tree->room->manifest.files), err, &why);
}

/* Chunks that were rendered for this cut are read again; the others were when they were new. */
static void chunk_check(void *arg, void *piece, unsigned member)
{
    struct check *check = arg;
    struct tree *tree = check->tree;
    struct shelf *shelf = tree->shelf;
    uint32_t i = (uint32_t)((struct pressed *)piece - shelf->pressed);
    const struct pressed *pressed = piece;
    struct buf *bytes = &tree->reread[member];
    struct why why = {{0}};
    char site[PAGE_PATH_MAX];
    char path[FILE_PATH_MAX];
    struct chunk chunk = chunk_at(tree->fold, tree->plan, i);
    uint64_t columns = contest_columns_in(&tree->fold->election->contests[chunk.contest], chunk.area);
    snprintf(site, sizeof site, "chunk/%s.html", shelf->names[i]);
    enum err err =
        reread(path_join(path, tree->public_dir, site), pressed->bytes[0], pressed->sha256[0], bytes, &why);
    err = err != OK
              ? err
              : rows_sum(buf_as_span(bytes), (unsigned)__builtin_popcountll(columns), &shelf->sums[i], &why);
    shelf->read[i] = err == OK;
    err = err == OK ? OK : why_prefix(&why, err, "%s", site);
    check_note(check, member, tree->room->manifest.n_files + i, err, &why);
}

static enum err files_check(struct tree *tree, struct why *why)
{
    struct manifest *manifest = &tree->room->manifest;
    struct check check = {.tree = tree};
    struct team *team = tree->room->team;
    for (uint32_t i = 0; i < manifest->n_files; i++) {
        struct manifest_file *file = &manifest->files[i];
        if (span_starts(file->path, SPAN("chunk/")) || span_starts(file->path, SPAN("package/")) ||
            span_is(file->path, "latest.json")) {
            continue; /* chunks by their own way, the package when it was made, the pointer is not written yet */
        }
        team_give(team, file_check, &check, file);
    }
    for (uint32_t i = 0; i < tree->shelf->n; i++) {
        if (!tree->shelf->read[i]) {
            team_give(team, chunk_check, &check, &tree->shelf->pressed[i]);
        }
    }
    team_finish(team);
    return check_result(&check, why);
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
    TRY(files_check(tree, why));
    return rows_check(tree, why);
}

/* A folder is looked through: what nobody names, cuts newer than the one that is shown, older cuts that still lie
 * there, and images. */
#include "proof/exam.h"

#include "base/codec.h"
#include "base/num.h"
#include "seal/digest.h"
#include "tlog/ledger.h"
#include "tlog/tiles.h"

#include <inttypes.h>
#include <stdio.h>

static bool starts(const char *path, const char *with)
{
    return strncmp(path, with, strlen(with)) == 0;
}

/* The number between "cut/" and the next slash; false when there is none. */
static bool numbered(const char *path, const char *folder, uint32_t *number, struct span *rest)
{
    struct span tail = span_from(span_str(path), strlen(folder));
    struct span digits = span_cut(&tail, '/');
    *rest = tail;
    return tail.at != NULL && num_parse_u32(digits, number) == OK;
}

/* "chunk/{hash}.html" is what its name says; twins were checked where a manifest lists them. */
static void check_chunk(struct exam *exam, const char *path)
{
    char hex[65];
    struct why why = {{0}};
    struct span name = span_from(span_str(path), strlen("chunk/"));
    if (manifest_path_twin(name)) {
        name.len -= 3;
    } else if (source_read(exam->source, path, EXAM_FILE_MAX, &exam->file, &why) == OK) {
        digest_hex(buf_as_span(&exam->file), hex);
        if (name.len < 64 || memcmp(hex, name.at, 64) != 0) {
            exam_find(exam, RULE_HASH, path, "its bytes are not those of its name");
        }
    }
    if (name.len != 64 + 5 || !span_ends(name, SPAN(".html"))) {
        exam_find(exam, RULE_FOREIGN, path, "no cut has such a file");
    }
}

static void check_image(struct exam *exam, const char *path)
{
    char hex[65];
    struct why why = {{0}};
    struct span name = span_from(span_str(path), strlen("acta/"));
    struct span key = span_of(name.at, name.len < 64 ? name.len : 64);
    struct span end = span_from(name, 64);
    uint32_t row = name.len < 64 ? MAP_NONE : map_get(&exam->images, key);
    if (row == MAP_NONE || !(span_is(end, ".jpg") || span_is(end, ".png"))) {
        exam->waits = true; /* images are there before the cut that speaks of them */
        exam_find(exam, RULE_FOREIGN, path, "no entry of the log speaks of this image");
        return;
    }
    exam->n_images++;
    if (source_read(exam->source, path, EXAM_FILE_MAX, &exam->file, &why) != OK) {
        exam_find(exam, RULE_MISSING, path, "%s", why.text);
        return;
    }
    digest_hex(buf_as_span(&exam->file), hex);
    if (memcmp(hex, key.at, 64) != 0) {
        exam_find(exam, RULE_HASH, path, "its bytes are not those of its name");
        return;
    }
    exam->image_rows[row].there = true;
}

/* Every image that the cut's entries speak of. The night goes on without those that are late; when the last cut is declared, all
 * are there. A tree without any keeps them elsewhere, and the report says so. */
static void check_images_there(struct exam *exam)
{
    for (uint32_t i = 0; i < exam->n_images_named; i++) {
        const struct exam_image *image = &exam->image_rows[i];
        if (image->there || image->index >= exam->manifest.log_size) {
            continue;
        }
        exam->n_images_missing++;
        if (exam->latest.last && exam->n_images > 0) {
            char path[EXAM_PATH_MAX];
            snprintf(path, sizeof path, "acta/%.*s", SPAN_ARG(image->hex));
            exam_find(exam, RULE_MISSING, path,
                      "the image that entry %" PRIu64 " of the log names is not there", image->index);
        }
    }
}

/* Bundles of the same number agree as far as both go: the ledger only grows. What was read is the measure. */
static bool bundle_agrees(const struct exam *exam, uint64_t index, unsigned width, struct span rest)
{
    uint64_t end = index + width < exam->tree.size ? index + width : exam->tree.size;
    struct span entry;
    for (; index < end && bundle_next(&rest, &entry) == OK; index++) {
        struct hash leaf;
        merkle_leaf(entry, &leaf);
        if (!hash_equal(&leaf, &log_tree_tile(&exam->tree, 0, index / TILE_HASHES)[index % TILE_HASHES])) {
            return false;
        }
    }
    return index == end && (end == exam->tree.size || rest.len == 0); /* beyond what was signed: on its way */
}

static void check_bundle(struct exam *exam, const char *path)
{
    struct why why = {{0}};
    int level = 0;
    uint64_t bundle = 0;
    unsigned width = 0;
    if (tile_path_parse(span_from(span_str(path), strlen("log/tile/")), &level, &bundle, &width) != OK ||
        level >= 0) {
        exam_find(exam, RULE_FOREIGN, path, "it is no bundle of the log");
    } else if (source_read(exam->source, path, EXAM_FILE_MAX, &exam->twin, &why) != OK) {
        exam_find(exam, RULE_MISSING, path, "%s", why.text);
    } else if (!bundle_agrees(exam, bundle * BUNDLE_ENTRIES, width, buf_as_span(&exam->twin))) {
        exam_find(exam, RULE_LEDGER, path, "its entries contradict the bundles that were examined");
    }
}

/* Other tiles than those of the checkpoint's size: of sizes before and after it. */
static void check_spare_tile(struct exam *exam, const char *path)
{
    int level = 0;
    uint64_t tile = 0;
    unsigned width = 0;
    struct why why = {{0}};
    if (tile_path_parse(span_from(span_str(path), strlen("log/tile/")), &level, &tile, &width) != OK ||
        level < 0 || level >= TILE_LEVELS) {
        exam_find(exam, RULE_FOREIGN, path, "it is no tile of the log");
        return;
    }
    uint64_t n = exam->tree.size >> 8 * level;
    uint64_t known = tile < n / TILE_HASHES + 1 ? n - tile * TILE_HASHES : 0;
    known = known > width ? width : known;
    if (source_read(exam->source, path, (size_t)TILE_HASHES * HASH_LEN, &exam->file, &why) != OK) {
        exam_find(exam, RULE_MISSING, path, "%s", why.text);
    } else if (exam->file.len != (size_t)width * HASH_LEN ||
               (known > 0 && memcmp(exam->file.at, log_tree_tile(&exam->tree, (unsigned)level, tile),
                                    known * HASH_LEN) != 0)) {
        exam_find(exam, RULE_TILE, path, "its hashes are not those that the entries give");
    }
}

/* In the manifest of the newest cut, or in an older one of what still stands (cuts.c). */
static bool is_listed(const struct exam *exam, const char *path)
{
    return manifest_find(&exam->manifest, span_str(path)) != NULL ||
           map_get(&exam->listed, span_str(path)) != MAP_NONE;
}

/* A cut newer than the one that is examined, shown by now. */
static bool came_meanwhile(struct exam *exam, uint32_t number)
{
    if (number > exam->latest.cut && number > exam->cut_now) {
        exam->cut_now = exam_cut_now(exam);
    }
    return number > exam->latest.cut && number <= exam->cut_now;
}

static void check_cut_file(struct exam *exam, const char *path)
{
    uint32_t number;
    struct span rest;
    if (!numbered(path, "cut/", &number, &rest)) {
        exam_find(exam, RULE_FOREIGN, path, "no cut has such a file");
    } else if (came_meanwhile(exam, number)) {
        return; /* of the next examination */
    } else if (number > exam->latest.cut) {
        exam_find(exam, RULE_OLD_CUT, path, "a cut newer than the one that latest.json shows");
    } else if (span_is(rest, "manifest") || span_is(rest, "manifest.minisig")) {
        if (number < exam->latest.cut && exam->folded && exam_cut_find(exam, number) == NULL) {
            exam_find(exam, RULE_FOREIGN, path, "the ledger has no such cut");
        }
    } else if (!is_listed(exam, path)) {
        exam_find(exam, RULE_FOREIGN, path,
                  "the manifest of its cut does not list it, or the body that it was part of has gone");
    }
}

/* A package is made beside the cuts: the next one names it. None comes after the last cut. */
static bool is_next_package(struct exam *exam, const char *path)
{
    uint32_t number;
    struct span rest;
    return starts(path, "package/") && !exam->latest.last && numbered(path, "package/", &number, &rest) &&
           (number <= exam->latest.cut || came_meanwhile(exam, number)) && (int64_t)number > exam->package;
}

/* "log/cut-12.tlog-proof": of a cut that the log has. */
static void check_proof_file(struct exam *exam, const char *path)
{
    struct span name = span_from(span_str(path), strlen("log/cut-"));
    struct span end = SPAN(".tlog-proof");
    uint32_t number = 0;
    if (!exam->has_checkpoint) {
        exam_find(exam, RULE_CHECKPOINT, path, "there is a proof of a cut and no log/checkpoint");
    } else if (!span_ends(name, end) || num_parse_u32(span_of(name.at, name.len - end.len), &number) != OK ||
               (exam->folded && exam_cut_find(exam, number) == NULL)) {
        exam_find(exam, RULE_FOREIGN, path, "the log has no such cut");
    }
}

/* "log/policy.2", "log/policy.2.note": of a version that the log has; what they hold was compared (policies.c). */
static void check_policy_file(struct exam *exam, const char *path)
{
    struct span name = span_from(span_str(path), strlen("log/policy."));
    uint32_t version = 0;
    bool known = false;
    if (span_ends(name, SPAN(".note"))) {
        name.len -= 5;
    }
    if (num_parse_u32(name, &version) == OK) {
        for (uint32_t i = 0; i < exam->n_policies; i++) {
            known = known || exam->policies[i].version == version;
        }
    }
    if (!known) {
        exam_find(exam, RULE_FOREIGN, path, "the log has no such version of the policy");
    }
}

/* A mirror keeps a checkpoint that cannot be joined with the one it knew. Signed by the log's own key it proves that there are two
 * histories. */
static void check_evidence(struct exam *exam, const char *path)
{
    struct policy_verdict verdict;
    struct hash root;
    struct why why = {{0}};
    if (exam->policy == NULL || source_read(exam->source, path, CHECKPOINT_MAX, &exam->file, &why) != OK ||
        policy_check(exam->policy, buf_as_span(&exam->file), &verdict, &why) != OK) {
        exam_find(exam, RULE_FOREIGN, path, "it is no checkpoint of this log");
    } else if (log_tree_root(&exam->tree, verdict.checkpoint.size, &root) &&
               !hash_equal(&root, &verdict.checkpoint.root)) {
        exam_find(exam, RULE_FORK, path,
                  "the log's key signed another tree of %" PRIu64 " entries: this checkpoint proves it",
                  verdict.checkpoint.size);
    }
}

/* "log/notice.tlog-proof": the newest notice, proven under a checkpoint of this very log. */
static void check_notice(struct exam *exam, const char *path)
{
    struct buf scratch = {0};
    struct tlog_proof proof;
    struct policy_verdict verdict;
    struct why why = {{0}};
    struct hash leaf, root;
    enum err err = source_read(exam->source, path, PROOF_FILE_MAX, &exam->file, &why);
    err = err != OK ? err : tlog_proof_parse(buf_as_span(&exam->file), &proof, &scratch, &why);
    if (err == OK && exam->policy != NULL) {
        err = policy_check(exam->policy, proof.checkpoint, &verdict, &why);
    }
    if (err != OK) {
        exam_find(exam, RULE_PROOF, path, "%s", why.text);
    } else if (exam->policy != NULL) {
        merkle_leaf(proof.extra, &leaf);
        bool proves = proof.has_extra && span_starts(proof.extra, SPAN("prep-notice/v1\n")) &&
                      merkle_check_inclusion(&leaf, proof.index, verdict.checkpoint.size, &proof.proof,
                                             &verdict.checkpoint.root);
        if (!proves) {
            exam_find(exam, RULE_PROOF, path, "it does not prove a notice of the log");
        } else if (log_tree_root(&exam->tree, verdict.checkpoint.size, &root) &&
                   !hash_equal(&root, &verdict.checkpoint.root)) {
            exam_find(exam, RULE_FORK, path, "its checkpoint was signed for another tree: the log is forked");
        }
    }
    buf_done(&scratch);
}

static const char *const plain_names[] = {"log/vkey",         "log/cut.vkey",   "log/policy",
                                          "log/minisign.pub", "log/checkpoint", NULL};

static void check(struct exam *exam, const char *path)
{
    for (const char *const *name = plain_names; *name != NULL; name++) {
        if (strcmp(path, *name) == 0) {
            return;
        }
    }
    if (starts(path, "log/tile/entries/")) {
        check_bundle(exam, path);
    } else if (starts(path, "log/tile/")) {
        check_spare_tile(exam, path);
    } else if (starts(path, "log/cut-")) {
        check_proof_file(exam, path);
    } else if (starts(path, "log/policy.")) {
        check_policy_file(exam, path);
    } else if (strcmp(path, "log/notice.tlog-proof") == 0) {
        check_notice(exam, path);
    } else if (starts(path, "log/evidence/")) {
        check_evidence(exam, path);
    } else if (starts(path, "chunk/")) {
        check_chunk(exam, path);
    } else if (starts(path, "acta/")) {
        check_image(exam, path);
    } else if (starts(path, "cut/")) {
        check_cut_file(exam, path);
    } else if (!is_listed(exam, path) && !is_next_package(exam, path)) {
        exam_find(exam, RULE_FOREIGN, path, "no manifest of a cut that stands names it");
    }
}

static bool is_no_more(void *arg, struct span path)
{
    struct exam *exam = arg;
    char name[EXAM_PATH_MAX];
    return span_copy(path, name, sizeof name) &&
           source_read(exam->source, name, EXAM_FILE_MAX, &exam->twin, NULL) == ERR_MISSING;
}

static enum err look(void *arg, const char *path, int64_t size)
{
    struct exam *exam = arg;
    (void)size;
    if (path[0] == '.' || strstr(path, "/.") != NULL) {
        return OK; /* being made */
    }
    uint32_t found = exam->n_found;
    check(exam, path);
    if (exam->n_found > found) { /* what is not there any more is not foreign: it was listed a moment ago */
        exam_forget(exam, found, is_no_more, exam);
    }
    return OK;
}

/* Another server than ours would follow it to wherever it leads. */
static enum err no_plain_file(void *arg, const char *path, int64_t size)
{
    (void)size;
    if (path[0] != '.' && strstr(path, "/.") == NULL) {
        exam_find(arg, RULE_FOREIGN, path, "it is no plain file (a link, a pipe)");
    }
    return OK;
}

enum err exam_foreign(struct exam *exam, struct why *why)
{
    if (!source_is_folder(exam->source)) {
        return OK;
    }
    TRY(source_walk(exam->source, look, exam, why));
    TRY(source_walk_others(exam->source, no_plain_file, exam, why));
    if (exam->folded) {
        check_images_there(exam);
    }
    return OK;
}

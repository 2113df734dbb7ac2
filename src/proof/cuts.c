/* Every cut that the log has an entry of: its manifest, its files while they are there, and its proof file. */
#include "proof/exam.h"

#include "seal/digest.h"
#include "tlog/checkpoint.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

const struct exam_cut *exam_cut_find(const struct exam *exam, uint32_t number)
{
    for (uint32_t i = exam->n_cuts; i-- > 0;) {
        if (exam->cuts[i].number == number) {
            return &exam->cuts[i];
        }
    }
    return NULL;
}

/* What never changes: the cut's folder, chunks, style and script, the package that this cut was the first to name. */
static bool lasts(const struct manifest_file *file, const char *folder)
{
    return span_starts(file->path, span_str(folder)) || span_starts(file->path, SPAN("chunk/")) ||
           span_starts(file->path, SPAN("a/")) || span_starts(file->path, SPAN("package/"));
}

static bool is_there(struct exam *exam, const char *path)
{
    return source_read(exam->source, path, EXAM_FILE_MAX, &exam->file, NULL) != ERR_MISSING;
}

/* Retention takes a body as a whole, this page last. */
static bool has_body(struct exam *exam, const char *folder)
{
    char path[EXAM_PATH_MAX];
    snprintf(path, sizeof path, "%sindex.html", folder);
    return is_there(exam, path);
}

/* A package outlives the cut that first named it, or goes before it; a mirror that passed over that cut never had it. */
static bool has_package(struct exam *exam, const struct manifest *manifest)
{
    for (uint32_t i = 0; i < manifest->n_files; i++) {
        char path[EXAM_PATH_MAX];
        if (span_starts(manifest->files[i].path, SPAN("package/")) &&
            !span_ends(manifest->files[i].path, SPAN("/SHA256SUMS")) &&
            span_copy(manifest->files[i].path, path, sizeof path) && is_there(exam, path)) {
            return true;
        }
    }
    return false;
}

struct standing {
    bool body, package;
};

/* The sums of a package that has gone stay where it was. */
static bool stands(struct exam *exam, const struct standing *standing, struct span file)
{
    char path[EXAM_PATH_MAX];
    if (!span_starts(file, SPAN("package/"))) {
        return standing->body;
    }
    return standing->package || (span_ends(file, SPAN("/SHA256SUMS")) && span_copy(file, path, sizeof path) &&
                                 is_there(exam, path));
}

/* Files that cuts share are looked at once. */
static bool seen_before(struct exam *exam, struct span path)
{
    struct span key = arena_copy(&exam->arena, path);
    assert(key.at != NULL);
    return map_put(&exam->listed, key, 1) != MAP_NONE;
}

static void check_list(struct exam *exam, const struct manifest *manifest, const char *folder,
                       const struct standing *standing)
{
    for (uint32_t i = 0; i < manifest->n_files; i++) {
        const struct manifest_file *file = &manifest->files[i];
        if (lasts(file, folder) && stands(exam, standing, file->path) && !seen_before(exam, file->path)) {
            exam_file(exam, file, &exam->file);
        }
    }
    for (uint32_t i = 0; i < manifest->n_encodings; i++) {
        const struct manifest_file *file = &manifest->encodings[i];
        if (lasts(file, folder) && stands(exam, standing, file->path) && !seen_before(exam, file->path) &&
            exam_file(exam, file, &exam->file)) {
            exam_twin(exam, manifest, file);
        }
    }
}

/* Retention takes a body, and then what it alone used, in one step: what is missing of one that has gone meanwhile is not missing. */
struct gone {
    bool body, package;
};

static bool is_gone(void *arg, struct span path)
{
    const struct gone *gone = arg;
    return span_starts(path, SPAN("package/")) ? gone->package : gone->body;
}

static void forget_what_went(struct exam *exam, uint32_t from, const char *folder,
                             const struct manifest *manifest, const struct standing *was)
{
    struct gone gone = {.body = was->body && !has_body(exam, folder),
                        .package = was->package && !has_package(exam, manifest)};
    exam_forget(exam, from, is_gone, &gone);
}

static void check_body(struct exam *exam, struct exam_cut *cut, const char *path, struct span text)
{
    struct manifest manifest;
    struct why why = {{0}};
    char folder[64];
    if (manifest_parse(text, &manifest, &why) != OK) {
        exam_find(exam, RULE_MANIFEST, path, "%s", why.text);
        return;
    }
    if (manifest.cut != cut->number || manifest.log_size != cut->log_size ||
        manifest.time_ms != cut->time_ms) {
        exam_find(exam, RULE_CUT, path,
                  "its number, time or log size are not those of the log's entry %" PRIu64, cut->index);
    }
    exam_files_root(exam, path, &manifest, cut);
    snprintf(folder, sizeof folder, "cut/%" PRIu32 "/", cut->number);
    struct standing standing = {.body = has_body(exam, folder), .package = has_package(exam, &manifest)};
    cut->body = standing.body;
    exam->n_bodies += standing.body;
    uint32_t found = exam->n_found;
    check_list(exam, &manifest, folder, &standing);
    if (exam->n_found > found) {
        forget_what_went(exam, found, folder, &manifest, &standing);
    }
    manifest_done(&manifest);
}

static void check_old(struct exam *exam, struct exam_cut *cut)
{
    char path[EXAM_PATH_MAX];
    struct buf note = {0};
    struct span text;
    struct span lines;
    struct why why = {{0}};
    uint8_t sha256[32];
    int signer = -1;
    snprintf(path, sizeof path, "cut/%" PRIu32 "/manifest", cut->number);
    enum err err = source_read(exam->source, path, MANIFEST_BYTES_MAX, &note, &why);
    if (err != OK) {
        if (exam->options->recount || (err == ERR_MISSING && !exam->has_checkpoint)) {
            buf_done(&note);
            return;
        }
        exam_find(exam, RULE_MISSING, path, "%s", why.text);
    } else if (note_split(buf_as_span(&note), &text, &lines) != OK) {
        exam_find(exam, RULE_MANIFEST, path, "it is not a signed note");
    } else {
        digest_of(text, sha256);
        if (memcmp(sha256, cut->manifest, sizeof sha256) != 0) {
            exam_find(exam, RULE_CHAIN, path,
                      "it is not the manifest that the log's entry %" PRIu64 " of the cut names", cut->index);
        } else if (exam_signed(exam, path, buf_as_span(&note), &signer) && !exam->options->recount) {
            exam_minisigned(exam, path, buf_as_span(&note), signer);
            check_body(exam, cut, path, text);
        }
    }
    buf_done(&note);
}

/* A proof is checked on its own, as who has nothing else would, and its checkpoint against the tree. */
static void check_proof(struct exam *exam, const struct exam_cut *cut, const char *path, struct span bytes)
{
    struct buf scratch = {0};
    struct tlog_proof proof;
    struct policy_verdict verdict;
    struct why why = {{0}};
    struct hash root;
    struct hash leaf = cut->leaf;
    enum err err = tlog_proof_parse(bytes, &proof, &scratch, &why);
    if (err == OK && exam->policy != NULL) {
        err = policy_check(exam->policy, proof.checkpoint, &verdict, &why);
    }
    if (err != OK) {
        exam_find(exam, RULE_PROOF, path, "%s", why.text);
    } else if (exam->policy != NULL) {
        const struct checkpoint *checkpoint = &verdict.checkpoint;
        if (proof.has_extra) {
            merkle_leaf(proof.extra, &leaf);
        }
        if (proof.index != cut->index || !hash_equal(&leaf, &cut->leaf) ||
            !merkle_check_inclusion(&leaf, proof.index, checkpoint->size, &proof.proof, &checkpoint->root)) {
            exam_find(exam, RULE_PROOF, path, "it does not prove the log's entry %" PRIu64 " of cut %" PRIu32,
                      cut->index, cut->number);
        }
        if (log_tree_root(&exam->tree, checkpoint->size, &root) && !hash_equal(&root, &checkpoint->root)) {
            exam_find(exam, RULE_FORK, path,
                      "its checkpoint of %" PRIu64 " entries was signed for another tree: the log is forked",
                      checkpoint->size);
        }
        if (verdict.unknown > 0) {
            exam_find(exam, RULE_STRANGER, path, "%u signature lines by keys that the policy does not name",
                      verdict.unknown);
        }
    }
    exam->n_proofs++;
    buf_done(&scratch);
}

/* True when the file is there. */
static bool look_proof(struct exam *exam, const struct exam_cut *cut)
{
    char path[EXAM_PATH_MAX];
    struct why why = {{0}};
    snprintf(path, sizeof path, "log/cut-%" PRIu32 ".tlog-proof", cut->number);
    enum err err = source_read(exam->source, path, PROOF_FILE_MAX, &exam->file, &why);
    if (err == OK) {
        check_proof(exam, cut, path, buf_as_span(&exam->file));
    } else if (err != ERR_MISSING) {
        exam_find(exam, RULE_PROOF, path, "%s", why.text);
    }
    return err != ERR_MISSING;
}

/* Proofs are shown in the order of the cuts, once a checkpoint covers the entry and the copy has them. So the newest may be on
 * their way; one before another that is there is not. */
static void check_missing(struct exam *exam, uint32_t first, uint32_t newest)
{
    bool first_said = false;
    for (uint32_t i = first; i < exam->n_cuts; i++) {
        const struct exam_cut *cut = &exam->cuts[i];
        char path[EXAM_PATH_MAX];
        bool covered = cut->index < exam->verdict.checkpoint.size;
        if (!covered || cut->number >= exam->latest.cut || first_said || look_proof(exam, cut)) {
            continue; /* it came while the others were looked at, perhaps */
        }
        first_said = true;
        exam->proofs_late = cut->number > newest;
        exam->waits = exam->waits || exam->proofs_late;
        if (exam->proofs_late && !exam->latest.last) {
            continue;
        }
        snprintf(path, sizeof path, "log/cut-%" PRIu32 ".tlog-proof", cut->number);
        exam_find(exam, cut->number < newest ? RULE_PROOF : RULE_MISSING, path,
                  "other cuts have their proof, this one has none");
    }
}

static void check_proofs(struct exam *exam)
{
    uint32_t missing = UINT32_MAX, newest = 0;
    for (uint32_t i = 0; i < exam->n_cuts && exam->has_checkpoint; i++) {
        const struct exam_cut *cut = &exam->cuts[i];
        if (cut->index < exam->verdict.checkpoint.size && look_proof(exam, cut)) {
            newest = cut->number;
        } else if (missing == UINT32_MAX) {
            missing = i;
        }
    }
    if (exam->n_proofs > 0 && missing != UINT32_MAX) {
        check_missing(exam, missing, newest);
    }
}

/* Its entry was compared with its manifest, and its files one by one: the root over them is left. */
static void check_newest(struct exam *exam, const struct exam_cut *cut)
{
    char path[EXAM_PATH_MAX];
    snprintf(path, sizeof path, "cut/%" PRIu32 "/manifest", cut->number);
    exam_files_root(exam, path, &exam->manifest, cut);
}

enum err exam_cuts(struct exam *exam, struct why *why)
{
    (void)why;
    for (uint32_t i = 0; i < exam->n_cuts; i++) {
        exam_progress(exam, "cortes / cuts", i, exam->n_cuts);
        if (exam->cuts[i].number < exam->latest.cut) {
            check_old(exam, &exam->cuts[i]);
        } else if (exam->cuts[i].number == exam->latest.cut) {
            check_newest(exam, &exam->cuts[i]);
        }
    }
    check_proofs(exam);
    return OK;
}

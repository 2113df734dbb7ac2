/* One cut, read and verified: signature, manifest, then every file it lists. */
#include "base/codec.h"
#include "edge/below.h"
#include "edge/tree.h"
#include "seal/digest.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void tree_cut_free(struct tree_cut *cut)
{
    if (cut != NULL) {
        manifest_done(&cut->manifest);
        buf_done(&cut->note);
        free(cut->files);
        free(cut->twins);
        free(cut);
    }
}

static enum err read_manifest(struct tree *tree, struct tree_cut *cut, struct why *why)
{
    char path[64];
    struct span text = {NULL, 0};
    uint32_t by = 0;
    (void)snprintf(path, sizeof path, "cut/%u/manifest", cut->number);
    TRY(below_read(tree->folder, path, MANIFEST_BYTES_MAX, &cut->note, why));
    enum err err = cut_keys_verify(&tree->keys, buf_as_span(&cut->note), &text, &by, why);
    if (err != OK) {
        return why_prefix(why, err, "%s", path);
    }
    cut->key = tree->keys.keys[by].key;
    digest_of(text, cut->digest);
    TRY(manifest_parse(text, &cut->manifest, why));
    if (cut->manifest.cut != cut->number) {
        return why_set(why, ERR_CONFLICT, "%s: it is the manifest of cut %u", path, cut->manifest.cut);
    }
    cut->time_ms = cut->manifest.time_ms;
    return OK;
}

/* A big file stays on disk: hashed through the descriptor that will later be sent from. */
static enum err take_big(struct tree *tree, const struct manifest_file *file, int fd, struct body **out,
                         struct why *why)
{
    static char room[65536];
    struct digest *digest = digest_new();
    uint8_t got[32];
    uint64_t total = 0;
    ssize_t n;
    while ((n = pread(fd, room, sizeof room, (off_t)total)) > 0) {
        digest_add(digest, room, (size_t)n);
        total += (uint64_t)n;
    }
    digest_end(digest, got);
    digest_free(digest);
    if (n < 0 || total != file->bytes || memcmp(got, file->sha256, 32) != 0) {
        close(fd);
        return why_set(why, ERR_FORGED, "%.*s: not the bytes that the manifest lists", SPAN_ARG(file->path));
    }
    *out = vault_take_file(tree->vault, file->sha256, file->bytes, fd);
    return OK;
}

static enum err take_small(struct tree *tree, const struct manifest_file *file, const char *path,
                           struct body **out, struct why *why)
{
    struct buf bytes;
    uint8_t got[32];
    buf_init(&bytes, 0);
    enum err err = below_read(tree->folder, path, (size_t)file->bytes, &bytes, why);
    if (err == OK) {
        digest_of(buf_as_span(&bytes), got);
        if (bytes.len != file->bytes || memcmp(got, file->sha256, 32) != 0) {
            err = why_set(why, ERR_FORGED, "%s: not the bytes that the manifest lists", path);
        }
    }
    if (err == OK) {
        err = vault_put(tree->vault, file->sha256, buf_as_span(&bytes), out);
        if (err != OK) {
            (void)why_set(why, err, "%s: the memory budget is used up", path);
        }
    }
    buf_done(&bytes);
    return err;
}

/* The bytes of one listed file, from the vault if they are there, else from the folder. */
static enum err take_file(struct tree *tree, const struct manifest_file *file, bool hold, struct body **out,
                          struct why *why)
{
    char path[MANIFEST_PATH_MAX + 1];
    struct body *known = vault_find(tree->vault, file->sha256);
    if (known != NULL && hold) {
        if (known->len != file->bytes) {
            return why_set(why, ERR_FORGED, "%.*s: not the size of these bytes", SPAN_ARG(file->path));
        }
        *out = known;
        return OK;
    }
    bool fits = span_copy(file->path, path, sizeof path);
    assert(fits);
    if (file->bytes > TREE_FILE_MAX) {
        return why_set(why, ERR_TOO_BIG, "%s: larger than an edge holds", path);
    }
    if (hold && (file->bytes <= TREE_INLINE_MAX || !span_starts(file->path, SPAN("package/")))) {
        return take_small(tree, file, path, out, why);
    }
    int fd = -1;
    struct stat info;
    enum err err = below_open(tree->folder, path, &fd, &info);
    if (err != OK) {
        return why_set(why, err, "%s: cannot be opened: %s", path, strerror(errno));
    }
    struct body *body = NULL;
    TRY(take_big(tree, file, fd, &body, why));
    *out = hold ? body : NULL;
    return OK;
}

enum what { HOLD, CHECK, SKIP };

/* Which files of a manifest are held, which only checked. */
static enum what what_with(struct span path, enum tree_part part)
{
    if (span_starts(path, SPAN("package/"))) {
        return HOLD;
    }
    if (part == TREE_PACKAGE) {
        return SKIP;
    }
    if (span_starts(path, SPAN("cut/")) || span_starts(path, SPAN("chunk/")) ||
        span_starts(path, SPAN("a/"))) {
        return HOLD;
    }
    if (part == TREE_OLDER || span_is(path, "latest.json")) {
        return SKIP; /* entry pages and bundles have moved on; latest.json is checked against its own rule */
    }
    return span_starts(path, SPAN("log/")) ? CHECK : HOLD;
}

/* The root's pages come last: the cut holds copies of them, which are known by their hash by then, so that nothing is
 * read from where a next cut may be replacing them. A tree without copies is read from the root. */
static enum err take_list(struct tree *tree, const struct manifest_file *list, uint32_t n,
                          enum tree_part part, struct body ***out, struct why *why)
{
    struct body **bodies = calloc((size_t)n + 1, sizeof(struct body *));
    assert(bodies != NULL);
    *out = bodies;
    for (int turn = 0; turn < 2; turn++) {
        for (uint32_t i = 0; i < n; i++) {
            enum what what = what_with(list[i].path, part);
            bool first = span_starts(list[i].path, SPAN("cut/"));
            if (what != SKIP && first == (turn == 0)) {
                TRY(take_file(tree, &list[i], what == HOLD, &bodies[i], why));
            }
        }
    }
    return OK;
}

static enum err hold_bytes(struct tree *tree, struct span bytes, struct body **out)
{
    uint8_t digest[32];
    digest_of(bytes, digest);
    return vault_put(tree->vault, digest, bytes, out);
}

/* The manifest itself, and the minisign signature beside it when there is one. */
static enum err hold_manifest(struct tree *tree, struct tree_cut *cut)
{
    char path[64];
    struct buf minisig;
    TRY(hold_bytes(tree, buf_as_span(&cut->note), &cut->note_body));
    (void)snprintf(path, sizeof path, "cut/%u/manifest.minisig", cut->number);
    buf_init(&minisig, 0);
    enum err err = OK;
    if (below_read(tree->folder, path, 4096, &minisig, NULL) == OK) {
        err = hold_bytes(tree, buf_as_span(&minisig), &cut->minisig);
    }
    buf_done(&minisig);
    return err;
}

static enum err load(struct tree *tree, struct tree_cut *cut, enum tree_part part, struct why *why)
{
    TRY(read_manifest(tree, cut, why));
    const struct manifest *manifest = &cut->manifest;
    TRY(take_list(tree, manifest->files, manifest->n_files, part, &cut->files, why));
    TRY(take_list(tree, manifest->encodings, manifest->n_encodings, part, &cut->twins, why));
    return part == TREE_PACKAGE ? OK : hold_manifest(tree, cut);
}

enum err tree_cut_load(struct tree *tree, uint32_t number, enum tree_part part, struct tree_cut **out,
                       struct why *why)
{
    struct tree_cut *cut = calloc(1, sizeof *cut);
    assert(cut != NULL);
    cut->number = number;
    buf_init(&cut->note, 0);
    enum err err = load(tree, cut, part, why);
    if (err != OK) {
        tree_cut_free(cut);
        return why_prefix(why, err, "cut %u", number);
    }
    *out = cut;
    return OK;
}

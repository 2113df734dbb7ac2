/* Building a cut's files. */
#include "cut/tree.h"

#include "formats/files_root.h"
#include "os/append.h"
#include "os/file.h"
#include "seal/digest.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

void tree_init(struct tree *tree, const char *public_dir, struct press *press, struct shelf *shelf,
               struct roots *roots)
{
    *tree = (struct tree){.public_dir = public_dir, .press = press, .shelf = shelf, .roots = roots};
}

void tree_done(struct tree *tree)
{
    buf_done(&tree->staged);
    buf_done(&tree->entries);
    buf_done(&tree->text);
    buf_done(&tree->reread);
}

void tree_drop(struct tree *tree)
{
    struct why ignored;
    if (tree->temporary[0] != '\0') {
        (void)!folder_remove(tree->temporary, &ignored);
        (void)!folder_remove(tree->stage, &ignored);
    }
}

static void join2(char out[FILE_PATH_MAX], const char *folder, const char *path)
{
    path_join(out, folder, path);
}

/* Pages and data of one area, and the long lists of chunks, are many and each is read by few; the rest everybody opens. */
static enum press_as press_as_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct span name = span_str(slash == NULL ? path : slash + 1);
    bool tail = span_starts(name, SPAN("district-")) || span_starts(name, SPAN("borough-")) ||
                span_is(name, "actas.html");
    return tail ? PRESS_AREA : PRESS_FRONT;
}

/* A page or JSON of the cut itself. */
static enum err emit_cut(void *arg, const char *path, struct span bytes)
{
    struct tree *tree = arg;
    struct pressed pressed;
    char disk[FILE_PATH_MAX];
    char site[PAGE_PATH_MAX + 32];
    join2(disk, tree->temporary, path);
    snprintf(site, sizeof site, "cut/%" PRIu32 "/%s", tree->facts.number, path);
    press_bytes(tree->press, bytes, press_as_of(path), &pressed);
    press_list(tree->press, site, &pressed);
    return press_write(tree->press, disk, bytes, &pressed, tree->why);
}

static void staged_add(struct buf *list, const char *path, const struct pressed *pressed)
{
    for (unsigned i = pressed->n; i-- > 0;) {
        buf_printf(list, "%s%s\n", path, press_suffixes[i]);
    }
}

/* A page that later cuts replace also lies in the cut, where it lasts: whoever finds the root's in the middle of being
 * replaced has this one. */
static enum err keep_entry(struct tree *tree, const char *path, struct span bytes,
                           const struct pressed *pressed)
{
    char disk[FILE_PATH_MAX];
    char own[PAGE_PATH_MAX];
    char site[PAGE_PATH_MAX + 32];
    int n = snprintf(own, sizeof own, MANIFEST_ENTRY_COPIES "%s", path);
    assert(n > 0 && (size_t)n < sizeof own);
    join2(disk, tree->temporary, own);
    snprintf(site, sizeof site, "cut/%" PRIu32 "/%s", tree->facts.number, own);
    press_list(tree->press, site, pressed);
    return press_write(tree->press, disk, bytes, pressed, tree->why);
}

/* A file at the root: staged, put in place when the cut is. */
static enum err emit_root(void *arg, const char *path, struct span bytes)
{
    struct tree *tree = arg;
    struct pressed pressed;
    char disk[FILE_PATH_MAX];
    bool entry = span_ends(span_str(path), SPAN("index.html"));
    join2(disk, tree->stage, path);
    press_bytes(tree->press, bytes, PRESS_FRONT, &pressed);
    press_list(tree->press, path, &pressed);
    staged_add(entry ? &tree->entries : &tree->staged, path, &pressed);
    TRY(press_write(tree->press, disk, bytes, &pressed, tree->why));
    return entry ? keep_entry(tree, path, bytes, &pressed) : OK;
}

static enum err folders_fresh(struct tree *tree, struct why *why)
{
    char cuts[FILE_PATH_MAX];
    join2(cuts, tree->public_dir, "cut");
    TRY(folder_make(cuts, why));
    int n = snprintf(tree->temporary, sizeof tree->temporary, "%s/cut/.tmp-%" PRIu32, tree->public_dir,
                     tree->facts.number);
    int m =
        snprintf(tree->stage, sizeof tree->stage, "%s/.stage-%" PRIu32, tree->public_dir, tree->facts.number);
    assert(n > 0 && m > 0 && (size_t)n < sizeof tree->temporary && (size_t)m < sizeof tree->stage);
    TRY(folder_remove(tree->temporary, why));
    TRY(folder_remove(tree->stage, why));
    TRY(folder_make(tree->temporary, why));
    return folder_make(tree->stage, why);
}

static enum err render_all(struct tree *tree)
{
    char chunks[FILE_PATH_MAX];
    const struct fold *fold = tree->fold;
    join2(chunks, tree->public_dir, "chunk");
    TRY(folder_make(chunks, tree->why));
    TRY(shelf_update(tree->shelf, tree->press, fold, tree->plan, chunks, tree->why));
    const char(*names)[65] = (const char(*)[65])tree->shelf->names;
    TRY(render_cut(fold, tree->plan, &tree->facts, names, tree->shelf->n, emit_cut, tree));
    return render_entries(fold, tree->plan, &tree->facts, names, tree->shelf->n, emit_root, tree);
}

enum err tree_build(struct tree *tree, const struct fold *fold, const struct chunk_plan *plan,
                    const struct cut_facts *facts, struct why *why)
{
    tree->fold = fold;
    tree->plan = plan;
    tree->facts = *facts;
    tree->why = why;
    buf_clear(&tree->staged);
    buf_clear(&tree->entries);
    press_clear(tree->press);
    TRY(folders_fresh(tree, why));
    return render_all(tree);
}

struct package_walk {
    struct tree *tree;
    const char *folder;
    uint32_t package;
    struct pressed pressed;
};

static enum err package_file(void *arg, const char *relative, int64_t size)
{
    struct package_walk *walk = arg;
    struct mapped mapped;
    char path[FILE_PATH_MAX];
    char site[PAGE_PATH_MAX + 64];
    (void)size;
    join2(path, walk->folder, relative);
    TRY(file_map(path, &mapped, walk->tree->why));
    walk->pressed = (struct pressed){.bytes = {mapped.bytes.len}, .n = 1};
    digest_of(mapped.bytes, walk->pressed.sha256[0]);
    file_unmap(&mapped);
    snprintf(site, sizeof site, "package/%" PRIu32 "/%s", walk->package, relative);
    press_list(walk->tree->press, site, &walk->pressed);
    return OK;
}

enum err tree_list_package(struct tree *tree, uint32_t package, struct why *why)
{
    char folder[FILE_PATH_MAX];
    int n = snprintf(folder, sizeof folder, "%s/package/%" PRIu32, tree->public_dir, package);
    assert(n > 0 && n < FILE_PATH_MAX);
    struct package_walk walk = {.tree = tree, .folder = folder, .package = package};
    tree->why = why;
    return folder_walk(folder, package_file, &walk, why);
}

/* latest.json cannot hold its own digest: it is listed as it stands with zeros in that place. */
static void list_latest(struct tree *tree)
{
    static const uint8_t zeros[32] = {0};
    struct buf latest = {0};
    struct pressed pressed;
    render_latest(tree->fold, &tree->facts, zeros, &latest);
    press_bytes(tree->press, buf_as_span(&latest), PRESS_PLAIN, &pressed);
    press_list(tree->press, "latest.json", &pressed);
    buf_done(&latest);
}

void tree_manifest(struct tree *tree)
{
    struct manifest *manifest = &tree->press->manifest;
    const struct fold *fold = tree->fold;
    manifest->origin = fold->origin;
    manifest->cut = tree->facts.number;
    manifest->time_ms = tree->facts.time_ms;
    manifest->log_size = fold->log_size;
    manifest->has_previous = fold->last_cut_entry != ENTRY_NONE;
    memcpy(manifest->previous, fold->last_cut.manifest, sizeof manifest->previous);
    list_latest(tree);
    manifest_sort(manifest);
    buf_clear(&tree->text);
    manifest_print(manifest, &tree->text);
    digest_of(buf_as_span(&tree->text), tree->manifest);
    files_root(manifest, &tree->files_root);
    roots_update(tree->roots, fold, &tree->state_root, &tree->totals_root);
}

/* The place of a staged file at the root, and the folder of that place. */
static void stage_place(const struct tree *tree, struct span line, char to[FILE_PATH_MAX],
                        char folder[FILE_PATH_MAX])
{
    char path[PAGE_PATH_MAX + 64];
    bool fits = span_copy(line, path, sizeof path);
    assert(fits);
    join2(to, tree->public_dir, path);
    memcpy(folder, to, strlen(to) + 1);
    *strrchr(folder, '/') = '\0';
}

static enum err stage_put(struct tree *tree, struct span line, struct why *why)
{
    char from[FILE_PATH_MAX];
    char to[FILE_PATH_MAX];
    char folder[FILE_PATH_MAX];
    stage_place(tree, line, to, folder);
    int n = snprintf(from, sizeof from, "%s/%.*s", tree->stage, SPAN_ARG(line));
    assert(n > 0 && n < FILE_PATH_MAX);
    TRY(folder_make(folder, why));
    return file_rename(from, to, why);
}

enum err tree_place(struct tree *tree, struct span note, struct span minisig, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct span rest = buf_as_span(&tree->staged);
    struct span line;
    if (minisig.len > 0) { /* a cut made again from the log alone has nobody's signature */
        join2(path, tree->temporary, "manifest.minisig");
        TRY(file_write(path, minisig, false, why)); /* on disk with all the rest, below */
    }
    join2(path, tree->temporary, "manifest");
    TRY(file_write(path, note, false, why));
    int n = snprintf(path, sizeof path, "%s/cut/%" PRIu32, tree->public_dir, tree->facts.number);
    assert(n > 0 && n < FILE_PATH_MAX);
    TRY(folder_remove(path, why)); /* of a cut that was not finished, made again from its entry */
    TRY(file_rename(tree->temporary, path, why));
    while (span_line(&rest, &line)) {
        TRY(stage_put(tree, line, why));
    }
    return file_sync_all(tree->public_dir, why); /* the names too, before anything points to them */
}

enum err tree_enter(struct tree *tree, struct why *why)
{
    struct span rest = buf_as_span(&tree->entries);
    struct span line;
    while (span_line(&rest, &line)) {
        TRY(stage_put(tree, line, why));
    }
    /* All first, then their folders: one after the other each would wait for the disk's journal anew. */
    rest = buf_as_span(&tree->entries);
    while (span_line(&rest, &line)) {
        char to[FILE_PATH_MAX];
        char folder[FILE_PATH_MAX];
        stage_place(tree, line, to, folder);
        if (span_ends(line, SPAN(".html"))) { /* one of the three in its folder */
            TRY(folder_sync(folder, why));
        }
    }
    return OK;
}

enum err tree_point(struct tree *tree, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf latest = {0};
    render_latest(tree->fold, &tree->facts, tree->manifest, &latest);
    join2(path, tree->public_dir, "latest.json");
    enum err err = file_write(path, buf_as_span(&latest), true, why);
    buf_done(&latest);
    TRY(err);
    return folder_remove(tree->stage, why);
}

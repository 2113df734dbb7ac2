/* Building a cut's files. */
#include "cut/tree.h"

#include "formats/files_root.h"
#include "os/append.h"
#include "os/file.h"
#include "seal/digest.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void tree_init(struct tree *tree, const char *public_dir, struct pressroom *room, struct shelf *shelf,
               struct roots *roots)
{
    *tree = (struct tree){.public_dir = public_dir, .room = room, .shelf = shelf, .roots = roots};
    tree->package.number = -1;
}

void tree_done(struct tree *tree)
{
    buf_done(&tree->staged);
    buf_done(&tree->entries);
    buf_done(&tree->text);
    for (unsigned i = 0; i < TEAM_MAX; i++) {
        buf_done(&tree->reread[i]);
    }
    free(tree->package.files);
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
    char disk[FILE_PATH_MAX];
    char site[PAGE_PATH_MAX + 32];
    join2(disk, tree->temporary, path);
    snprintf(site, sizeof site, "cut/%" PRIu32 "/%s", tree->facts.number, path);
    const struct press_order order = {.as = press_as_of(path), .disk = {disk}, .site = {site}};
    pressroom_give(tree->room, &order, bytes);
    return OK;
}

static void staged_add(struct buf *list, const char *path, enum press_as as, size_t bytes)
{
    for (unsigned i = press_encodings(as, bytes); i-- > 0;) {
        buf_printf(list, "%s%s\n", path, press_suffixes[i]);
    }
}

/* A page that later cuts replace also lies in the cut, where it lasts: whoever finds the root's in the middle of being
 * replaced has this one. */
static void give_entry(struct tree *tree, const char *path, struct span bytes)
{
    char staged[FILE_PATH_MAX];
    char kept[FILE_PATH_MAX];
    char own[PAGE_PATH_MAX];
    char site[PAGE_PATH_MAX + 32];
    int n = snprintf(own, sizeof own, MANIFEST_ENTRY_COPIES "%s", path);
    assert(n > 0 && (size_t)n < sizeof own);
    join2(staged, tree->stage, path);
    join2(kept, tree->temporary, own);
    snprintf(site, sizeof site, "cut/%" PRIu32 "/%s", tree->facts.number, own);
    const struct press_order order = {.as = PRESS_FRONT, .disk = {staged, kept}, .site = {path, site}};
    staged_add(&tree->entries, path, PRESS_FRONT, bytes.len);
    pressroom_give(tree->room, &order, bytes);
}

/* The style or the script: staged, put in place when the cut is. */
static void give_asset(struct tree *tree, const char *path, struct span bytes)
{
    char disk[FILE_PATH_MAX];
    join2(disk, tree->stage, path);
    const struct press_order order = {.as = PRESS_FRONT, .disk = {disk}, .site = {path}};
    staged_add(&tree->staged, path, PRESS_FRONT, bytes.len);
    pressroom_give(tree->room, &order, bytes);
}

/* A file at the root. */
static enum err emit_root(void *arg, const char *path, struct span bytes)
{
    bool entry = span_ends(span_str(path), SPAN("index.html"));
    (entry ? give_entry : give_asset)(arg, path, bytes);
    return OK;
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
    shelf_update(tree->shelf, tree->room, fold, tree->plan, chunks);
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
    pressroom_clear(tree->room);
    TRY(folders_fresh(tree, why));
    enum err rendered = render_all(tree);
    enum err pressed = pressroom_finish(tree->room, why); /* in any case: nobody may be writing any more */
    TRY(rendered);
    TRY(pressed);
    shelf_list(tree->shelf, tree->room);
    return OK;
}

struct package_walk {
    struct tree *tree;
    const char *folder;
    uint32_t package;
};

static enum err package_file(void *arg, const char *relative, int64_t size)
{
    struct package_walk *walk = arg;
    struct tree *tree = walk->tree;
    struct mapped mapped;
    struct pressed pressed = {.n = 1};
    char path[FILE_PATH_MAX];
    (void)size;
    join2(path, walk->folder, relative);
    TRY(file_map(path, &mapped, tree->why));
    pressed.bytes[0] = mapped.bytes.len;
    digest_of(mapped.bytes, pressed.sha256[0]);
    file_unmap(&mapped);
    struct known_package *known = &tree->package;
    known->files = realloc(known->files, (known->n + 1) * sizeof *known->files);
    assert(known->files != NULL);
    struct known_file *file = &known->files[known->n++];
    int n = snprintf(file->site, sizeof file->site, "package/%" PRIu32 "/%s", walk->package, relative);
    assert(n > 0 && (size_t)n < sizeof file->site);
    file->pressed = pressed;
    return OK;
}

enum err tree_learn_package(struct tree *tree, uint32_t package, struct why *why)
{
    char folder[FILE_PATH_MAX];
    int n = snprintf(folder, sizeof folder, "%s/package/%" PRIu32, tree->public_dir, package);
    assert(n > 0 && n < FILE_PATH_MAX);
    struct package_walk walk = {.tree = tree, .folder = folder, .package = package};
    tree->why = why;
    tree->package.n = 0;
    tree->package.number = -1;
    TRY(folder_walk(folder, package_file, &walk, why));
    tree->package.number = package;
    return OK;
}

enum err tree_list_package(struct tree *tree, uint32_t package, struct why *why)
{
    if (tree->package.number != (int64_t)package) {
        TRY(tree_learn_package(tree, package, why));
    }
    for (uint32_t i = 0; i < tree->package.n; i++) {
        pressroom_list(tree->room, tree->package.files[i].site, &tree->package.files[i].pressed);
    }
    tree->package.number = -1; /* it may be made again under its number */
    return OK;
}

/* latest.json cannot hold its own digest: it is listed as it stands with zeros in that place. */
static void list_latest(struct tree *tree)
{
    static const uint8_t zeros[32] = {0};
    struct buf latest = {0};
    struct pressed pressed;
    render_latest(tree->fold, &tree->facts, zeros, &latest);
    press_bytes(&tree->room->presses[0], buf_as_span(&latest), PRESS_PLAIN, &pressed);
    pressroom_list(tree->room, "latest.json", &pressed);
    buf_done(&latest);
}

void tree_manifest(struct tree *tree)
{
    struct manifest *manifest = &tree->room->manifest;
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
    struct disk_sync sync;
    pressroom_sync_begin(tree->room, &sync, tree->public_dir);
    return pressroom_sync_end(tree->room, &sync, why); /* the names too, before anything points to them */
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
            TRY(pressroom_sync_folder(tree->room, folder, why));
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

/* Retention, as docs/formats/tree.md says: the newest cuts stay, of the older ones every n-th; manifests for
 * ever; chunks while a kept cut refers to them; packages while their cut is kept, their sums for ever. */
#include "mirror/pull.h"

#include "base/map.h"
#include "os/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool kept(const struct pull *pull, uint32_t cut)
{
    return cut > pull->cut || pull->cut - cut < pull->options.keep_cuts ||
           cut % pull->options.keep_every == 0;
}

/* Numbers of the folders below public/`name`, in no order. */
static uint32_t numbers(const struct pull *pull, const char *name, uint32_t **out)
{
    char path[FILE_PATH_MAX];
    uint32_t n = 0, *list = NULL;
    DIR *dir = opendir(path_join(path, pull->stage.public, name));
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        char *end;
        unsigned long number = strtoul(entry->d_name, &end, 10);
        if (end != entry->d_name && *end == '\0' && number <= UINT32_MAX) {
            list = (n & (n - 1)) == 0 ? realloc(list, (n == 0 ? 1 : (size_t)n * 2) * sizeof *list) : list;
            if (list == NULL) {
                abort();
            }
            list[n++] = (uint32_t)number;
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    *out = list;
    return n;
}

/* Thousands of files go: on a slow disk that takes longer than a sign of life may. */
static void say_busy(const struct pull *pull)
{
    if (pull->options.busy != NULL) {
        pull->options.busy(pull->options.busy_arg);
    }
}

/* Everything in a cut's folder but its manifest, in one step: who verifies meanwhile sees the body or none. */
static enum err strip_cut(const struct pull *pull, uint32_t cut, struct why *why)
{
    static const char *const stay[] = {"manifest", "manifest.minisig", NULL};
    char name[64], folder[FILE_PATH_MAX];
    say_busy(pull);
    snprintf(name, sizeof name, "cut/%u", cut);
    return folder_strip(path_join(folder, pull->stage.public, name), stay, "index.html", why);
}

/* Shared pieces of kept cuts: borrowed paths of notes that live in `notes`. */
struct keep {
    struct map map;
    struct buf *notes;
    uint32_t n_notes;
};

static enum err keep_shared(const struct pull *pull, struct keep *keep, uint32_t cut, struct why *why)
{
    char name[64], path[FILE_PATH_MAX];
    say_busy(pull);
    snprintf(name, sizeof name, "cut/%u/manifest", cut);
    keep->notes = realloc(keep->notes, (keep->n_notes + 1) * sizeof *keep->notes);
    if (keep->notes == NULL) {
        abort();
    }
    struct buf *note = &keep->notes[keep->n_notes++];
    *note = (struct buf){0};
    TRY(file_read(path_join(path, pull->stage.public, name), MANIFEST_BYTES_MAX, note, why));
    struct manifest manifest = {0};
    struct note_key by;
    struct span text;
    TRY(pull_manifest(pull, buf_as_span(note), &manifest, &text, &by, why));
    for (int list = 0; list < 2; list++) {
        const struct manifest_file *files = list == 0 ? manifest.files : manifest.encodings;
        uint32_t n = list == 0 ? manifest.n_files : manifest.n_encodings;
        for (uint32_t i = 0; i < n; i++) {
            if (place_of(files[i].path, cut) == PLACE_SHARED) {
                map_put(&keep->map, files[i].path, 1);
            }
        }
    }
    manifest_done(&manifest);
    return OK;
}

struct sweep {
    const struct pull *pull;
    const struct keep *keep;
    const char *folder;
};

static enum err sweep_file(void *arg, const char *relative, int64_t size)
{
    const struct sweep *sweep = arg;
    char name[512], path[FILE_PATH_MAX];
    (void)size;
    say_busy(sweep->pull);
    int n = snprintf(name, sizeof name, "%s/%s", sweep->folder, relative);
    if (n > 0 && (size_t)n < sizeof name && map_get(&sweep->keep->map, span_str(name)) == MAP_NONE) {
        unlink(path_join(path, sweep->pull->stage.public, name));
    }
    return OK;
}

static enum err sweep_folder(const struct pull *pull, const struct keep *keep, const char *folder,
                             struct why *why)
{
    char path[FILE_PATH_MAX];
    struct sweep sweep = {pull, keep, folder};
    path_join(path, pull->stage.public, folder);
    return file_exists(path) ? folder_walk(path, sweep_file, &sweep, why) : OK;
}

static enum err expire_cuts(const struct pull *pull, const uint32_t *cuts, uint32_t n, struct keep *keep,
                            struct why *why)
{
    for (uint32_t i = 0; i < n; i++) {
        char name[64], path[FILE_PATH_MAX];
        snprintf(name, sizeof name, "cut/%u/index.html", cuts[i]);
        bool whole = file_exists(path_join(path, pull->stage.public, name));
        if (whole && kept(pull, cuts[i])) {
            TRY(keep_shared(pull, keep, cuts[i], why));
        } else if (whole) {
            TRY(strip_cut(pull, cuts[i], why));
        }
    }
    TRY(sweep_folder(pull, keep, "chunk", why));
    return sweep_folder(pull, keep, "a", why);
}

static enum err expire_packages(const struct pull *pull, struct why *why)
{
    static const char *const stay[] = {"SHA256SUMS", NULL};
    uint32_t *packages = NULL, newest = 0;
    uint32_t n = numbers(pull, "package", &packages);
    enum err err = OK;
    for (uint32_t i = 0; i < n; i++) {
        newest = packages[i] > newest ? packages[i] : newest;
    }
    for (uint32_t i = 0; err == OK && i < n; i++) {
        char name[64], path[FILE_PATH_MAX];
        if (packages[i] != newest && !kept(pull, packages[i])) {
            snprintf(name, sizeof name, "package/%u", packages[i]);
            err = folder_strip(path_join(path, pull->stage.public, name), stay, NULL, why);
        }
    }
    free(packages);
    return err;
}

enum err pull_expire(struct pull *pull, struct why *why)
{
    uint32_t *cuts = NULL;
    char path[FILE_PATH_MAX];
    if (!pull->has) {
        return OK;
    }
    TRY(folder_strip_tidy(path_join(path, pull->stage.public, "cut"), why));
    TRY(folder_strip_tidy(path_join(path, pull->stage.public, "package"), why));
    uint32_t n = numbers(pull, "cut", &cuts);
    struct keep keep = {.notes = NULL};
    map_init(&keep.map, 0x61746c, 0x6179); /* signed names, no outsider chooses them */
    enum err err = expire_cuts(pull, cuts, n, &keep, why);
    err = err == OK ? expire_packages(pull, why) : err;
    for (uint32_t i = 0; i < keep.n_notes; i++) {
        buf_done(&keep.notes[i]);
    }
    free(keep.notes);
    map_done(&keep.map);
    free(cuts);
    return err;
}

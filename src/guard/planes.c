/* The institutional site and the results are planes that do not touch: no act reads or writes what belongs to the results,
 * whatever a tired person types at night. */
#include "guard/act.h"

#include "os/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Far more than can be sealed, so that nothing of the results lies deeper than we look. */
enum { DEPTH = 64, LOOKED_AT = 1000000 };

/* Marks of a published tree and of a night's folder: all of a row must be there. */
static const struct plane {
    const char *marks[3];
    const char *es, *en;
} rows[] = {
    {{"latest.json", "cut", NULL}, "un árbol publicado de resultados", "a published tree of results"},
    {{"log/checkpoint", "log/tile", NULL}, "un árbol publicado de resultados", "a published tree of results"},
    {{"ledger", "keys", "public"}, "la carpeta de una noche", "a night's folder"},
    {{"election", "night.ini", NULL}, "la carpeta de una noche", "a night's folder"},
    {{"store/prep.db", NULL, NULL}, "la carpeta de una noche", "a night's folder"},
    {{"feed-state", "public", NULL}, "la carpeta de un difusor", "a mirror's folder"},
};

static const struct plane *plane_at(const char *folder)
{
    char path[FILE_PATH_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool all = true;
        for (size_t k = 0; k < 3 && rows[i].marks[k] != NULL && all; k++) {
            all = file_exists(path_join(path, folder, rows[i].marks[k]));
        }
        if (all) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool is_night(const struct plane *plane)
{
    return strcmp(plane->en, "a night's folder") == 0;
}

static enum err refuse(const char *path, const char *place, const struct plane *plane, const char *es,
                       const char *en, struct why *why)
{
    return why_set(why, ERR_REFUSED,
                   "%.120s %s %s (%.120s): atalaya site no toca el plano de resultados / %s %s: refused",
                   path, es, plane->es, place, en, plane->en);
}

/* Above: a night keeps its own site in "site" and what guards it in "site-guard". */
static enum err look_above(const char *path, struct why *why)
{
    char above[FILE_PATH_MAX];
    (void)snprintf(above, sizeof above, "%s", path);
    for (char *slash = strrchr(above, '/'); slash != NULL && slash != above; slash = strrchr(above, '/')) {
        *slash = '\0';
        struct span below = span_str(slash + 1);
        const struct plane *plane = plane_at(above);
        struct span first = span_cut(&below, '/');
        bool own =
            plane != NULL && is_night(plane) && (span_is(first, "site") || span_is(first, "site-guard"));
        if (plane != NULL && !own) {
            return refuse(path, above, plane, "está dentro de", "lies in", why);
        }
        if (own) {
            return OK;
        }
    }
    return OK;
}

struct below {
    const char *path;
    int left;
};

static bool is_folder(DIR *dir, const struct dirent *entry)
{
    struct stat about;
    if (entry->d_type != DT_UNKNOWN) {
        return entry->d_type == DT_DIR;
    }
    return fstatat(dirfd(dir), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(about.st_mode);
}

static enum err look_below(const char *folder, int depth, struct below *below, struct why *why)
{
    const struct plane *plane = plane_at(folder);
    if (plane != NULL) {
        bool same = strcmp(folder, below->path) == 0;
        return refuse(below->path, folder, plane, same ? "es" : "contiene", same ? "is" : "contains", why);
    }
    DIR *dir = opendir(folder);
    enum err err = OK;
    for (struct dirent *entry = dir == NULL ? NULL : readdir(dir); entry != NULL && err == OK;
         entry = readdir(dir)) {
        char path[FILE_PATH_MAX];
        bool dots = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        if (dots || !is_folder(dir, entry)) {
            below->left--;
            continue;
        }
        bool fits = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < (int)sizeof path - 64;
        err =
            !fits || depth == 0 || below->left-- <= 0
                ? why_set(
                      why, ERR_TOO_BIG,
                      "%.200s: demasiado hondo o grande para asegurar que ahí no hay resultados / too deep or "
                      "too large to be sure that no results lie there",
                      folder)
                : look_below(path, depth - 1, below, why);
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return err;
}

static bool lies_in(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 &&
           (path[len] == '\0' || path[len] == '/' || folder[len - 1] == '/');
}

enum err planes_apart(const char *root, const char *dir, struct why *why)
{
    const char *const both[] = {root, dir};
    if (root[0] != '\0' && (lies_in(root, dir) || lies_in(dir, root))) {
        return why_set(
            why, ERR_REFUSED,
            "--root y --dir van aparte: lo que se publica no guarda las claves / --root and --dir lie apart");
    }
    for (size_t i = 0; i < 2; i++) {
        struct below below = {.path = both[i], .left = LOOKED_AT};
        if (both[i][0] == '\0') {
            continue;
        }
        TRY(look_above(both[i], why));
        TRY(look_below(both[i], DEPTH, &below, why));
    }
    return OK;
}

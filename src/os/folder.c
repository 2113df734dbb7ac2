/* Folders: making, removing and walking them in a fixed order, never through symbolic links. */
#include "os/file.h"

#include "os/said.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_MODE = 0755, DEPTH_MAX = 64 };

static enum err failed(struct why *why, const char *what, const char *path)
{
    int saved = errno;
    enum err err = saved == ENOSPC || saved == EDQUOT ? ERR_FULL : saved == ENOENT ? ERR_MISSING : ERR_IO;
    return said(why, err, what, path, saved);
}

bool folder_is_empty(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return false;
    }
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL &&
           (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)) {
    }
    closedir(dir);
    return entry == NULL;
}

static enum err make_one(const char *path, struct why *why)
{
    if (mkdir(path, FOLDER_MODE) == 0) {
        return chmod(path, FOLDER_MODE) == 0 ? OK : failed(why, "chmod", path); /* whatever the umask */
    }
    struct stat about;
    int saved = errno;
    if (saved == EEXIST && stat(path, &about) == 0 && S_ISDIR(about.st_mode)) {
        return OK;
    }
    errno = saved;
    return failed(why, "make folder", path);
}

enum err folder_make(const char *path, struct why *why)
{
    char part[FILE_PATH_MAX];
    size_t len = strlen(path);
    assert(len > 0 && len < sizeof part);
    memcpy(part, path, len + 1);
    for (size_t i = 1; i < len; i++) {
        if (part[i] == '/' && part[i - 1] != '/') {
            part[i] = '\0';
            TRY(make_one(part, why));
            part[i] = '/';
        }
    }
    return make_one(part, why);
}

static enum err remove_at(int parent, const char *name, const char *shown, int depth, struct why *why);

static enum err remove_content(int fd, const char *shown, int depth, struct why *why)
{
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return failed(why, "open", shown);
    }
    enum err err = OK;
    struct dirent *entry = NULL;
    while (err == OK && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            err = remove_at(dirfd(dir), entry->d_name, shown, depth + 1, why);
        }
    }
    closedir(dir);
    return err;
}

static enum err remove_at(int parent, const char *name, const char *shown, int depth, struct why *why)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) {
        return OK;
    }
    if (errno != EISDIR && errno != EPERM) {
        return failed(why, "remove below", shown);
    }
    if (depth > DEPTH_MAX) {
        return why_set(why, ERR_REFUSED, "remove below %s: too deep", shown);
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return failed(why, "open below", shown);
    }
    TRY(remove_content(fd, shown, depth, why));
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 ? OK : failed(why, "remove below", shown);
}

enum err folder_remove(const char *path, struct why *why)
{
    return remove_at(AT_FDCWD, path, path, 0, why);
}

/* Folders below that hold nothing, deepest first; the one that is open here stays. */
static enum err prune_content(int fd, const char *shown, int depth, struct why *why)
{
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return failed(why, "open", shown);
    }
    enum err err = OK;
    struct dirent *entry = NULL;
    while (err == OK && depth < DEPTH_MAX && (entry = readdir(dir)) != NULL) {
        bool self = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        int below =
            self ? -1 : openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below < 0) {
            continue; /* a file, or gone */
        }
        err = prune_content(below, shown, depth + 1, why);
        if (err == OK && unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR) != 0 && errno != ENOTEMPTY &&
            errno != EEXIST && errno != ENOENT) {
            err = failed(why, "remove below", shown);
        }
    }
    closedir(dir);
    return err;
}

enum err folder_prune(const char *path, struct why *why)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? failed(why, "open", path) : prune_content(fd, path, 0, why);
}

enum err folder_open(const char *path, int *fd, struct why *why)
{
    int opened = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) {
        return failed(why, "open", path);
    }
    *fd = opened;
    return OK;
}

void folder_close(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

/* Walking: one sorted list of names a folder, so that the order never depends on readdir. */
struct walk {
    file_visit each;
    void *arg;
    struct why *why;
    char relative[FILE_PATH_MAX];
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum err read_names(DIR *dir, char ***names, size_t *count)
{
    size_t cap = 0;
    struct dirent *entry = NULL;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (*count == cap) {
            cap = cap == 0 ? 64 : cap * 2;
            char **grown = realloc(*names, cap * sizeof **names);
            if (grown == NULL) {
                abort();
            }
            *names = grown;
        }
        char *name = strdup(entry->d_name);
        if (name == NULL) {
            abort();
        }
        (*names)[(*count)++] = name;
    }
    return OK;
}

static enum err walk_folder(struct walk *walk, int fd, size_t len, int depth);

static enum err walk_name(struct walk *walk, int parent, const char *name, size_t len, int depth)
{
    size_t added = strlen(name);
    if (len + added + 2 > sizeof walk->relative) {
        return why_set(walk->why, ERR_TOO_BIG, "path too long below %.200s", walk->relative);
    }
    memcpy(walk->relative + len, name, added + 1);
    struct stat about;
    if (fstatat(parent, name, &about, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? OK : failed(walk->why, "stat", walk->relative);
    }
    if (S_ISREG(about.st_mode)) {
        return walk->each(walk->arg, walk->relative, about.st_size);
    }
    if (!S_ISDIR(about.st_mode)) {
        return OK;
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? OK : failed(walk->why, "open", walk->relative);
    }
    walk->relative[len + added] = '/';
    walk->relative[len + added + 1] = '\0';
    return walk_folder(walk, fd, len + added + 1, depth + 1);
}

static enum err walk_folder(struct walk *walk, int fd, size_t len, int depth)
{
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return failed(walk->why, "open", walk->relative);
    }
    char **names = NULL;
    size_t count = 0;
    enum err err = depth > DEPTH_MAX ? why_set(walk->why, ERR_REFUSED, "%.200s: too deep", walk->relative)
                                     : read_names(dir, &names, &count);
    if (count > 0) {
        qsort(names, count, sizeof *names, by_name);
    }
    for (size_t i = 0; i < count; i++) {
        if (err == OK) {
            err = walk_name(walk, dirfd(dir), names[i], len, depth);
        }
        free(names[i]);
    }
    free(names);
    closedir(dir);
    return err;
}

enum err folder_walk(const char *dir, file_visit each, void *arg, struct why *why)
{
    struct walk walk = {.each = each, .arg = arg, .why = why};
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return failed(why, "open", dir);
    }
    return walk_folder(&walk, fd, 0, 0);
}

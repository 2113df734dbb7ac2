/* The walk: one sorted list of names a folder, everything by openat and without following a link. */
#include "os/walk.h"

#include "os/said.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 64 };

struct walk_all {
    walk_visit each;
    void *arg;
    struct why *why;
    char path[PATH_MAX];
    char target[PATH_MAX];
};

struct names {
    char **at;
    size_t n;
};

static int64_t nanoseconds(const struct timespec *time)
{
    return time->tv_sec * INT64_C(1000000000) + time->tv_nsec;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_add(struct names *names, const char *name)
{
    if (names->n == 0 || (names->n & (names->n - 1)) == 0) {
        char **grown = realloc(names->at, (names->n == 0 ? 1 : names->n * 2) * sizeof *grown);
        if (grown == NULL) {
            abort();
        }
        names->at = grown;
    }
    char *copy = strdup(name);
    if (copy == NULL) {
        abort();
    }
    names->at[names->n++] = copy;
}

/* Takes the descriptor. */
static enum err names_read(int fd, struct names *names)
{
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return ERR_IO;
    }
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            names_add(names, entry->d_name);
        }
    }
    closedir(dir);
    if (names->n > 0) {
        qsort(names->at, names->n, sizeof *names->at, by_name);
    }
    return OK;
}

static enum walk_kind kind_of(mode_t mode)
{
    return S_ISDIR(mode) ? WALK_FOLDER : S_ISREG(mode) ? WALK_FILE : S_ISLNK(mode) ? WALK_LINK : WALK_OTHER;
}

static enum err look(int folder, const char *name, struct walk_entry *entry)
{
    struct stat about;
    if (fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT || errno == ENOTDIR ? ERR_MISSING : ERR_IO;
    }
    *entry =
        (struct walk_entry){.name = name, .folder = folder, .kind = kind_of(about.st_mode), .target = ""};
    entry->mode = (uint16_t)(about.st_mode & 07777U);
    entry->mtime_ns = nanoseconds(&about.st_mtim);
    entry->ctime_ns = nanoseconds(&about.st_ctim);
    entry->size = (uint64_t)about.st_size;
    entry->inode = about.st_ino;
    return OK;
}

enum err walk_facts(int folder, const char *path, struct walk_entry *out)
{
    TRY(look(folder, path, out));
    out->path = path;
    return OK;
}

static enum err walk_folder(struct walk_all *walk, int fd, size_t len, int depth);

static enum err visit(struct walk_all *walk, int folder, const char *name, size_t len, int depth)
{
    struct walk_entry entry;
    size_t added = strlen(name);
    if (len + added + 2 > sizeof walk->path) {
        return why_set(walk->why, ERR_TOO_BIG, "%.200s: path too long", walk->path);
    }
    memcpy(walk->path + len, name, added + 1);
    enum err err = look(folder, name, &entry);
    if (err != OK) {
        return err == ERR_MISSING ? OK : said_of(walk->why, err, walk->path, errno);
    }
    entry.path = walk->path;
    if (entry.kind == WALK_LINK) {
        ssize_t n = readlinkat(folder, name, walk->target, sizeof walk->target - 1);
        walk->target[n < 0 ? 0 : n] = '\0';
        entry.target = walk->target;
    }
    int fd = -1;
    if (entry.kind == WALK_FOLDER) {
        fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        entry.unread = fd < 0;
    }
    err = walk->each(walk->arg, &entry);
    if (fd < 0 || err != OK) {
        walk_close(fd);
        return err;
    }
    walk->path[len + added] = '/';
    walk->path[len + added + 1] = '\0';
    return walk_folder(walk, fd, len + added + 1, depth + 1);
}

/* Takes the descriptor. */
static enum err walk_folder(struct walk_all *walk, int fd, size_t len, int depth)
{
    struct names names = {NULL, 0};
    int list = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err err = depth > DEPTH_MAX ? why_set(walk->why, ERR_REFUSED, "%.300s: too deep", walk->path)
                   : list < 0        ? said_of(walk->why, ERR_IO, len == 0 ? "." : walk->path, errno)
                                     : OK;
    if (err == OK) {
        err = names_read(list, &names);
    } else {
        walk_close(list);
    }
    for (size_t i = 0; i < names.n; i++) {
        err = err == OK ? visit(walk, fd, names.at[i], len, depth) : err;
        free(names.at[i]);
    }
    free(names.at);
    close(fd);
    return err;
}

enum err walk_all(int folder, walk_visit each, void *arg, struct why *why)
{
    struct walk_all walk = {.each = each, .arg = arg, .why = why};
    int fd = openat(folder, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return said(why, ERR_IO, "open", ".", errno);
    }
    return walk_folder(&walk, fd, 0, 0);
}

static bool stamp_of(int fd, struct walk_stamp *stamp)
{
    struct stat about;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        return false;
    }
    *stamp = (struct walk_stamp){nanoseconds(&about.st_mtim), nanoseconds(&about.st_ctim),
                                 (uint64_t)about.st_size, about.st_ino};
    return true;
}

enum err walk_open(const struct walk_entry *entry, int *fd, struct walk_stamp *stamp)
{
    int opened =
        openat(entry->folder, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (opened < 0) {
        return errno == ENOENT || errno == ELOOP ? ERR_MISSING : ERR_REFUSED;
    }
    if (!stamp_of(opened, stamp)) {
        close(opened);
        return ERR_MISSING;
    }
    *fd = opened;
    return OK;
}

bool walk_same(int fd, const struct walk_stamp *stamp)
{
    struct walk_stamp now;
    return stamp_of(fd, &now) && now.mtime_ns == stamp->mtime_ns && now.ctime_ns == stamp->ctime_ns &&
           now.size == stamp->size && now.inode == stamp->inode;
}

enum err walk_read(int fd, char *bytes, size_t max, size_t *n)
{
    for (;;) {
        ssize_t got = read(fd, bytes, max);
        if (got >= 0) {
            *n = (size_t)got;
            return OK;
        }
        if (errno != EINTR) {
            return ERR_IO;
        }
    }
}

void walk_close(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

/* The folder of a path is found beneath the root (os/resolve); the rest is done in that folder. */
#include "os/beneath.h"

#include "os/resolve.h"
#include "os/said.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_MODE = 0700, COPY_PIECE = 65536, DEPTH_MAX = 64 };

static enum err failed(struct why *why, const char *what, const char *path)
{
    int saved = errno;
    enum err err = saved == ENOENT || saved == ENOTDIR  ? ERR_MISSING
                   : saved == ENOSPC || saved == EDQUOT ? ERR_FULL
                   : saved == ELOOP || saved == EXDEV   ? ERR_REFUSED
                                                        : ERR_IO;
    return said(why, err, what, path, saved);
}

/* Opens the folder of a path and gives its last name. */
static enum err open_parent(int root, const char *path, int *folder, const char **name, struct why *why)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    assert(path[0] != '/' && len < sizeof parent);
    memcpy(parent, path, len);
    memcpy(parent + len, len == 0 ? "." : "", len == 0 ? 2 : 1);
    *folder = resolve_open(root, parent, O_RDONLY | O_DIRECTORY);
    if (*folder < 0) {
        return failed(why, "open the folder of", path);
    }
    *name = slash == NULL ? path : slash + 1;
    return OK;
}

enum err beneath_begin(int root, const char *path, struct beneath_file *out, struct why *why)
{
    const char *name = NULL;
    struct beneath_file file = {.fd = -1};
    TRY(open_parent(root, path, &file.folder, &name, why));
    (void)snprintf(file.name, sizeof file.name, "%s", name);
    (void)snprintf(file.temporary, sizeof file.temporary, ".atalaya-%d.new", (int)getpid());
    unlinkat(file.folder, file.temporary, 0); /* of an earlier process with this number */
    file.fd = openat(file.folder, file.temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file.fd < 0) {
        enum err err = failed(why, "make a file beside", path);
        close(file.folder);
        return err;
    }
    *out = file;
    return OK;
}

static enum err write_all(int fd, struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.at, bytes.len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return ERR_IO;
        }
        bytes = span_from(bytes, (size_t)n);
    }
    return OK;
}

enum err beneath_write(struct beneath_file *file, struct span bytes, struct why *why)
{
    return write_all(file->fd, bytes) == OK ? OK : failed(why, "write", file->name);
}

static struct timespec moment(int64_t ns)
{
    int64_t seconds = ns / 1000000000 - (ns % 1000000000 < 0);
    return (struct timespec){.tv_sec = seconds, .tv_nsec = ns - seconds * 1000000000};
}

enum err beneath_end(struct beneath_file *file, uint16_t mode, int64_t mtime_ns, struct why *why)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, moment(mtime_ns)};
    bool good = fchmod(file->fd, mode) == 0 && futimens(file->fd, times) == 0 && fsync(file->fd) == 0 &&
                renameat(file->folder, file->temporary, file->folder, file->name) == 0 &&
                fsync(file->folder) == 0;
    enum err err = good ? OK : failed(why, "put", file->name);
    if (!good) {
        unlinkat(file->folder, file->temporary, 0);
    }
    close(file->fd);
    close(file->folder);
    return err;
}

void beneath_drop(struct beneath_file *file)
{
    unlinkat(file->folder, file->temporary, 0);
    close(file->fd);
    close(file->folder);
}

enum err beneath_folder(int root, const char *path, struct why *why)
{
    int folder = -1;
    const char *name = NULL;
    struct stat about;
    TRY(open_parent(root, path, &folder, &name, why));
    bool good = mkdirat(folder, name, FOLDER_MODE) == 0 ||
                (errno == EEXIST && fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
                 S_ISDIR(about.st_mode));
    enum err err = good ? OK : failed(why, "make folder", path);
    close(folder);
    return err;
}

enum err beneath_link(int root, const char *path, const char *target, struct why *why)
{
    int folder = -1;
    const char *name = NULL;
    TRY(open_parent(root, path, &folder, &name, why));
    enum err err = symlinkat(target, folder, name) == 0 ? OK : failed(why, "link", path);
    close(folder);
    return err;
}

enum err beneath_mode(int root, const char *path, uint16_t mode, struct why *why)
{
    char proc[64];
    int fd = resolve_open(root, path, O_PATH | O_NOFOLLOW);
    if (fd < 0) {
        return failed(why, "open", path);
    }
    (void)snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd); /* the way to chmod what cannot be read */
    enum err err = chmod(proc, mode) == 0 ? OK : failed(why, "chmod", path);
    close(fd);
    return err;
}

enum err beneath_time(int root, const char *path, int64_t mtime_ns, struct why *why)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, moment(mtime_ns)};
    int folder = -1;
    const char *name = NULL;
    TRY(open_parent(root, path, &folder, &name, why));
    enum err err =
        utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW) == 0 ? OK : failed(why, "set the time of", path);
    close(folder);
    return err;
}

/* The folder of a path beneath `to`, made where it is not there. */
static enum err make_parent(int to, const char *path, int *folder, const char **name, struct why *why)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    assert(len < sizeof part);
    memcpy(part, path, len + 1);
    for (size_t i = 1; i < len; i++) {
        if (part[i] == '/') {
            part[i] = '\0';
            TRY(beneath_folder(to, part, why));
            part[i] = '/';
        }
    }
    return open_parent(to, path, folder, name, why);
}

static enum err copy_bytes(int from, int to)
{
    char piece[COPY_PIECE];
    for (;;) {
        ssize_t n = read(from, piece, sizeof piece);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n == 0 ? OK : ERR_IO;
        }
        TRY(write_all(to, span_of(piece, (size_t)n)));
    }
}

static enum err copy_file(int from_folder, int to_folder, const char *name, const struct stat *about)
{
    const struct timespec times[2] = {about->st_atim, about->st_mtim};
    int from = openat(from_folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int to = from < 0 ? -1 : openat(to_folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    enum err err = from < 0 || to < 0 ? ERR_IO : copy_bytes(from, to);
    if (err == OK) {
        err = fchmod(to, about->st_mode & 0777U) == 0 && futimens(to, times) == 0 && fsync(to) == 0 ? OK
                                                                                                    : ERR_IO;
    }
    if (from >= 0) {
        close(from);
    }
    if (to >= 0) {
        close(to);
    }
    return err;
}

static enum err copy_link(int from_folder, int to_folder, const char *name)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(from_folder, name, target, sizeof target - 1);
    if (n < 0) {
        return ERR_IO;
    }
    target[n] = '\0';
    return symlinkat(target, to_folder, name) == 0 ? OK : ERR_IO;
}

static enum err move_across(int from_folder, int to_folder, const char *name, int depth);

static enum err move_folder(int from_folder, int to_folder, const char *name, int depth)
{
    int from = openat(from_folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    enum err err = from < 0 || mkdirat(to_folder, name, FOLDER_MODE) != 0 ? ERR_IO : OK;
    int to = err == OK ? openat(to_folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    DIR *dir = to < 0 ? NULL : fdopendir(from);
    if (dir == NULL) {
        if (from >= 0) {
            close(from);
        }
        if (to >= 0) {
            close(to);
        }
        return ERR_IO;
    }
    for (struct dirent *entry = readdir(dir); err == OK && entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            err = move_across(dirfd(dir), to, entry->d_name, depth + 1);
        }
    }
    closedir(dir);
    close(to);
    return err == OK && unlinkat(from_folder, name, AT_REMOVEDIR) != 0 ? ERR_IO : err;
}

static enum err move_across(int from_folder, int to_folder, const char *name, int depth)
{
    struct stat about;
    if (depth > DEPTH_MAX || fstatat(from_folder, name, &about, AT_SYMLINK_NOFOLLOW) != 0) {
        return ERR_IO;
    }
    if (S_ISDIR(about.st_mode)) {
        return move_folder(from_folder, to_folder, name, depth);
    }
    if (S_ISREG(about.st_mode)) {
        TRY(copy_file(from_folder, to_folder, name, &about));
    } else if (S_ISLNK(about.st_mode)) {
        TRY(copy_link(from_folder, to_folder, name));
    } else if (S_ISFIFO(about.st_mode)) {
        TRY(mkfifoat(to_folder, name, 0600) == 0 ? OK : ERR_IO);
    }
    /* Devices and sockets have no bytes to keep: the list says what they were. */
    return unlinkat(from_folder, name, 0) == 0 ? OK : ERR_IO;
}

enum err beneath_move(int root, const char *path, int to, struct why *why)
{
    int folder = -1;
    int target = -1;
    const char *name = NULL;
    const char *same = NULL;
    TRY(open_parent(root, path, &folder, &name, why));
    enum err err = make_parent(to, path, &target, &same, why);
    if (err == OK && renameat(folder, name, target, name) != 0) {
        err = errno == EXDEV ? move_across(folder, target, name, 0) : ERR_IO;
        err = err == OK ? OK : failed(why, "take away", path);
    }
    if (err == OK && (fsync(target) != 0 || fsync(folder) != 0)) {
        err = failed(why, "sync the folder of", path);
    }
    close(folder);
    if (target >= 0) {
        close(target);
    }
    return err;
}

enum err beneath_keep(int root, const char *path, int to, struct why *why)
{
    int folder = -1;
    int target = -1;
    struct stat about;
    const char *name = NULL;
    const char *same = NULL;
    TRY(open_parent(root, path, &folder, &name, why));
    enum err err = make_parent(to, path, &target, &same, why);
    if (err == OK && linkat(folder, name, target, name, 0) != 0) {
        err = fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(about.st_mode)
                  ? copy_file(folder, target, name, &about)
                  : ERR_IO;
        err = err == OK ? OK : failed(why, "keep", path);
    }
    if (err == OK && fsync(target) != 0) {
        err = failed(why, "sync the folder of", path);
    }
    close(folder);
    if (target >= 0) {
        close(target);
    }
    return err;
}

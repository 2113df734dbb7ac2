/* Whole-file reads and atomic durable writes. */
#include "os/file.h"

#include "os/said.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { FILE_MODE = 0644, FILE_MODE_PRIVATE = 0600 };

static enum err from_errno(void)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
        return ERR_MISSING;
    case EEXIST:
        return ERR_EXISTS;
    case ENOSPC:
    case EDQUOT:
        return ERR_FULL;
    default:
        return ERR_IO;
    }
}

static enum err failed(struct why *why, const char *what, const char *path)
{
    int saved = errno;
    enum err err = from_errno();
    return said(why, err, what, path, saved);
}

const char *path_join(char out[FILE_PATH_MAX], const char *dir, const char *name)
{
    int n = snprintf(out, FILE_PATH_MAX, "%s/%s", dir, name);
    assert(n > 0 && n < FILE_PATH_MAX);
    return out;
}

/* How much to ask for next: up to one byte past the limit, so that "larger" is seen, and what the buffer may hold. */
static size_t next_piece(const struct buf *out, size_t total, size_t limit)
{
    size_t piece = limit - total < 65536 ? limit - total + 1 : 65536;
    size_t room = out->limit == 0 ? piece : out->limit - out->len;
    return piece < room ? piece : room;
}

static enum err read_all(int fd, const char *path, size_t limit, struct buf *out, struct why *why)
{
    for (size_t total = 0;;) {
        char probe = 0;
        size_t piece = next_piece(out, total, limit);
        char *room = piece == 0 ? &probe : buf_room(out, piece);
        ssize_t n = room == NULL ? 0 : read(fd, room, piece == 0 ? 1 : piece);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return failed(why, "read", path);
        }
        total += (size_t)n;
        if (total > limit || room == NULL || (piece == 0 && n > 0)) {
            return why_set(why, ERR_TOO_BIG, "%s pasa de %zu bytes, que es el límite / is larger than that",
                           path, limit);
        }
        if (n == 0) {
            return OK;
        }
        buf_grew(out, (size_t)n);
    }
}

enum err file_read(const char *path, size_t limit, struct buf *out, struct why *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return failed(why, "open", path);
    }
    size_t before = out->len;
    enum err err = read_all(fd, path, limit, out, why);
    close(fd);
    if (err != OK) {
        buf_truncate(out, before);
    }
    return err;
}

static enum err write_all(int fd, const char *path, struct span bytes, struct why *why)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.at, bytes.len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return failed(why, "write", path);
        }
        bytes = span_from(bytes, (size_t)n);
    }
    return OK;
}

/* Nobody changes it while a program runs. */
static mode_t process_umask(void)
{
    static mode_t mask;
    static bool known;
    if (!known) {
        mask = umask(0);
        umask(mask);
        known = true;
    }
    return mask;
}

static enum err write_to(const char *path, int flags, mode_t mode, struct span bytes, bool durable,
                         struct why *why)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, mode);
    if (fd < 0) {
        return failed(why, "create", path);
    }
    /* Whatever the umask; a cut writes thousands of files, and most umasks take nothing from them. */
    bool taken = (flags & O_EXCL) == 0 || (mode & process_umask()) != 0;
    enum err err = !taken || fchmod(fd, mode) == 0 ? OK : failed(why, "chmod", path);
    if (err == OK) {
        err = write_all(fd, path, bytes, why);
    }
    if (err == OK && durable && fsync(fd) != 0) {
        err = failed(why, "sync", path);
    }
    if (close(fd) != 0 && err == OK) {
        err = failed(why, "close", path);
    }
    if (err != OK) {
        unlink(path);
    }
    return err;
}

enum err file_write_new(const char *path, struct span bytes, struct why *why)
{
    return write_to(path, O_EXCL, FILE_MODE, bytes, false, why);
}

static enum err sync_parent(const char *path, struct why *why)
{
    char dir[FILE_PATH_MAX];
    int n = snprintf(dir, sizeof dir, "%s", path);
    assert(n > 0 && n < FILE_PATH_MAX);
    char *slash = strrchr(dir, '/');
    if (slash == NULL) {
        return folder_sync(".", why);
    }
    slash[slash == dir ? 1 : 0] = '\0';
    return folder_sync(dir, why);
}

static enum err write_over(const char *path, mode_t mode, struct span bytes, bool durable, struct why *why)
{
    char temporary[FILE_PATH_MAX];
    const char *slash = strrchr(path, '/');
    int folder = slash == NULL ? 0 : (int)(slash + 1 - path);
    int n =
        snprintf(temporary, sizeof temporary, "%.*s.%s.new-%d", folder, path, path + folder, (int)getpid());
    assert(n > 0 && n < FILE_PATH_MAX);
    TRY(write_to(temporary, O_TRUNC, mode, bytes, durable, why));
    if (rename(temporary, path) != 0) {
        enum err err = failed(why, "rename", path);
        unlink(temporary);
        return err;
    }
    return durable ? sync_parent(path, why) : OK;
}

enum err file_write(const char *path, struct span bytes, bool durable, struct why *why)
{
    return write_over(path, FILE_MODE, bytes, durable, why);
}

enum err file_write_given(const char *path, struct span bytes, struct why *why)
{
    struct stat found;
    if (lstat(path, &found) != 0 || S_ISREG(found.st_mode)) {
        return file_write(path, bytes, true, why);
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, FILE_MODE);
    if (fd < 0) {
        return failed(why, "open", path);
    }
    enum err err = write_all(fd, path, bytes, why);
    if (close(fd) != 0 && err == OK) {
        err = failed(why, "close", path);
    }
    return err;
}

enum err file_write_private(const char *path, struct span bytes, struct why *why)
{
    return write_over(path, FILE_MODE_PRIVATE, bytes, true, why);
}

static enum err with_open(const char *path, int flags, int (*call)(int fd), const char *what, struct why *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    if (fd < 0) {
        return failed(why, "open", path);
    }
    enum err err = call(fd) == 0 ? OK : failed(why, what, path);
    close(fd);
    return err;
}

enum err folder_sync(const char *path, struct why *why)
{
    return with_open(path, O_DIRECTORY, fsync, "sync", why);
}

enum err file_sync(const char *path, struct why *why)
{
    return with_open(path, 0, fdatasync, "sync", why);
}

enum err file_sync_all(const char *path, struct why *why)
{
    return with_open(path, 0, syncfs, "syncfs", why);
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

uint64_t file_free_bytes(const char *path)
{
    struct statvfs room;
    if (statvfs(path, &room) != 0) {
        return UINT64_MAX;
    }
    return (uint64_t)room.f_bavail * room.f_frsize;
}

enum err file_map(const char *path, struct mapped *out, struct why *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return failed(why, "open", path);
    }
    struct stat about;
    enum err err = fstat(fd, &about) == 0 ? OK : failed(why, "stat", path);
    if (err == OK && !S_ISREG(about.st_mode)) {
        err = why_set(why, ERR_IO, "%s no es un archivo regular / is not a regular file", path);
    }
    void *at = NULL;
    size_t len = err == OK ? (size_t)about.st_size : 0;
    if (len > 0) {
        /* No MAP_POPULATE: a fault brings sixteen pages, costs less than their share of it, and falls to the thread that reads. */
        at = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
        if (at == MAP_FAILED) {
            err = failed(why, "map", path);
        }
    }
    close(fd);
    if (err == OK) {
        out->bytes = span_of(at, len);
    }
    return err;
}

void file_unmap(struct mapped *mapped)
{
    if (mapped->bytes.len > 0) {
        munmap((void *)(uintptr_t)mapped->bytes.at, mapped->bytes.len);
    }
    *mapped = (struct mapped){{NULL, 0}};
}

enum err file_link_at(int from_folder, const char *from, int to_folder, const char *to)
{
    if (linkat(from_folder, from, to_folder, to, 0) == 0 || errno == EEXIST) {
        return OK;
    }
    return errno == ENOENT ? ERR_MISSING : ERR_IO;
}

enum err file_link(const char *from, const char *to, size_t limit, struct why *why)
{
    if (link(from, to) == 0 || errno == EEXIST) {
        return OK;
    }
    if (errno == ENOENT) {
        return ERR_MISSING;
    }
    struct buf bytes;
    buf_init(&bytes, 0);
    enum err err = file_read(from, limit, &bytes, why);
    err = err != OK ? err : file_write(to, buf_as_span(&bytes), false, why);
    buf_done(&bytes);
    return err;
}

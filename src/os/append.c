/* Growing files. A write that fails half way is undone by cutting the file back, so that the next one starts
 * at a known place; if even that fails the length that counts stays what it was and the next write goes over
 * it. */
#include "os/append.h"

#include "os/said.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err failed(struct why *why, const char *what, const char *path)
{
    int saved = errno;
    enum err err = saved == ENOSPC || saved == EDQUOT ? ERR_FULL : saved == ENOENT ? ERR_MISSING : ERR_IO;
    return said(why, err, what, path, saved);
}

enum err append_open(const char *path, struct append *out, struct why *why)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    struct stat about;
    if (fd < 0) {
        return failed(why, "open", path);
    }
    if (fchmod(fd, 0644) != 0 || fstat(fd, &about) != 0) {
        enum err err = failed(why, "open", path);
        close(fd);
        return err;
    }
    *out = (struct append){.fd = fd, .len = (uint64_t)about.st_size};
    return OK;
}

void append_close(struct append *append)
{
    if (append->fd >= 0) {
        close(append->fd);
    }
    *append = (struct append){.fd = -1};
}

enum err append_cut(struct append *append, uint64_t len, struct why *why)
{
    if (ftruncate(append->fd, (off_t)len) != 0) {
        return failed(why, "cut", "a growing file");
    }
    append->len = len;
    append->dirty = true;
    return OK;
}

enum err append_add(struct append *append, struct span bytes, struct why *why)
{
    size_t done = 0;
    while (done < bytes.len) {
        ssize_t n = pwrite(append->fd, bytes.at + done, bytes.len - done, (off_t)(append->len + done));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            enum err err = failed(why, "append to", "a growing file");
            int ignored = ftruncate(append->fd, (off_t)append->len);
            (void)ignored;
            return err;
        }
        done += (size_t)n;
    }
    append->len += bytes.len;
    append->dirty = true;
    return OK;
}

enum err append_sync(struct append *append, struct why *why)
{
    if (append->dirty && fdatasync(append->fd) != 0) {
        return failed(why, "sync", "a growing file");
    }
    append->dirty = false;
    return OK;
}

enum err file_read_from(const char *path, uint64_t offset, size_t limit, struct buf *out, struct why *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return failed(why, "open", path);
    }
    enum err err = OK;
    while (limit > 0) {
        size_t part = limit < 65536 ? limit : 65536;
        char *room = buf_room(out, part);
        ssize_t n = room == NULL ? 0 : pread(fd, room, part, (off_t)offset);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            err = room == NULL ? ERR_TOO_BIG : n < 0 ? failed(why, "read", path) : OK;
            break;
        }
        buf_grew(out, (size_t)n);
        offset += (uint64_t)n;
        limit -= (size_t)n;
    }
    close(fd);
    return err;
}

enum err file_rename(const char *from, const char *to, struct why *why)
{
    return rename(from, to) == 0 ? OK : failed(why, "rename", from);
}

enum err file_remove(const char *path, struct why *why)
{
    return unlink(path) == 0 || errno == ENOENT ? OK : failed(why, "remove", path);
}

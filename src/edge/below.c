/* Paths are resolved by os/resolve; what is left is to say what was wrong. */
#include "edge/below.h"

#include "os/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static enum err from_errno(void)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
        return ERR_MISSING;
    case ELOOP:
    case EXDEV:
    case EACCES:
        return ERR_REFUSED;
    case EMFILE:
    case ENFILE:
        return ERR_FULL;
    default:
        return ERR_IO;
    }
}

enum err below_open(int folder, const char *path, int *out, struct stat *info)
{
    int fd = resolve_open(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return from_errno();
    }
    if (fstat(fd, info) != 0 || !S_ISREG(info->st_mode)) {
        close(fd);
        errno = EINVAL; /* a folder, a pipe */
        return ERR_REFUSED;
    }
    *out = fd;
    return OK;
}

static enum err read_whole(int fd, size_t size, struct buf *out)
{
    while (size > 0) {
        char *room = buf_room(out, size);
        if (room == NULL) {
            return ERR_TOO_BIG;
        }
        ssize_t n = read(fd, room, size);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return ERR_IO; /* shorter than it was a moment ago, or unreadable */
        }
        buf_grew(out, (size_t)n);
        size -= (size_t)n;
    }
    return OK;
}

enum err below_read(int folder, const char *path, size_t limit, struct buf *out, struct why *why)
{
    int fd = -1;
    struct stat info;
    enum err err = below_open(folder, path, &fd, &info);
    if (err == ERR_MISSING) {
        return why_set(why, err, "%s: is not there", path);
    }
    if (err != OK) {
        return why_set(why, err, "%s: cannot be opened: %s", path, strerror(errno));
    }
    if ((uint64_t)info.st_size > limit) {
        close(fd);
        return why_set(why, ERR_TOO_BIG, "%s: larger than %zu bytes", path, limit);
    }
    err = read_whole(fd, (size_t)info.st_size, out);
    close(fd);
    return err == OK ? OK : why_set(why, err, "%s: cannot be read whole", path);
}

enum err below_folder(const char *path, int *fd, struct why *why)
{
    *fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return *fd >= 0 ? OK : why_set(why, ERR_MISSING, "folder %s: %s", path, strerror(errno));
}

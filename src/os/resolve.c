/* openat2(2): the kernel keeps the promise. Where a fence does not let it through (systemd's RestrictSUIDSGID= answers ENOSYS,
 * because a filter cannot see the mode in its argument; so do older containers), folder by folder, none of them through a link. */
#include "os/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STEP = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static bool is_link(int folder, const char *name)
{
    struct stat about;
    return fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(about.st_mode);
}

/* One name in a folder. A link is told from what is no folder, as openat2 does it. */
static int open_name(int folder, const char *name, int flags)
{
    int fd = openat(folder, name, flags | O_NOFOLLOW);
    if (fd < 0 && errno == ENOTDIR) {
        errno = is_link(folder, name) ? ELOOP : ENOTDIR;
    }
    return fd;
}

/* The name before the next slash, and what comes after it. */
static const char *first_name(char *path, char **rest)
{
    char *slash = strchr(path, '/');
    *rest = slash == NULL ? NULL : slash + strspn(slash, "/");
    if (slash != NULL) {
        *slash = '\0';
    }
    return *path == '\0' ? "." : path;
}

static int walk_to(int folder, char *path, int flags)
{
    int at = folder;
    for (char *rest = NULL;; path = rest) {
        const char *name = first_name(path, &rest);
        bool out = strcmp(name, "..") == 0;
        int fd = out ? -1 : open_name(at, name, rest == NULL ? flags | O_CLOEXEC : STEP);
        int saved = out ? EXDEV : errno;
        if (at != folder) {
            close(at);
        }
        errno = saved;
        if (fd < 0 || rest == NULL) {
            return fd;
        }
        at = fd;
    }
}

static int open_by_steps(int folder, const char *path, int flags)
{
    char copy[PATH_MAX];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof copy || path[0] == '/') {
        errno = len == 0 ? ENOENT : len >= sizeof copy ? ENAMETOOLONG : EXDEV;
        return -1;
    }
    memcpy(copy, path, len + 1);
    return walk_to(folder, copy, flags);
}

int resolve_open(int folder, const char *path, int flags)
{
    static atomic_bool fenced; /* a filter that is there does not go away */
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    int fd = fenced ? -1 : (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
    if (fd >= 0 || (!fenced && errno != ENOSYS && errno != EPERM)) {
        return fd;
    }
    fenced = fenced || errno == ENOSYS;
    return open_by_steps(folder, path, flags);
}

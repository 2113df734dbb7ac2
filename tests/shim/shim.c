/* A disk that forgets: an LD_PRELOAD library for the kill tests and the bench.
 *
 * It keeps, beside the tree that programs write, what of it would be there after the power went: the content of each
 * file as of its last fsync, fdatasync or syncfs, and the names in each folder as of the folder's last sync. Files that
 * were never synced are empty, names that were never synced are not there. tests/shim/crash.py lays the tree out so.
 *
 *   SHIM_ROOT     the tree, absolute; nothing outside is looked at
 *   SHIM_STATE    where the synced state is kept: on the same file system (inodes are pinned by hard links, so that
 *                 their numbers are not used again)
 *   SHIM_SYNC_MS  each sync takes so much longer (the bench; works without a tree)
 *   SHIM_LOG      a file to which each sync of a file adds "monotonic-nanoseconds size path" when it is done, the size as
 *                 it was when the sync began (the bench)
 *   SHIM_KILL     a file of eight bytes, a number N (little endian) that all programs count down together: before the N-th
 *                 call that changes or syncs something below the tree (but below a folder "run") the whole process group
 *                 is killed; N = 0 counts on and kills nobody
 *   SHIM_FULL     a file: while it is there and holds a number N, writes below the tree fail with ENOSPC once this
 *                 process has written N bytes (but below a folder "run", which lies on a disk of its own)
 *
 * Threads of one program keep one after the other, so that what is kept of a file never goes back.
 *
 * Inodes and folders are written aside and renamed, so a kill in the middle of a sync leaves the state before it. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { SETTLED_NS = 50 * 1000 * 1000, PATH_ROOM = PATH_MAX + 300 };

static const char *root, *state, *full_file, *log_file;
static size_t root_len;
static long sync_ms;
static _Atomic unsigned long long written;
static _Atomic long long *calls_left; /* calls until the end */
static pthread_mutex_t keeping = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void set_up(void)
{
    const char *ms = getenv("SHIM_SYNC_MS");
    root = getenv("SHIM_ROOT");
    state = getenv("SHIM_STATE");
    full_file = getenv("SHIM_FULL");
    log_file = getenv("SHIM_LOG");
    root_len = root == NULL ? 0 : strlen(root);
    sync_ms = ms == NULL ? 0 : strtol(ms, NULL, 10);
    const char *kill_file = getenv("SHIM_KILL");
    int fd = kill_file == NULL ? -1 : open(kill_file, O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        void *at = mmap(NULL, sizeof *calls_left, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        calls_left = at == MAP_FAILED ? NULL : at;
        close(fd);
    }
}

#define REAL(name)                                                                                           \
    static __typeof__(&name) real;                                                                           \
    if (real == NULL) {                                                                                      \
        *(void **)&real = dlsym(RTLD_NEXT, #name);                                                           \
    }

static bool below_root(const char *path)
{
    return root_len > 0 && strncmp(path, root, root_len) == 0 &&
           (path[root_len] == '/' || path[root_len] == '\0');
}

/* The path behind a descriptor; false when it is not below the tree (or removed already). */
static bool path_of(int fd, char path[PATH_ROOM])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX);
    if (n <= 0) {
        return false;
    }
    path[n] = '\0';
    return below_root(path) && strstr(path, " (deleted)") == NULL;
}

/* One more call on this path. */
static void step(const char *path)
{
    if (calls_left != NULL && below_root(path) && strstr(path, "/run/") == NULL && (*calls_left)-- == 1) {
        kill(0, SIGKILL);
        for (;;) {
            pause(); /* the others may be faster than our own end */
        }
    }
}

static void step_fd(int fd)
{
    char path[PATH_ROOM];
    int saved = errno;
    if (calls_left != NULL && fd > 2 && path_of(fd, path)) {
        step(path);
    }
    errno = saved;
}

static void aside(char out[PATH_ROOM])
{
    static unsigned long n;
    snprintf(out, PATH_ROOM, "%s/tmp/%d-%lu", state, (int)getpid(), n++);
}

static void pin(const char *path, ino_t inode)
{
    char to[PATH_ROOM];
    snprintf(to, sizeof to, "%s/pins/%llu", state, (unsigned long long)inode);
    linkat(AT_FDCWD, path, AT_FDCWD, to, AT_SYMLINK_FOLLOW);
}

static bool copy_bytes(int from, int to)
{
    static char bytes[1 << 16];
    off_t at = 0;
    for (;;) {
        ssize_t n = pread(from, bytes, sizeof bytes, at);
        if (n <= 0) {
            return n == 0;
        }
        for (ssize_t done = 0; done < n;) {
            long put = syscall(SYS_pwrite64, to, bytes + done, (size_t)(n - done), at + done);
            if (put <= 0) {
                return false;
            }
            done += put;
        }
        at += n;
    }
}

/* A file that was kept with this size and time, long enough after its last change that the clock tells. */
static bool kept_already(const char *shadow, const struct stat *live)
{
    struct stat kept;
    if (stat(shadow, &kept) != 0 || kept.st_size != live->st_size ||
        kept.st_mtim.tv_sec != live->st_mtim.tv_sec || kept.st_mtim.tv_nsec != live->st_mtim.tv_nsec) {
        return false;
    }
    long long ns = (kept.st_ctim.tv_sec - live->st_mtim.tv_sec) * 1000000000LL + kept.st_ctim.tv_nsec -
                   live->st_mtim.tv_nsec;
    return ns > SETTLED_NS;
}

static void keep_file(const char *path)
{
    char shadow[PATH_ROOM];
    char temporary[PATH_ROOM];
    struct stat live;
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0 || fstat(from, &live) != 0) {
        if (from >= 0) {
            close(from);
        }
        return;
    }
    snprintf(shadow, sizeof shadow, "%s/inodes/%llu", state, (unsigned long long)live.st_ino);
    if (!kept_already(shadow, &live)) {
        aside(temporary);
        int to = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        struct timespec times[2] = {live.st_atim, live.st_mtim};
        if (to >= 0 && copy_bytes(from, to)) {
            fchmod(to, live.st_mode & 07777);
            futimens(to, times);
            pin(path, live.st_ino);
            rename(temporary, shadow);
        }
        if (to >= 0) {
            close(to);
        }
    }
    close(from);
}

/* One line an entry: kind, inode, mode, name (the rest of the line). */
static void keep_folder(const char *path)
{
    char shadow[PATH_ROOM];
    char temporary[PATH_ROOM];
    struct stat own;
    DIR *dir = opendir(path);
    if (dir == NULL || fstat(dirfd(dir), &own) != 0) {
        if (dir != NULL) {
            closedir(dir);
        }
        return;
    }
    aside(temporary);
    FILE *out = fopen(temporary, "we");
    struct dirent *entry = NULL;
    while (out != NULL && (entry = readdir(dir)) != NULL) {
        struct stat about;
        char child[PATH_ROOM];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fstatat(dirfd(dir), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        char kind = S_ISDIR(about.st_mode)   ? 'd'
                    : S_ISREG(about.st_mode) ? 'f'
                    : S_ISLNK(about.st_mode) ? 'l'
                                             : '?';
        fprintf(out, "%c %llu %o %s\n", kind, (unsigned long long)about.st_ino, about.st_mode & 07777U,
                entry->d_name);
        if (kind == 'f' && snprintf(child, sizeof child, "%s/%s", path, entry->d_name) < (int)sizeof child) {
            pin(child, about.st_ino);
        }
    }
    if (out != NULL) {
        fclose(out);
        snprintf(shadow, sizeof shadow, "%s/dirs/%llu", state, (unsigned long long)own.st_ino);
        rename(temporary, shadow);
    }
    closedir(dir);
}

/* What was last changed a second before the last whole walk began was kept by it: a growing tree is not kept anew. */
static bool kept_by_walk(const struct stat *live, const struct stat *stamp)
{
    return live->st_mtim.tv_sec + 1 < stamp->st_mtim.tv_sec;
}

static void keep_tree(const char *path, const struct stat *stamp)
{
    struct stat own = {0};
    DIR *dir = opendir(path);
    struct dirent *entry = NULL;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char child[PATH_ROOM];
        struct stat about;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            snprintf(child, sizeof child, "%s/%s", path, entry->d_name) >= (int)sizeof child ||
            lstat(child, &about) != 0) {
            continue;
        }
        if (S_ISDIR(about.st_mode)) {
            keep_tree(child, stamp);
        } else if (S_ISREG(about.st_mode) && !kept_by_walk(&about, stamp)) {
            keep_file(child);
        }
    }
    if (dir != NULL) {
        if (fstat(dirfd(dir), &own) == 0 && !kept_by_walk(&own, stamp)) {
            keep_folder(path);
        }
        closedir(dir);
    }
}

/* The stamp's time is when the last walk that came to its end began. */
static void walk(void)
{
    char path[PATH_ROOM];
    struct stat stamp = {0};
    struct timespec begin[2];
    clock_gettime(CLOCK_REALTIME, &begin[0]);
    begin[1] = begin[0];
    snprintf(path, sizeof path, "%s/stamp", state);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || fstat(fd, &stamp) != 0 || stamp.st_size == 0) {
        stamp = (struct stat){0}; /* no walk has ended yet */
    }
    keep_tree(root, &stamp);
    if (fd >= 0) {
        if (stamp.st_mtim.tv_sec < begin[0].tv_sec && syscall(SYS_pwrite64, fd, "x", 1UL, 0L) == 1) {
            futimens(fd, begin);
        }
        close(fd);
    }
}

static void wait_a_little(void)
{
    struct timespec time = {sync_ms / 1000, sync_ms % 1000 * 1000000};
    if (sync_ms > 0) {
        nanosleep(&time, NULL);
    }
}

static long long size_of(int fd)
{
    struct stat about;
    return log_file != NULL && fstat(fd, &about) == 0 ? (long long)about.st_size : 0;
}

static void log_sync(int fd, long long size)
{
    char link[64];
    char path[PATH_ROOM];
    char line[PATH_ROOM + 64];
    struct timespec now;
    int log = log_file == NULL ? -1 : open(log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0) {
        return;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX);
    clock_gettime(CLOCK_MONOTONIC, &now);
    int len = snprintf(line, sizeof line, "%lld %lld %.*s\n", now.tv_sec * 1000000000LL + now.tv_nsec, size,
                       n < 0 ? 0 : (int)n, path);
    syscall(SYS_write, log, line, (size_t)len);
    close(log);
}

static int sync_one(int fd, long long size, int result)
{
    char path[PATH_ROOM];
    struct stat about;
    int saved = errno;
    wait_a_little();
    log_sync(fd, size);
    if (result == 0 && state != NULL && path_of(fd, path) && fstat(fd, &about) == 0) {
        pthread_mutex_lock(&keeping);
        if (S_ISDIR(about.st_mode)) {
            keep_folder(path);
        } else {
            keep_file(path);
        }
        pthread_mutex_unlock(&keeping);
    }
    errno = saved;
    return result;
}

/* With a tree to keep the real sync is left out: the kept state is what counts, and tests are fast. */
int fsync(int fd)
{
    REAL(fsync)
    step_fd(fd);
    long long size = size_of(fd);
    return sync_one(fd, size, state == NULL ? real(fd) : 0);
}

int fdatasync(int fd)
{
    REAL(fdatasync)
    step_fd(fd);
    long long size = size_of(fd);
    return sync_one(fd, size, state == NULL ? real(fd) : 0);
}

int syncfs(int fd)
{
    REAL(syncfs)
    step_fd(fd);
    int result = state == NULL ? real(fd) : 0;
    wait_a_little();
    if (state != NULL && root != NULL) {
        pthread_mutex_lock(&keeping);
        walk();
        pthread_mutex_unlock(&keeping);
    }
    return result;
}

/* A new folder may get the number of one that was removed: what was kept of that is forgotten. */
static void forget_folder(int at, const char *path)
{
    struct stat about;
    char shadow[PATH_ROOM];
    if (state != NULL && fstatat(at, path, &about, AT_SYMLINK_NOFOLLOW) == 0) {
        snprintf(shadow, sizeof shadow, "%s/dirs/%llu", state, (unsigned long long)about.st_ino);
        unlink(shadow);
    }
}

/* A folder that is removed stays, empty, beside the pinned files: were its number given to another one, what was kept
 * under it would be lost for a parent whose removal of it was never synced. */
static bool pin_folder(int at, const char *path)
{
    static _Atomic unsigned long n;
    char real_path[PATH_ROOM];
    char to[PATH_ROOM];
    int fd = state == NULL ? -1 : openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    bool pinned = dir != NULL && path_of(fd, real_path);
    struct dirent *entry = NULL;
    while (pinned && (entry = readdir(dir)) != NULL) {
        pinned = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    }
    if (dir != NULL) {
        closedir(dir);
    }
    snprintf(to, sizeof to, "%s/pins/folder-%d-%lu", state == NULL ? "" : state, (int)getpid(), n++);
    return pinned && renameat(at, path, AT_FDCWD, to) == 0;
}

int rmdir(const char *path)
{
    REAL(rmdir)
    return pin_folder(AT_FDCWD, path) ? 0 : real(path);
}

int unlinkat(int at, const char *path, int flags)
{
    REAL(unlinkat)
    return (flags & AT_REMOVEDIR) != 0 && pin_folder(at, path) ? 0 : real(at, path, flags);
}

int mkdir(const char *path, mode_t mode)
{
    REAL(mkdir)
    step(path);
    int result = real(path, mode);
    if (result == 0) {
        forget_folder(AT_FDCWD, path);
    }
    return result;
}

int mkdirat(int at, const char *path, mode_t mode)
{
    REAL(mkdirat)
    int result = real(at, path, mode);
    if (result == 0) {
        forget_folder(at, path);
    }
    return result;
}

/* How many of `len` bytes may be written now; -1: none, ENOSPC. */
static ssize_t room_for(int fd, size_t len)
{
    char path[PATH_ROOM];
    char text[32] = "";
    if (full_file == NULL) {
        return (ssize_t)len;
    }
    int saved = errno;
    int limit = open(full_file, O_RDONLY | O_CLOEXEC);
    if (limit < 0) {
        errno = saved;
        written = 0;
        return (ssize_t)len;
    }
    ssize_t n = read(limit, text, sizeof text - 1);
    close(limit);
    errno = saved;
    if (n < 0 || !path_of(fd, path) || strstr(path, "/run/") != NULL) {
        return (ssize_t)len;
    }
    unsigned long long most = strtoull(text, NULL, 10);
    if (written >= most) {
        errno = ENOSPC;
        return -1;
    }
    size_t left = (size_t)(most - written);
    len = len < left ? len : left;
    written += len;
    return (ssize_t)len;
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    REAL(write)
    step_fd(fd);
    ssize_t allowed = fd <= 2 ? (ssize_t)len : room_for(fd, len);
    return allowed < 0 ? -1 : real(fd, bytes, (size_t)allowed);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    REAL(pwrite)
    step_fd(fd);
    ssize_t allowed = room_for(fd, len);
    return allowed < 0 ? -1 : real(fd, bytes, (size_t)allowed, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    REAL(pwrite64)
    step_fd(fd);
    ssize_t allowed = room_for(fd, len);
    return allowed < 0 ? -1 : real(fd, bytes, (size_t)allowed, at);
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
    REAL(writev)
    return room_for(fd, 1) < 0 ? -1 : real(fd, parts, n);
}

int rename(const char *from, const char *to)
{
    REAL(rename)
    step(to);
    return real(from, to);
}

int fallocate(int fd, int mode, off_t at, off_t len)
{
    REAL(fallocate)
    return room_for(fd, (size_t)len) < 0 ? -1 : real(fd, mode, at, len);
}

/* Files: whole reads with a limit, atomic durable writes, folders. Paths are terminated strings. */
#ifndef OS_FILE_H
#define OS_FILE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>
#include <sys/types.h>

/* Appends a file's bytes, at most `limit` (ERR_TOO_BIG). ERR_MISSING when there is none. */
MUST_CHECK enum err file_read(const char *path, size_t limit, struct buf *out, struct why *why);

/* Writes a new file beside `path` (".NAME.new-PID": no part of a published tree) and renames it over: a reader sees the old one or the
 * new one, whole. With `durable` file and folder are synced before the return. Mode 0644 whatever the umask. */
MUST_CHECK enum err file_write(const char *path, struct span bytes, bool durable, struct why *why);
/* The same, durable, where a person named the path: what is there and is no plain file (a device, a pipe, a link) is written into
 * and never replaced. */
MUST_CHECK enum err file_write_given(const char *path, struct span bytes, struct why *why);
/* file_write without sync and without rename: for trees that are synced as a whole (file_sync_tree) and
 * renamed. */
MUST_CHECK enum err file_write_new(const char *path, struct span bytes, struct why *why);

/* The same with mode 0600, durable, for keys and what belongs to them. */
MUST_CHECK enum err file_write_private(const char *path, struct span bytes, struct why *why);

/* Gives a file that never changes a second name (a copy of at most `limit` bytes on another file system). It may be there
 * already. ERR_MISSING, without a sentence, when there is no such file. */
MUST_CHECK enum err file_link(const char *from, const char *to, size_t limit, struct why *why);

/* The same below open folders, for many files: no copy, ERR_IO (without a sentence) where only a copy would do. */
MUST_CHECK enum err file_link_at(int from_folder, const char *from, int to_folder, const char *to);

/* A folder to name files below; -1 may be closed too. ERR_MISSING. */
MUST_CHECK enum err folder_open(const char *path, int *fd, struct why *why);
void folder_close(int fd);

/* mkdir -p, mode 0755 whatever the umask. */
MUST_CHECK enum err folder_make(const char *path, struct why *why);
/* Removes a folder and all below it; a missing one is fine. Never follows symbolic links. */
MUST_CHECK enum err folder_remove(const char *path, struct why *why);
/* A folder that is there and holds nothing. */
bool folder_is_empty(const char *path);
/* Removes the empty folders below; the folder itself and every file stay. */
MUST_CHECK enum err folder_prune(const char *path, struct why *why);
/* Removes everything in a folder but the files named (a NULL-terminated list; they need not be there), in one step for whoever reads
 * it meanwhile, and for a crash. Where the system cannot exchange two folders: one file after the other, `mark` (or NULL) last. */
MUST_CHECK enum err folder_strip(const char *folder, const char *const *stay, const char *mark,
                                 struct why *why);
/* Below `parent`: what a crash left of one. */
MUST_CHECK enum err folder_strip_tidy(const char *parent, struct why *why);
MUST_CHECK enum err folder_sync(const char *path, struct why *why);
/* A file's bytes and length, whoever wrote them, are on disk. */
MUST_CHECK enum err file_sync(const char *path, struct why *why);
/* Everything written so far on the file system of `path` is on disk (one syncfs). */
MUST_CHECK enum err file_sync_all(const char *path, struct why *why);

/* Calls `each` with the relative path of every regular file below `dir`, in byte order of the whole path. */
typedef enum err (*file_visit)(void *arg, const char *relative, int64_t size);
MUST_CHECK enum err folder_walk(const char *dir, file_visit each, void *arg, struct why *why);

bool file_exists(const char *path);
/* Bytes free for us on the file system of `path`; UINT64_MAX when it cannot be told. */
uint64_t file_free_bytes(const char *path);

/* "a/b" into `out` (PATH_MAX); asserts that it fits. Returns out. */
enum { FILE_PATH_MAX = 4096 };
const char *path_join(char out[FILE_PATH_MAX], const char *dir, const char *name);

/* A file mapped for reading. len 0 maps nothing and is fine. */
struct mapped {
    struct span bytes;
};
MUST_CHECK enum err file_map(const char *path, struct mapped *out, struct why *why);
void file_unmap(struct mapped *mapped);

#endif

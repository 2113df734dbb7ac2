/* Changing what lies beneath one folder, and nothing else: every path is resolved beneath the folder and
 * through no link (os/resolve), so that whoever changes names meanwhile cannot lead us out of it. */
#ifndef OS_BENEATH_H
#define OS_BENEATH_H

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

/* A new file beside the one it replaces. Begun, filled, and given its name in one step; or dropped. */
struct beneath_file {
    int folder; /* where it will lie */
    int fd;
    char name[256];
    char temporary[64];
};
MUST_CHECK enum err beneath_begin(int root, const char *path, struct beneath_file *out, struct why *why);
MUST_CHECK enum err beneath_write(struct beneath_file *file, struct span bytes, struct why *why);
/* Mode and time are set, bytes and name are durable. */
MUST_CHECK enum err beneath_end(struct beneath_file *file, uint16_t mode, int64_t mtime_ns, struct why *why);
void beneath_drop(struct beneath_file *file);

MUST_CHECK enum err beneath_folder(int root, const char *path, struct why *why); /* there already is fine */
MUST_CHECK enum err beneath_link(int root, const char *path, const char *target, struct why *why);
/* Of a file or folder; a link in its place is refused. */
MUST_CHECK enum err beneath_mode(int root, const char *path, uint16_t mode, struct why *why);
MUST_CHECK enum err beneath_time(int root, const char *path, int64_t mtime_ns, struct why *why);

/* Moves whatever lies at `path` to the same path beneath another folder, whose folders are made. Across file systems
 * it is copied and then removed. ERR_MISSING: nothing is there. */
MUST_CHECK enum err beneath_move(int root, const char *path, int to, struct why *why);
/* The same for a file that stays where it is until it is replaced: a second name, or a copy. */
MUST_CHECK enum err beneath_keep(int root, const char *path, int to, struct why *why);

#endif

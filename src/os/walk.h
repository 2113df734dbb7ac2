/* A look at everything below a folder: folders, files, links and whatever else lies there, never through a link, and
 * in an order that does not depend on the disk (each folder's names in byte order). */
#ifndef OS_WALK_H
#define OS_WALK_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum walk_kind { WALK_FOLDER, WALK_FILE, WALK_LINK, WALK_OTHER };

struct walk_entry {
    const char *path; /* relative to where the walk began */
    const char *name; /* its last part, in `folder` */
    int folder;       /* open while the visit lasts */
    enum walk_kind kind;
    bool unread;   /* a folder that cannot be looked into */
    uint16_t mode; /* the twelve permission bits */
    int64_t mtime_ns;
    int64_t ctime_ns; /* the kernel's own: nobody sets it back */
    uint64_t size;
    uint64_t inode;
    const char *target; /* of links; "" otherwise */
};

/* A folder is visited before what lies in it. What vanishes in the middle is passed over. */
typedef enum err (*walk_visit)(void *arg, const struct walk_entry *entry);
/* `folder` is open (also O_PATH) and stays so. ERR_REFUSED: too deep; ERR_TOO_BIG: a path too long; ERR_IO. */
MUST_CHECK enum err walk_all(int folder, walk_visit each, void *arg, struct why *why);

/* Facts of one path, as a visit gives them (path and name are `path`). ERR_MISSING. */
MUST_CHECK enum err walk_facts(int folder, const char *path, struct walk_entry *out);

/* A file's facts again, to see whether it changed while it was read. */
struct walk_stamp {
    int64_t mtime_ns, ctime_ns;
    uint64_t size, inode;
};
/* Opens a visited file for reading: a regular file, not through a link, never waiting. ERR_MISSING: it is gone or another
 * thing now. ERR_REFUSED: it may not be read. */
MUST_CHECK enum err walk_open(const struct walk_entry *entry, int *fd, struct walk_stamp *stamp);
/* The open file is still as it was stamped. */
bool walk_same(int fd, const struct walk_stamp *stamp);
/* At most `max` bytes; 0 at the end. */
MUST_CHECK enum err walk_read(int fd, char *bytes, size_t max, size_t *n);
void walk_close(int fd);

#endif

/* A file that only grows: appends are whole or not at all, and a torn end is cut off when it is opened. */
#ifndef OS_APPEND_H
#define OS_APPEND_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>
#include <sys/types.h>

struct append {
    int fd;       /* -1: closed */
    uint64_t len; /* bytes that count */
    bool dirty;   /* something was written since the last sync */
};

/* Opens or makes it, mode 0644 whatever the umask. */
MUST_CHECK enum err append_open(const char *path, struct append *out, struct why *why);
/* Closed twice is fine. */
void append_close(struct append *append);
/* Cuts the end off. */
MUST_CHECK enum err append_cut(struct append *append, uint64_t len, struct why *why);
/* Writes at the end; on failure (ERR_FULL: no room) the file has the length it had. */
MUST_CHECK enum err append_add(struct append *append, struct span bytes, struct why *why);
MUST_CHECK enum err append_sync(struct append *append, struct why *why);

/* Appends to `out` a file's bytes from `offset` on, at most `limit`; nothing when it is shorter. ERR_MISSING.
 */
MUST_CHECK enum err file_read_from(const char *path, uint64_t offset, size_t limit, struct buf *out,
                                   struct why *why);
/* rename(2), and removal of one file (a missing one is fine). */
MUST_CHECK enum err file_rename(const char *from, const char *to, struct why *why);
MUST_CHECK enum err file_remove(const char *path, struct why *why);

#endif

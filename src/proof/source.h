/* Where a published tree is read from: a folder or a site. */
#ifndef PROOF_SOURCE_H
#define PROOF_SOURCE_H

#include "base/buf.h"
#include "base/err.h"
#include "os/file.h"

struct source;

/* A folder (a night's: its public/ is meant) or "http://…", "https://…". */
MUST_CHECK enum err source_open(const char *where, struct source **out, struct why *why);
void source_close(struct source *source);
/* Puts a file's bytes into `out` (cleared first). ERR_MISSING when there is none. Threads may read at once. */
MUST_CHECK enum err source_read(struct source *source, const char *path, size_t limit, struct buf *out,
                                struct why *why);
/* How often it was read, and the bytes that came. */
uint64_t source_reads(const struct source *source);
uint64_t source_bytes(const struct source *source);
bool source_is_folder(const struct source *source);
/* Folders only: every plain file; and whatever else lies there that is no folder (links, pipes). Nothing is followed. */
MUST_CHECK enum err source_walk(struct source *source, file_visit each, void *arg, struct why *why);
MUST_CHECK enum err source_walk_others(struct source *source, file_visit each, void *arg, struct why *why);

#endif

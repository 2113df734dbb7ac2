/* Files below one folder and nowhere else: opened through the folder's descriptor, without following a symbolic link
 * anywhere on the way, regular files only. */
#ifndef EDGE_BELOW_H
#define EDGE_BELOW_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>
#include <sys/stat.h>

/* The path is relative. ERR_MISSING, ERR_REFUSED (a link, a folder, a pipe, out of the folder), ERR_FULL
 * (descriptors), ERR_IO. */
MUST_CHECK enum err below_open(int folder, const char *path, int *fd, struct stat *stat);

/* Appends a whole file of at most `limit` bytes. */
MUST_CHECK enum err below_read(int folder, const char *path, size_t limit, struct buf *out, struct why *why);

/* The folder itself, for the others. */
MUST_CHECK enum err below_folder(const char *path, int *fd, struct why *why);

#endif

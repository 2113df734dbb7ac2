/* Bytes of files, kept by their SHA-256. */
#ifndef GUARD_OBJECTS_H
#define GUARD_OBJECTS_H

#include "doors/sealed_scan.h"
#include "guard/store.h"

struct keeping {
    const struct store *store;
    const char *const *paths; /* only what lies at or below these is kept, the rest hashed; n 0: everything */
    size_t n_paths;
    uint64_t kept; /* objects that were not there before */
};
/* scan_content that keeps what it reads; the argument is a struct keeping. A file that goes on changing is ERR_AGAIN, one that
 * cannot be read is ERR_REFUSED. */
MUST_CHECK enum err objects_keep(void *arg, const struct walk_entry *entry, struct sealed_entry *out,
                                 struct why *why);
/* `path` is one of these, or below one. */
bool path_among(struct span path, const char *const *paths, size_t n);

#endif

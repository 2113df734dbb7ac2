/* Where everything of the log lies in a night's folder. */
#ifndef LOGTREE_PATHS_H
#define LOGTREE_PATHS_H

#include "logtree/logtree.h"
#include "os/file.h"

struct logtree_paths {
    char election[FILE_PATH_MAX], ledger[FILE_PATH_MAX], public[FILE_PATH_MAX], clock[FILE_PATH_MAX];
    char status[FILE_PATH_MAX], key[FILE_PATH_MAX], state[FILE_PATH_MAX], state_dir[FILE_PATH_MAX];
    char proofs[FILE_PATH_MAX],
        copied[FILE_PATH_MAX]; /* proofs that wait for the copy, and that it has taken */
};

void logtree_paths(const struct logtree_options *options, struct logtree_paths *out);

#endif

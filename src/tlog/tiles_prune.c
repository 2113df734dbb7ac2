/* Partial tiles that nobody needs any more. */
#include "os/file.h"
#include "tlog/tiles.h"

#include <stdio.h>

enum {
    AFTER_FULL = 1,    /* partial tiles stay until so many full ones stand after theirs */
    SWEPT_AT_START = 4 /* tiles whose remains a process before us may have left */
};

void tiles_prune_begin(struct tiles_pruned *pruned, uint64_t size)
{
    for (unsigned l = 0; l < TILE_LEVELS; l++) {
        size /= TILE_HASHES;
        pruned->before[l] = size < SWEPT_AT_START ? 0 : size - SWEPT_AT_START;
    }
}

static enum err remove_partial(const char *dir, const char *level, uint64_t tile, struct why *why)
{
    char name[TILE_PATH_MAX];
    char below[TILE_PATH_MAX + 16];
    char path[FILE_PATH_MAX];
    tile_path(0, tile, TILE_HASHES, name); /* "tile/0/x001/234" */
    snprintf(below, sizeof below, "tile/%s/%s.p", level, name + sizeof "tile/0/" - 1);
    return folder_remove(path_join(path, dir, below), why);
}

enum err tiles_prune(const char *dir, struct tiles_pruned *pruned, uint64_t size, struct why *why)
{
    for (unsigned l = 0; l < TILE_LEVELS; l++) {
        char level[16];
        size /= TILE_HASHES; /* full tiles of this level */
        snprintf(level, sizeof level, "%u", l);
        for (; pruned->before[l] + AFTER_FULL < size; pruned->before[l]++) {
            TRY(remove_partial(dir, level, pruned->before[l], why));
            if (l == 0) {
                TRY(remove_partial(dir, "entries", pruned->before[l], why));
            }
        }
    }
    return OK;
}

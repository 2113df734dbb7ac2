/* Tiles that nobody needs any more, and such as nobody was promised. */
#include "os/append.h"
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

/* DIR/tile/LEVEL/N and, with a width below the full one, its partial tile. */
static const char *path_of(const char *dir, const char *level, uint64_t tile, unsigned width,
                           char out[FILE_PATH_MAX])
{
    char name[TILE_PATH_MAX];
    char below[TILE_PATH_MAX + 16];
    tile_path(0, tile, width, name);
    snprintf(below, sizeof below, "tile/%s/%s", level, name + sizeof "tile/0/" - 1);
    return path_join(out, dir, below);
}

/* The tile that grows: what is wider than `n`. The full one goes only where the partial one stands, as otherwise it has taken its
 * place. */
static enum err clear_growing(const char *dir, const char *level, uint64_t tile, unsigned n, struct why *why)
{
    char path[FILE_PATH_MAX];
    if (n == 0 || file_exists(path_of(dir, level, tile, n, path))) {
        TRY(file_remove(path_of(dir, level, tile, TILE_HASHES, path), why));
    }
    for (unsigned width = n + 1; width < TILE_HASHES; width++) {
        TRY(file_remove(path_of(dir, level, tile, width, path), why));
    }
    return OK;
}

/* Every tile from here on. */
static enum err clear_from(const char *dir, const char *level, uint64_t tile, struct why *why)
{
    for (;; tile++) {
        char full[FILE_PATH_MAX];
        char partial[FILE_PATH_MAX];
        path_of(dir, level, tile, TILE_HASHES, full);
        snprintf(partial, sizeof partial, "%.*s.p", FILE_PATH_MAX - 3, full);
        if (!file_exists(full) && !file_exists(partial)) {
            return OK;
        }
        TRY(file_remove(full, why));
        TRY(folder_remove(partial, why));
    }
}

static enum err clear_level(const char *dir, const char *level, uint64_t hashes, struct why *why)
{
    uint64_t growing = hashes / TILE_HASHES;
    TRY(clear_growing(dir, level, growing, (unsigned)(hashes % TILE_HASHES), why));
    return clear_from(dir, level, growing + 1, why);
}

enum err tiles_clear_beyond(const char *dir, uint64_t size, struct why *why)
{
    TRY(clear_level(dir, "entries", size, why));
    for (unsigned l = 0; l < TILE_LEVELS; l++, size /= TILE_HASHES) {
        const char level[] = {(char)('0' + l), '\0'};
        TRY(clear_level(dir, level, size, why));
    }
    return OK;
}

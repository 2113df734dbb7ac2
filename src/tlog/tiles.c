/* The tiles' writer: one growing tile a level in memory, files when a size is published. */
#include "tlog/tiles.h"

#include "os/file.h"

#include <assert.h>
#include <stdlib.h>

/* The growing tile of a level. Leaves [0, size) make floor(size / 256^L) hashes on level L. */
struct level {
    struct hash hashes[TILE_HASHES];
    uint64_t tile;    /* its number */
    unsigned n;       /* hashes in it, 0..255 once full ones are passed on */
    unsigned written; /* width of the partial tile that is on disk */
};

/* Full tiles that are complete and not on disk yet. */
struct full {
    unsigned level;
    uint64_t tile;
    struct hash hashes[TILE_HASHES];
};

struct tiles {
    char dir[FILE_PATH_MAX];
    struct level levels[TILE_LEVELS];
    struct merkle_edge edge;
    struct full *full;
    size_t n_full, cap_full;
};

static void keep_full(struct tiles *tiles, unsigned level)
{
    if (tiles->n_full == tiles->cap_full) {
        tiles->cap_full = tiles->cap_full == 0 ? 8 : tiles->cap_full * 2;
        struct full *moved = realloc(tiles->full, tiles->cap_full * sizeof *moved);
        if (moved == NULL) {
            abort();
        }
        tiles->full = moved;
    }
    struct full *full = &tiles->full[tiles->n_full++];
    full->level = level;
    full->tile = tiles->levels[level].tile;
    memcpy(full->hashes, tiles->levels[level].hashes, sizeof full->hashes);
}

/* The root over the 256 hashes of a full tile. */
static void tile_root(const struct hash *hashes, struct hash *out)
{
    struct hash row[TILE_HASHES];
    memcpy(row, hashes, sizeof row);
    for (unsigned n = TILE_HASHES; n > 1; n /= 2) {
        for (unsigned i = 0; i < n / 2; i++) {
            merkle_node(&row[2 * i], &row[2 * i + 1], &row[i]);
        }
    }
    *out = row[0];
}

static void level_add(struct tiles *tiles, unsigned level, const struct hash *hash)
{
    assert(level < TILE_LEVELS);
    struct level *at = &tiles->levels[level];
    at->hashes[at->n++] = *hash;
    if (at->n < TILE_HASHES) {
        return;
    }
    struct hash root;
    keep_full(tiles, level);
    tile_root(at->hashes, &root);
    at->tile++;
    at->n = 0;
    at->written = 0;
    level_add(tiles, level + 1, &root);
}

void tiles_add(struct tiles *tiles, const struct hash *leaf)
{
    merkle_edge_add(&tiles->edge, leaf);
    level_add(tiles, 0, leaf);
}

uint64_t tiles_size(const struct tiles *tiles)
{
    return tiles->edge.size;
}

void tiles_root(const struct tiles *tiles, struct hash *out)
{
    merkle_edge_root(&tiles->edge, out);
}

/* Immutable files: one that is there already has these bytes or is damaged, and is written again either way.
 */
static enum err write_tile(const struct tiles *tiles, unsigned level, uint64_t tile,
                           const struct hash *hashes, unsigned width, struct why *why)
{
    char name[TILE_PATH_MAX];
    char path[FILE_PATH_MAX];
    tile_path(level, tile, width, name);
    path_join(path, tiles->dir, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    TRY(folder_make(path, why));
    *slash = '/';
    return file_write(path, span_of((const char *)hashes, (size_t)width * HASH_LEN), false, why);
}

enum err tiles_publish(struct tiles *tiles, struct why *why)
{
    for (size_t i = 0; i < tiles->n_full; i++) {
        const struct full *full = &tiles->full[i];
        TRY(write_tile(tiles, full->level, full->tile, full->hashes, TILE_HASHES, why));
    }
    for (unsigned l = 0; l < TILE_LEVELS; l++) {
        struct level *level = &tiles->levels[l];
        if (level->n > level->written) {
            TRY(write_tile(tiles, l, level->tile, level->hashes, level->n, why));
        }
    }
    TRY(file_sync_all(tiles->dir, why));
    tiles->n_full = 0;
    for (unsigned l = 0; l < TILE_LEVELS; l++) {
        tiles->levels[l].written = tiles->levels[l].n;
    }
    return OK;
}

/* Reads the growing tile of every level back: the partial tile of this size, or the full one that has taken
 * its place. */
static enum err read_level(struct tiles *tiles, unsigned l, uint64_t hashes, struct why *why)
{
    struct level *level = &tiles->levels[l];
    level->tile = hashes / TILE_HASHES;
    level->n = level->written = (unsigned)(hashes % TILE_HASHES);
    if (level->n == 0) {
        return OK;
    }
    char name[TILE_PATH_MAX];
    struct buf bytes;
    buf_init(&bytes, 0);
    tile_path(l, level->tile, level->n, name);
    enum err err = tiles_fetch_folder(tiles->dir, name, &bytes, NULL);
    if (err == ERR_MISSING) {
        tile_path(l, level->tile, TILE_HASHES, name);
        err = tiles_fetch_folder(tiles->dir, name, &bytes, why);
    }
    if (err == OK && bytes.len < (size_t)level->n * HASH_LEN) {
        err = why_set(why, ERR_SYNTAX, "%s: too short", name);
    }
    if (err == OK) {
        memcpy(level->hashes, bytes.at, (size_t)level->n * HASH_LEN);
    }
    buf_done(&bytes);
    return err;
}

static enum err read_edge(struct tiles *tiles, uint64_t size, struct why *why)
{
    struct tiles_reader *reader = tiles_reader_new(size, tiles_fetch_folder, tiles->dir);
    enum err err = merkle_edge_of(size, tiles_read, reader, &tiles->edge);
    if (err != OK) {
        err = why_set(why, err, "%s", tiles_reader_why(reader)->text);
    }
    tiles_reader_free(reader);
    return err;
}

enum err tiles_open(const char *dir, uint64_t size, struct tiles **out, struct why *why)
{
    struct tiles *tiles = calloc(1, sizeof *tiles);
    if (tiles == NULL) {
        abort();
    }
    bool fits = span_copy(span_str(dir), tiles->dir, sizeof tiles->dir);
    assert(fits);
    enum err err = folder_make(dir, why);
    uint64_t hashes = size;
    for (unsigned l = 0; err == OK && l < TILE_LEVELS; l++, hashes /= TILE_HASHES) {
        err = read_level(tiles, l, hashes, why);
    }
    if (err == OK) {
        err = read_edge(tiles, size, why);
    }
    if (err != OK) {
        tiles_close(tiles);
        return err;
    }
    *out = tiles;
    return OK;
}

void tiles_close(struct tiles *tiles)
{
    if (tiles != NULL) {
        free(tiles->full);
        free(tiles);
    }
}

/* The tiles' reader: any complete subtree's root from the tile that holds it, with a few tiles kept. */
#include "os/file.h"
#include "tlog/tiles.h"

#include <stdlib.h>

enum { KEPT = 32 };

struct kept {
    bool used;
    unsigned level;
    uint64_t tile;
    unsigned n; /* hashes in it */
    struct hash hashes[TILE_HASHES];
};

struct tiles_reader {
    uint64_t size;
    tiles_fetch fetch;
    void *arg;
    struct kept kept[KEPT];
    unsigned next; /* the place that is given up next */
    struct why why;
};

struct tiles_reader *tiles_reader_new(uint64_t size, tiles_fetch fetch, void *arg)
{
    struct tiles_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        abort();
    }
    reader->size = size;
    reader->fetch = fetch;
    reader->arg = arg;
    return reader;
}

void tiles_reader_free(struct tiles_reader *reader)
{
    free(reader);
}

const struct why *tiles_reader_why(const struct tiles_reader *reader)
{
    return &reader->why;
}

enum err tiles_fetch_folder(void *arg, const char *path, struct buf *out, struct why *why)
{
    char full[FILE_PATH_MAX];
    return file_read(path_join(full, arg, path), (size_t)TILE_HASHES * HASH_LEN, out, why);
}

/* How many hashes of a tile the tree of this size has. */
static unsigned width_of(const struct tiles_reader *reader, unsigned level, uint64_t tile)
{
    uint64_t hashes = level >= TILE_LEVELS ? 0 : reader->size >> (8 * level);
    if (tile >= hashes / TILE_HASHES + 1) {
        return 0;
    }
    uint64_t left = hashes - tile * TILE_HASHES;
    return left > TILE_HASHES ? TILE_HASHES : (unsigned)left;
}

/* The partial tile of this size, or the full one that has taken its place since. */
static enum err fetch_tile(struct tiles_reader *reader, unsigned level, uint64_t tile, unsigned width,
                           struct buf *out)
{
    char path[TILE_PATH_MAX];
    tile_path(level, tile, width, path);
    enum err err = reader->fetch(reader->arg, path, out, width == TILE_HASHES ? &reader->why : NULL);
    if (err != OK && width < TILE_HASHES) {
        buf_clear(out);
        tile_path(level, tile, TILE_HASHES, path);
        err = reader->fetch(reader->arg, path, out, &reader->why);
    }
    if (err == OK && (out->len < (size_t)width * HASH_LEN || out->len % HASH_LEN != 0)) {
        err = why_set(&reader->why, ERR_SYNTAX, "%s: not %u hashes", path, width);
    }
    return err;
}

static enum err tile_of(struct tiles_reader *reader, unsigned level, uint64_t tile, const struct kept **out)
{
    for (int i = 0; i < KEPT; i++) {
        const struct kept *kept = &reader->kept[i];
        if (kept->used && kept->level == level && kept->tile == tile) {
            *out = kept;
            return OK;
        }
    }
    unsigned width = width_of(reader, level, tile);
    if (width == 0) {
        return why_set(&reader->why, ERR_RANGE, "tile %u/%llu is outside the tree", level,
                       (unsigned long long)tile);
    }
    struct buf bytes;
    buf_init(&bytes, 0);
    enum err err = fetch_tile(reader, level, tile, width, &bytes);
    if (err == OK) {
        struct kept *place = &reader->kept[reader->next];
        reader->next = (reader->next + 1) % KEPT;
        *place = (struct kept){.used = true, .level = level, .tile = tile, .n = width};
        memcpy(place->hashes, bytes.at, (size_t)width * HASH_LEN);
        *out = place;
    }
    buf_done(&bytes);
    return err;
}

enum err tiles_read(void *arg, unsigned level, uint64_t index, struct hash *out)
{
    struct tiles_reader *reader = arg;
    unsigned span = level % 8; /* the subtree spans 2^span hashes of the tile */
    uint64_t first = index << span;
    const struct kept *tile = NULL;
    TRY(tile_of(reader, level / 8, first / TILE_HASHES, &tile));
    unsigned n = 1U << span;
    unsigned from = (unsigned)(first % TILE_HASHES);
    if (from + n > tile->n) {
        return why_set(&reader->why, ERR_RANGE, "the subtree %u/%llu is not complete", level,
                       (unsigned long long)index);
    }
    struct hash row[TILE_HASHES / 2];
    memcpy(row, tile->hashes + from, n * sizeof row[0]);
    for (; n > 1; n /= 2) {
        for (unsigned i = 0; i < n / 2; i++) {
            merkle_node(&row[2 * i], &row[2 * i + 1], &row[i]);
        }
    }
    *out = row[0];
    return OK;
}

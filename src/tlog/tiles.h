/* Hash tiles (C2SP tlog-tiles): the tree on disk, in immutable files of up to 256 hashes.
 *
 *   DIR/tile/<L>/<N>          a full tile: 256 hashes, each the root of 256^L leaves
 *   DIR/tile/<L>/<N>.p/<W>    the last, partial tile of a published size: W hashes
 *
 * Only full tiles are hashed into the level above. The bundles of entries lie beside them in
 * DIR/tile/entries. */
#ifndef TLOG_TILES_H
#define TLOG_TILES_H

#include "base/buf.h"
#include "base/err.h"
#include "tlog/merkle.h"

enum { TILE_HASHES = 256, TILE_LEVELS = 8, TILE_PATH_MAX = 96 };

/* "tile/1/x001/234", "tile/0/273.p/112" (width 1..255), for a full tile width is 256. */
void tile_path(unsigned level, uint64_t tile, unsigned width, char out[TILE_PATH_MAX]);
/* "tile/entries/273.p/112" likewise. */
void tile_entries_path(uint64_t bundle, unsigned width, char out[TILE_PATH_MAX]);
/* Takes "<L>/<N>[.p/<W>]" (or "entries/<N>[.p/<W>]", *level -1) apart; only the one canonical spelling. */
MUST_CHECK enum err tile_path_parse(struct span path, int *level, uint64_t *tile, unsigned *width);

/* Writer: follows the ledger leaf by leaf, and makes the tiles of a size when a checkpoint needs them. */
struct tiles;
/* Starts from the tiles of `size` leaves in DIR (0: an empty tree). ERR_MISSING when one is not there. */
MUST_CHECK enum err tiles_open(const char *dir, uint64_t size, struct tiles **out, struct why *why);
void tiles_close(struct tiles *tiles);
uint64_t tiles_size(const struct tiles *tiles);
void tiles_add(struct tiles *tiles, const struct hash *leaf);
void tiles_root(const struct tiles *tiles, struct hash *out);
/* Writes what the present size needs and is not on disk yet: full tiles, then partial ones, then one sync.
 * After it a checkpoint of this size may be signed. */
MUST_CHECK enum err tiles_publish(struct tiles *tiles, struct why *why);

/* Retention: the partial tiles and bundles of a size that was published stay until the full tile after theirs stands; then who
 * still asks for one takes the full one (tlog-tiles). `size` is published. */
struct tiles_pruned {
    uint64_t before[TILE_LEVELS]; /* of tiles before this one nothing partial is left */
};
void tiles_prune_begin(struct tiles_pruned *pruned, uint64_t size);
MUST_CHECK enum err tiles_prune(const char *dir, struct tiles_pruned *pruned, uint64_t size, struct why *why);
/* At a start: removes the tiles and bundles of trees larger than `size`, the largest that a checkpoint was kept of. Nobody was promised
 * them, and after a loss of power they may have a name without their bytes. */
MUST_CHECK enum err tiles_clear_beyond(const char *dir, uint64_t size, struct why *why);

/* Reader: `fetch` gets a file's bytes by its path below DIR ("tile/0/000"); a folder's is tiles_fetch_folder
 * with the folder's path as argument. Pass the reader to merkle_prove_... through tiles_read. What comes out
 * is as true as the tiles are: check it against a signed root. */
typedef enum err (*tiles_fetch)(void *arg, const char *path, struct buf *out, struct why *why);
enum err tiles_fetch_folder(void *arg, const char *path, struct buf *out, struct why *why);

struct tiles_reader;
struct tiles_reader *tiles_reader_new(uint64_t size, tiles_fetch fetch, void *arg);
void tiles_reader_free(struct tiles_reader *reader);
enum err tiles_read(void *arg, unsigned level, uint64_t index, struct hash *out);
/* Why the last read failed. */
const struct why *tiles_reader_why(const struct tiles_reader *reader);

#endif

/* The press: makes a file of the tree with its gzip and brotli twins, and keeps the list of all for the
 * manifest. */
#ifndef CUT_PRESS_H
#define CUT_PRESS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "doors/manifest.h"
#include "wire/squeeze.h"

enum { TWIN_MIN = 200 }; /* shorter files have no twins */

/* Sizes and hashes of a file and its twins, enough for the manifest. */
struct pressed {
    uint8_t sha256[3][32]; /* plain, .gz, .br */
    uint64_t bytes[3];
    bool twins;
};

struct press {
    struct squeezer *squeezer;
    struct buf twins[2]; /* of the file pressed last: .gz, .br */
    struct manifest manifest;
    struct arena names; /* paths in the manifest */
    char made[8][256];  /* folders made lately, so that each is not made for every file */
    unsigned n_made;
};

void press_init(struct press *press, int gzip_level, int brotli_quality);
void press_done(struct press *press);
/* Forgets the list: a new cut begins. */
void press_clear(struct press *press);

/* Twins and hashes of some bytes; the twins stay in press->twins until the next. */
void press_bytes(struct press *press, struct span bytes, bool text, struct pressed *out);
/* Writes what was pressed last: `path`, and `path`.gz, `path`.br. Folders are made. */
MUST_CHECK enum err press_write(struct press *press, const char *path, struct span bytes,
                                const struct pressed *pressed, struct why *why);
/* Takes a file and its twins away again. */
void press_unwrite(const char *path);
/* Puts it on the manifest's list under its path from the root of the site. */
void press_list(struct press *press, const char *site_path, const struct pressed *pressed);

#endif

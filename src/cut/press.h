/* The press: makes a file of the tree with its gzip and brotli twins. */
#ifndef CUT_PRESS_H
#define CUT_PRESS_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/squeeze.h"

enum { TWIN_MIN = 200 }; /* shorter files have no twins */

/* What twins a file gets and how hard they are pressed, by who reads it (docs/decisions/twins.md). */
enum press_as {
    PRESS_PLAIN,    /* none: not text, or packed already */
    PRESS_FRONT,    /* what everybody opens: both, small */
    PRESS_AREA,     /* pages and data of one area, many and made anew in every cut: gzip, fast */
    PRESS_ROWS,     /* chunks of the table of actas: gzip */
    PRESS_DATABASE, /* the package's CSV: both */
    PRESS_KINDS
};

enum { ENCODINGS = 3 };
extern const char *const press_suffixes[ENCODINGS]; /* "", ".gz", ".br" */

/* Sizes and hashes of a file and its twins, enough for the manifest. */
struct pressed {
    uint8_t sha256[ENCODINGS][32]; /* plain, .gz, .br */
    uint64_t bytes[ENCODINGS];
    unsigned n; /* how many of them there are: 1 when it has no twins */
};

struct press {
    struct squeezer *squeezers[PRESS_KINDS]; /* made when they are first needed */
    struct buf twins[ENCODINGS - 1];         /* of the file pressed last: .gz, .br */
    char made[8][256]; /* folders made lately, so that each is not made for every file */
    unsigned n_made;
};

void press_init(struct press *press);
void press_done(struct press *press);
/* Forgets which folders it made: they may be gone. */
void press_forget(struct press *press);

/* Does the file get twins, and which? (`pressed.n`) */
unsigned press_encodings(enum press_as as, size_t bytes);
/* Twins and hashes of some bytes; the twins stay in press->twins until the next. */
void press_bytes(struct press *press, struct span bytes, enum press_as as, struct pressed *out);
/* The same for bytes whose own hash is in out->sha256[0] already. */
void press_hashed(struct press *press, struct span bytes, enum press_as as, struct pressed *out);
/* Writes what was pressed last: `path`, and `path`.gz, `path`.br. Folders are made. */
MUST_CHECK enum err press_write(struct press *press, const char *path, struct span bytes,
                                const struct pressed *pressed, struct why *why);
/* Takes a file and its twins away again. */
void press_unwrite(const char *path);

#endif

/* Draws synthetic actas for drills: a form like the printed one (docs/formats/acta-image.md), filled in by a
 * seeded hand, as a grayscale JPEG. Same form and seed: same bytes, with one version of libjpeg. It reads no
 * images. */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum {
    IMAGE_WIDTH = 880,
    IMAGE_HEIGHT = 1120,
    IMAGE_ROWS_MAX = 24, /* boxes of votes: more columns than these are left off the drawing */
    IMAGE_FIELDS = 5,
    IMAGE_LINES = 5,
    /* Where the boxes of votes are: row i's box has its upper left corner at (X, Y + i * STEP); a digit a
       cell. */
    IMAGE_BOX_X = 330,
    IMAGE_BOX_Y = 232,
    IMAGE_BOX_STEP = 36,
    IMAGE_CELL_W = 26,
    IMAGE_CELL_H = 32,
    IMAGE_FIELD_X = 700, /* the same for the five fields on the right */
    IMAGE_FIELD_Y = 232,
    IMAGE_FIELD_STEP = 72
};

/* What stands in a box. */
enum image_mark { IMAGE_NUMBER, IMAGE_SCRIBBLE, IMAGE_EMPTY, IMAGE_STRUCK };

struct image_box {
    struct span label;
    uint32_t value; /* at most 999,999; at least three digits are drawn, as on the form */
    uint8_t mark;   /* enum image_mark */
};

struct image_acta {
    struct span title;              /* "ACTA DE ESCRUTINIO Y CÓMPUTO ..." */
    struct span lines[IMAGE_LINES]; /* identification: entity, district, borough, section, station */
    struct image_box fields[IMAGE_FIELDS];
    struct image_box votes[IMAGE_ROWS_MAX];
    uint32_t n_votes;
    bool drill; /* SIMULACRO across the form */
};

/* Appends a JPEG of some 60 to 100 KB. */
void image_draw(const struct image_acta *acta, uint64_t seed, struct buf *out);

#endif

/* A sheet of gray pixels and what can be drawn on it: rectangles, lettering of a 5 x 7 font, digits and
 * scribbles of a pen. Private to this module. */
#ifndef IMAGE_CANVAS_H
#define IMAGE_CANVAS_H

#include "base/span.h"

#include <stdint.h>

struct canvas {
    uint8_t *at; /* width * height, 0 black to 255 white */
    int width;
    int height;
    uint64_t dice; /* the hand's state: everything uneven comes from here */
};

/* 0 <= result < n */
uint32_t canvas_dice(struct canvas *canvas, uint32_t n);

void canvas_fill(struct canvas *canvas, int x, int y, int w, int h, uint8_t gray);
void canvas_frame(struct canvas *canvas, int x, int y, int w, int h, int line, uint8_t gray);

/* Lettering of 6 x 8 cells times `scale`; accents are dropped, what the font lacks is left out. */
void canvas_text(struct canvas *canvas, int x, int y, int scale, uint8_t gray, struct span text);

/* A digit by hand inside a cell of w x h. */
void canvas_digit(struct canvas *canvas, int x, int y, int w, int h, unsigned digit);
/* An illegible figure, and a stroke through an empty cell. */
void canvas_scribble(struct canvas *canvas, int x, int y, int w, int h);
void canvas_strike(struct canvas *canvas, int x, int y, int w, int h);

/* Specks of dust and a fold of the paper. */
void canvas_dust(struct canvas *canvas, uint32_t specks);

#endif

/* The pen: digits as strokes of lines and arcs, drawn with a hand that is never twice the same. Integers
 * only, so that a seed gives the same picture everywhere. */
#include "image/canvas.h"

#include <assert.h>
#include <stddef.h>

/* A stroke's step in a field of 100 x 140, y downwards. Arcs go from one angle to another in 64ths of a
 * circle, 0 to the right, 16 down; MOVE lifts the pen. */
enum step_kind { END, MOVE, LINE, ARC };

struct step {
    int8_t kind;
    int16_t x, y;       /* MOVE, LINE: to; ARC: the middle */
    int16_t rx, ry;     /* ARC */
    int16_t from, upto; /* ARC */
};

#define MOVE_TO(x, y)                                                                                        \
    {                                                                                                        \
        MOVE, x, y, 0, 0, 0, 0                                                                               \
    }
#define LINE_TO(x, y)                                                                                        \
    {                                                                                                        \
        LINE, x, y, 0, 0, 0, 0                                                                               \
    }
#define ARC_OF(x, y, rx, ry, from, upto)                                                                     \
    {                                                                                                        \
        ARC, x, y, rx, ry, from, upto                                                                        \
    }

static const struct step digits[10][7] = {
    {ARC_OF(50, 70, 40, 66, 0, 64)},
    {MOVE_TO(24, 34), LINE_TO(54, 6), LINE_TO(54, 136), MOVE_TO(26, 136), LINE_TO(82, 136)},
    {ARC_OF(50, 44, 40, 40, 34, 71), LINE_TO(10, 136), LINE_TO(92, 136)},
    {ARC_OF(46, 39, 36, 35, 36, 79), ARC_OF(46, 102, 41, 35, 49, 92)},
    {MOVE_TO(70, 136), LINE_TO(70, 6), LINE_TO(8, 98), LINE_TO(96, 98)},
    {MOVE_TO(86, 6), LINE_TO(24, 6), LINE_TO(16, 66), ARC_OF(48, 92, 42, 44, 39, 91)},
    {ARC_OF(92, 92, 82, 86, 32, 45), ARC_OF(50, 94, 40, 42, 0, 64)},
    {MOVE_TO(8, 6), LINE_TO(92, 6), LINE_TO(38, 136)},
    {ARC_OF(50, 38, 34, 32, 0, 64), ARC_OF(50, 103, 41, 34, 0, 64)},
    {ARC_OF(50, 46, 40, 42, 0, 64), ARC_OF(8, 48, 82, 86, 0, 13)},
};

/* 1000 * cos of a quarter circle in 64ths. */
static const int16_t quarter[17] = {1000, 995, 981, 957, 924, 882, 831, 773, 707,
                                    634,  556, 471, 383, 290, 195, 98,  0};

static int cosine(int angle)
{
    angle &= 63;
    if (angle > 32) {
        angle = 64 - angle;
    }
    return angle <= 16 ? quarter[angle] : -quarter[32 - angle];
}

/* How the strokes' field lies on the canvas: in 16ths of a pixel. */
struct hand {
    struct canvas *canvas;
    int left, top;
    int wide, high; /* of the field's 100 and 140 */
    int slant;      /* to the left per 100 downwards */
    int thick;
    int x, y; /* the pen, 16ths */
};

/* A soft round nib of 7 x 7: how dark, in 255ths. */
static const uint8_t nibs[2][7][7] = {
    {{0, 0, 20, 50, 20, 0, 0},
     {0, 90, 215, 245, 215, 90, 0},
     {20, 215, 255, 255, 255, 215, 20},
     {50, 245, 255, 255, 255, 245, 50},
     {20, 215, 255, 255, 255, 215, 20},
     {0, 90, 215, 245, 215, 90, 0},
     {0, 0, 20, 50, 20, 0, 0}},
    {{0, 0, 0, 0, 0, 0, 0},
     {0, 20, 150, 200, 150, 20, 0},
     {0, 150, 255, 255, 255, 150, 0},
     {0, 200, 255, 255, 255, 200, 0},
     {0, 150, 255, 255, 255, 150, 0},
     {0, 20, 150, 200, 150, 20, 0},
     {0, 0, 0, 0, 0, 0, 0}},
};

static void dab(const struct hand *hand, int x, int y)
{
    struct canvas *canvas = hand->canvas;
    int left = (x >> 4) - 3, top = (y >> 4) - 3;
    if (left < 0 || top < 0 || left + 7 > canvas->width || top + 7 > canvas->height) {
        return;
    }
    for (int row = 0; row < 7; row++) {
        uint8_t *at = canvas->at + (ptrdiff_t)(top + row) * canvas->width + left;
        for (int column = 0; column < 7; column++) {
            uint8_t gray = (uint8_t)(255 - nibs[hand->thick][row][column] * 225 / 255);
            at[column] = gray < at[column] ? gray : at[column];
        }
    }
}

static int absolute(int value)
{
    return value < 0 ? -value : value;
}

static void draw_to(struct hand *hand, int x, int y)
{
    int dx = x - hand->x, dy = y - hand->y;
    int far = absolute(dx) > absolute(dy) ? absolute(dx) : absolute(dy);
    int steps = far / 28 + 1; /* dabs that overlap: the nib is wider than their distance */
    for (int i = 0; i <= steps; i++) {
        dab(hand, hand->x + dx * i / steps, hand->y + dy * i / steps);
    }
    hand->x = x;
    hand->y = y;
}

/* The field's (x, y) on the canvas. */
static void place(const struct hand *hand, int x, int y, int *out_x, int *out_y)
{
    *out_x = hand->left + x * hand->wide / 100 + (70 - y) * hand->slant * hand->wide / 10000;
    *out_y = hand->top + y * hand->high / 140;
}

static void draw_arc(struct hand *hand, const struct step *arc)
{
    for (int angle = arc->from; angle <= arc->upto; angle += 2) {
        int x, y;
        place(hand, arc->x + arc->rx * cosine(angle) / 1000, arc->y + arc->ry * cosine(angle - 16) / 1000, &x,
              &y);
        if (angle == arc->from) {
            hand->x = x;
            hand->y = y;
        }
        draw_to(hand, x, y);
    }
}

static int uneven(struct canvas *canvas, int most)
{
    return (int)canvas_dice(canvas, (uint32_t)(2 * most + 1)) - most;
}

static struct hand hand_in(struct canvas *canvas, int x, int y, int w, int h)
{
    struct hand hand = {.canvas = canvas, .thick = (int)canvas_dice(canvas, 2)};
    hand.wide = (w - 9) * 16 + uneven(canvas, 16);
    hand.high = (h - 9) * 16 + uneven(canvas, 20);
    hand.left = x * 16 + 72 + uneven(canvas, 12);
    hand.top = y * 16 + 72 + uneven(canvas, 16);
    hand.slant = uneven(canvas, 9);
    return hand;
}

void canvas_digit(struct canvas *canvas, int x, int y, int w, int h, unsigned digit)
{
    assert(digit < 10);
    struct hand hand = hand_in(canvas, x, y, w, h);
    for (const struct step *step = digits[digit]; step->kind != END; step++) {
        int to_x, to_y;
        if (step->kind == ARC) {
            draw_arc(&hand, step);
            continue;
        }
        place(&hand, step->x, step->y, &to_x, &to_y);
        if (step->kind == LINE) {
            draw_to(&hand, to_x, to_y);
        } else {
            hand.x = to_x;
            hand.y = to_y;
        }
    }
}

void canvas_scribble(struct canvas *canvas, int x, int y, int w, int h)
{
    struct hand hand = hand_in(canvas, x, y, w, h);
    hand.x = hand.left;
    hand.y = hand.top;
    for (int i = 0; i < 14; i++) {
        int to_x, to_y;
        place(&hand, (int)canvas_dice(canvas, 101), (int)canvas_dice(canvas, 141), &to_x, &to_y);
        draw_to(&hand, to_x, to_y);
    }
}

void canvas_strike(struct canvas *canvas, int x, int y, int w, int h)
{
    struct hand hand = hand_in(canvas, x, y, w, h);
    int to_x, to_y;
    place(&hand, 0, 74, &hand.x, &hand.y);
    place(&hand, 100, 66, &to_x, &to_y);
    draw_to(&hand, to_x, to_y);
}

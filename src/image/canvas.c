/* The sheet itself: rectangles, frames, dust. */
#include "image/canvas.h"

#include <stddef.h>

uint32_t canvas_dice(struct canvas *canvas, uint32_t n)
{
    /* splitmix64 */
    uint64_t z = (canvas->dice += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (uint32_t)(((z >> 32) * n) >> 32);
}

void canvas_fill(struct canvas *canvas, int x, int y, int w, int h, uint8_t gray)
{
    int right = x + w > canvas->width ? canvas->width : x + w;
    int bottom = y + h > canvas->height ? canvas->height : y + h;
    x = x < 0 ? 0 : x;
    y = y < 0 ? 0 : y;
    for (int row = y; row < bottom && x < right; row++) {
        memset(canvas->at + (ptrdiff_t)row * canvas->width + x, gray, (size_t)(right - x));
    }
}

void canvas_frame(struct canvas *canvas, int x, int y, int w, int h, int line, uint8_t gray)
{
    canvas_fill(canvas, x, y, w, line, gray);
    canvas_fill(canvas, x, y + h - line, w, line, gray);
    canvas_fill(canvas, x, y, line, h, gray);
    canvas_fill(canvas, x + w - line, y, line, h, gray);
}

void canvas_dust(struct canvas *canvas, uint32_t specks)
{
    /* A fold: one line of slightly darker paper across the sheet. */
    int fold = canvas->height / 3 + (int)canvas_dice(canvas, (uint32_t)canvas->height / 3);
    for (int x = 0; x < canvas->width; x++) {
        uint8_t *at = canvas->at + (ptrdiff_t)fold * canvas->width + x;
        *at = *at > 24 ? (uint8_t)(*at - 24) : 0;
    }
    for (uint32_t i = 0; i < specks; i++) {
        int x = (int)canvas_dice(canvas, (uint32_t)canvas->width),
            y = (int)canvas_dice(canvas, (uint32_t)canvas->height);
        canvas_fill(canvas, x, y, 1, 1, (uint8_t)(90 + canvas_dice(canvas, 130)));
    }
}

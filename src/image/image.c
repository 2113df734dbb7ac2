/* The form: where the fourteen boxes of a printed acta lie, and what is filled in. docs/formats/acta-image.md
 * has the drawing; the numbers of image.h are the part that readers depend on. */
#include "image/image.h"

#include "image/canvas.h"
#include "image/jpeg.h"

#include <assert.h>
#include <stdlib.h>

enum { PAPER = 252, INK = 30, PALE = 205, LINE = 90, SQUARE = 28, QUALITY = 30 };

static void draw_squares(struct canvas *canvas)
{
    int right = canvas->width - 16 - SQUARE, bottom = canvas->height - 16 - SQUARE;
    canvas_fill(canvas, 16, 16, SQUARE, SQUARE, 0);
    canvas_fill(canvas, right, 16, SQUARE, SQUARE, 0);
    canvas_fill(canvas, 16, bottom, SQUARE, SQUARE, 0);
    canvas_fill(canvas, right, bottom, SQUARE, SQUARE, 0);
}

static void draw_cells(struct canvas *canvas, int x, int y, const struct image_box *box)
{
    char digits[8];
    int n = 3;
    if (box->mark == IMAGE_NUMBER) {
        assert(box->value <= 999999);
        n = 0;
        for (uint32_t rest = box->value; rest > 0 || n < 3; rest /= 10) {
            digits[n++] = (char)(rest % 10);
        }
    }
    for (int i = 0; i < n; i++) {
        int left = x + i * IMAGE_CELL_W;
        canvas_frame(canvas, left, y, IMAGE_CELL_W, IMAGE_CELL_H, 1, PALE);
        if (box->mark == IMAGE_NUMBER) {
            canvas_digit(canvas, left, y, IMAGE_CELL_W, IMAGE_CELL_H, (unsigned)digits[n - 1 - i]);
        } else if (box->mark == IMAGE_SCRIBBLE) {
            canvas_scribble(canvas, left, y, IMAGE_CELL_W, IMAGE_CELL_H);
        } else if (box->mark == IMAGE_STRUCK) {
            canvas_strike(canvas, left, y, IMAGE_CELL_W, IMAGE_CELL_H);
        }
    }
}

static void number_box(struct canvas *canvas, int x, int y, int w, int h, const char *number,
                       const char *title)
{
    canvas_frame(canvas, x, y, w, h, 2, LINE);
    canvas_fill(canvas, x, y, 30, 20, LINE);
    canvas_text(canvas, x + 4, y + 4, 2, 255, span_str(number));
    canvas_text(canvas, x + 38, y + 4, 2, INK, span_str(title));
}

static void draw_head(struct canvas *canvas, const struct image_acta *acta)
{
    canvas_text(canvas, 60, 24, 2, INK, acta->title);
    number_box(canvas, 40, 56, 800, 140, "1", "IDENTIFICACION");
    for (int i = 0; i < IMAGE_LINES; i++) {
        canvas_text(canvas, 60, 82 + i * 22, 2, INK, acta->lines[i]);
    }
}

static void draw_votes(struct canvas *canvas, const struct image_acta *acta)
{
    int rows = (int)(acta->n_votes < IMAGE_ROWS_MAX ? acta->n_votes : IMAGE_ROWS_MAX);
    number_box(canvas, 40, 204, 460, rows * IMAGE_BOX_STEP + 30, "6", "RESULTADOS");
    for (int i = 0; i < rows; i++) {
        int y = IMAGE_BOX_Y + i * IMAGE_BOX_STEP;
        struct span label = acta->votes[i].label;
        label.len = label.len > 21 ? 21 : label.len;
        canvas_text(canvas, 60, y + 10, 2, INK, label);
        draw_cells(canvas, IMAGE_BOX_X, y, &acta->votes[i]);
    }
}

static void draw_fields(struct canvas *canvas, const struct image_acta *acta)
{
    static const char *const numbers[IMAGE_FIELDS] = {"2", "3", "4", "7", "="};
    for (int i = 0; i < IMAGE_FIELDS; i++) {
        int y = IMAGE_FIELD_Y + i * IMAGE_FIELD_STEP;
        number_box(canvas, 516, y - 28, 324, IMAGE_FIELD_STEP - 6, numbers[i], "");
        canvas_text(canvas, 554, y - 24, 2, INK, acta->fields[i].label);
        draw_cells(canvas, IMAGE_FIELD_X, y, &acta->fields[i]);
    }
}

/* Boxes that the PREP does not read: incidents, officials, representatives, protests, integration. */
static void draw_rest(struct canvas *canvas)
{
    static const char *const titles[][2] = {{"10", "INCIDENTES"},
                                            {"11", "FUNCIONARIAS"},
                                            {"12", "REPRESENTANTES"},
                                            {"13", "ESCRITOS DE PROTESTA"},
                                            {"14", "COPIA PARA EL PREP"}};
    for (int i = 0; i < 5; i++) {
        int y = 580 + i * 90;
        number_box(canvas, 516, y, 324, 84, titles[i][0], titles[i][1]);
        for (int line = 0; line < 2; line++) {
            canvas_fill(canvas, 530, y + 46 + line * 24, 296, 1, PALE);
        }
        /* A signature. */
        if (i == 1 || i == 2) {
            canvas_scribble(canvas, 560 + (int)canvas_dice(canvas, 120), y + 26, 90, 40);
        }
    }
}

void image_draw(const struct image_acta *acta, uint64_t seed, struct buf *out)
{
    size_t size = (size_t)IMAGE_WIDTH * IMAGE_HEIGHT;
    struct canvas canvas = {.at = malloc(size), .width = IMAGE_WIDTH, .height = IMAGE_HEIGHT, .dice = seed};
    assert(canvas.at != NULL);
    memset(canvas.at, PAPER - 8 + (int)canvas_dice(&canvas, 9), size);
    if (acta->drill) {
        canvas_text(&canvas, 62, 1058, 6, 190, SPAN("SIMULACRO SIN VALOR"));
    }
    draw_squares(&canvas);
    draw_head(&canvas, acta);
    draw_votes(&canvas, acta);
    draw_fields(&canvas, acta);
    draw_rest(&canvas);
    canvas_dust(&canvas, 400);
    jpeg_encode(&canvas, QUALITY, out);
    free(canvas.at);
}

/* Encodes with the integer DCT and fixed Huffman tables: the fast way, and the same bytes on every machine.
 * The compressor writes into the caller's buf; memory is its only possible failure and ends the process. */
#include "image/jpeg.h"

#include <assert.h>
#include <stdio.h>

#include <jpeglib.h>

/* libjpeg wants its output in pieces; these lie at the end of the buf. */
struct target {
    struct jpeg_destination_mgr door; /* first: libjpeg hands it back by this address */
    struct buf *out;
};

enum { PIECE = 65536 };

static void piece_open(j_compress_ptr jpeg)
{
    struct target *target = (struct target *)(void *)jpeg->dest;
    target->door.next_output_byte = (JOCTET *)(void *)buf_room(target->out, PIECE);
    target->door.free_in_buffer = PIECE;
}

static boolean piece_full(j_compress_ptr jpeg)
{
    /* By libjpeg's rule the whole piece is used, whatever free_in_buffer says. */
    struct target *target = (struct target *)(void *)jpeg->dest;
    buf_grew(target->out, PIECE);
    piece_open(jpeg);
    return TRUE;
}

static void piece_close(j_compress_ptr jpeg)
{
    struct target *target = (struct target *)(void *)jpeg->dest;
    buf_grew(target->out, PIECE - target->door.free_in_buffer);
}

void jpeg_encode(const struct canvas *canvas, int quality, struct buf *out)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct target target = {.out = out};
    assert(canvas->width % DCTSIZE == 0 && canvas->height % DCTSIZE == 0);
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    target.door.init_destination = piece_open;
    target.door.empty_output_buffer = piece_full;
    target.door.term_destination = piece_close;
    jpeg.dest = &target.door;
    jpeg.image_width = (JDIMENSION)canvas->width;
    jpeg.image_height = (JDIMENSION)canvas->height;
    jpeg.input_components = 1;
    jpeg.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, quality, TRUE);
    jpeg.dct_method = JDCT_IFAST;
    /* Raw rows go to the DCT as they are; libjpeg would otherwise copy gray to gray, pixel by pixel. */
    jpeg.raw_data_in = TRUE;
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW rows[DCTSIZE];
        JSAMPARRAY component = rows;
        for (int i = 0; i < DCTSIZE; i++) {
            rows[i] = canvas->at + (jpeg.next_scanline + (size_t)i) * (size_t)canvas->width;
        }
        (void)jpeg_write_raw_data(&jpeg, &component, DCTSIZE);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
}

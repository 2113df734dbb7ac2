/* gzip through libdeflate and brotli through its own library. Neither writes a name or a time, so the same
 * bytes and the same library version give the same twin. */
#include "wire/squeeze.h"

#include <assert.h>
#include <brotli/decode.h>
#include <brotli/encode.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>

/* The encoder takes and gives back the same few large tables for every file; from the system they would come as fresh
 * pages each time, which costs more than the compression of a small page. So what is given back is kept. */
enum { SPARES = 32 };
struct spare {
    size_t size;
};

struct squeezer {
    struct libdeflate_compressor *gzip;
    int quality;
    struct spare *spares[SPARES];
    int n_spares;
};

enum { SPARE_HEAD = 64 }; /* keeps the alignment of what follows */

static void *spare_take(void *opaque, size_t size)
{
    struct squeezer *squeezer = opaque;
    for (int i = 0; i < squeezer->n_spares; i++) {
        struct spare *spare = squeezer->spares[i];
        if (spare->size >= size && spare->size / 2 <= size) {
            squeezer->spares[i] = squeezer->spares[--squeezer->n_spares];
            return (char *)spare + SPARE_HEAD;
        }
    }
    struct spare *spare = malloc(size + SPARE_HEAD);
    assert(spare != NULL);
    spare->size = size;
    return (char *)spare + SPARE_HEAD;
}

static void spare_give(void *opaque, void *address)
{
    struct squeezer *squeezer = opaque;
    if (address == NULL) {
        return;
    }
    struct spare *spare = (struct spare *)(void *)((char *)address - SPARE_HEAD);
    if (squeezer->n_spares < SPARES) {
        squeezer->spares[squeezer->n_spares++] = spare;
    } else {
        free(spare);
    }
}

struct squeezer *squeezer_new(int gzip_level, int brotli_quality)
{
    assert(gzip_level >= 1 && gzip_level <= 12 && brotli_quality >= 0 &&
           brotli_quality <= BROTLI_MAX_QUALITY);
    struct squeezer *squeezer = calloc(1, sizeof *squeezer);
    assert(squeezer != NULL);
    squeezer->gzip = libdeflate_alloc_compressor(gzip_level);
    squeezer->quality = brotli_quality;
    assert(squeezer->gzip != NULL);
    return squeezer;
}

void squeezer_free(struct squeezer *squeezer)
{
    if (squeezer != NULL) {
        libdeflate_free_compressor(squeezer->gzip);
        for (int i = 0; i < squeezer->n_spares; i++) {
            free(squeezer->spares[i]);
        }
        free(squeezer);
    }
}

void squeeze_gzip(struct squeezer *squeezer, struct span in, struct buf *out)
{
    size_t bound = libdeflate_gzip_compress_bound(squeezer->gzip, in.len);
    char *room = buf_room(out, bound);
    if (room == NULL) {
        return;
    }
    size_t len = libdeflate_gzip_compress(squeezer->gzip, in.at, in.len, room, bound);
    assert(len > 0);
    buf_grew(out, len);
}

/* The smallest window that holds the input: the encoder's tables are sized by it. */
static int window_bits(size_t len)
{
    int bits = BROTLI_MIN_WINDOW_BITS;
    while (bits < BROTLI_DEFAULT_WINDOW && ((size_t)1 << bits) - 16 < len) {
        bits++;
    }
    return bits;
}

void squeeze_brotli(struct squeezer *squeezer, struct span in, struct buf *out)
{
    size_t len = BrotliEncoderMaxCompressedSize(in.len);
    char *room = buf_room(out, len);
    if (room == NULL) {
        return;
    }
    BrotliEncoderState *state = BrotliEncoderCreateInstance(spare_take, spare_give, squeezer);
    assert(state != NULL);
    BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, (uint32_t)squeezer->quality);
    BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, (uint32_t)window_bits(in.len));
    BrotliEncoderSetParameter(state, BROTLI_PARAM_MODE, BROTLI_MODE_TEXT);
    BrotliEncoderSetParameter(state, BROTLI_PARAM_SIZE_HINT,
                              in.len > UINT32_MAX ? UINT32_MAX : (uint32_t)in.len);
    const uint8_t *next = (const uint8_t *)in.at;
    uint8_t *at = (uint8_t *)room;
    size_t left = in.len;
    size_t space = len;
    BROTLI_BOOL done =
        BrotliEncoderCompressStream(state, BROTLI_OPERATION_FINISH, &left, &next, &space, &at, NULL);
    assert(done == BROTLI_TRUE && BrotliEncoderIsFinished(state));
    BrotliEncoderDestroyInstance(state);
    len -= space;
    buf_grew(out, len);
}

/* The length a gzip file gives itself (RFC 1952, ISIZE): a hint only, checked against the limit before any
 * room is made for it, and against the bytes that come out. */
static size_t gzip_promised(struct span in)
{
    const uint8_t *end = (const uint8_t *)in.at + in.len;
    return (size_t)end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16 | (size_t)end[-1] << 24;
}

enum err unsqueeze_gzip(struct span in, size_t limit, struct buf *out)
{
    if (in.len < 18) {
        return ERR_SYNTAX;
    }
    size_t promised = gzip_promised(in);
    /* deflate cannot pack more than 1032 to 1, so a larger promise is a lie and not worth the memory */
    if (promised > limit) {
        return ERR_TOO_BIG;
    }
    if (promised / 1032 > in.len) {
        return ERR_SYNTAX;
    }
    char *room = buf_room(out, promised + 1);
    if (room == NULL) {
        return ERR_TOO_BIG;
    }
    struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
    assert(decompressor != NULL);
    size_t used = 0;
    size_t made = 0;
    enum libdeflate_result result =
        libdeflate_gzip_decompress_ex(decompressor, in.at, in.len, room, promised, &used, &made);
    libdeflate_free_decompressor(decompressor);
    if (result != LIBDEFLATE_SUCCESS || used != in.len || made != promised) {
        return ERR_SYNTAX;
    }
    buf_grew(out, made);
    return OK;
}

enum { BROTLI_STEP = 65536 };

static enum err brotli_pour(BrotliDecoderState *state, struct span in, size_t limit, struct buf *out)
{
    const uint8_t *next = (const uint8_t *)in.at;
    size_t left = in.len;
    size_t made = 0;
    for (;;) {
        char *room = buf_room(out, BROTLI_STEP);
        if (room == NULL) {
            return ERR_TOO_BIG;
        }
        size_t space = BROTLI_STEP;
        uint8_t *at = (uint8_t *)room;
        BrotliDecoderResult result = BrotliDecoderDecompressStream(state, &left, &next, &space, &at, NULL);
        made += BROTLI_STEP - space;
        if (made > limit) {
            return ERR_TOO_BIG;
        }
        buf_grew(out, BROTLI_STEP - space);
        if (result == BROTLI_DECODER_RESULT_SUCCESS) {
            return left == 0 ? OK : ERR_SYNTAX;
        }
        if (result != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
            return ERR_SYNTAX;
        }
    }
}

enum err unsqueeze_brotli(struct span in, size_t limit, struct buf *out)
{
    BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    assert(state != NULL);
    size_t before = out->len;
    enum err err = brotli_pour(state, in, limit, out);
    BrotliDecoderDestroyInstance(state);
    if (err != OK) {
        buf_truncate(out, before);
    }
    return err;
}

const char *squeeze_versions(void)
{
    static char text[64];
    uint32_t brotli = BrotliEncoderVersion();
    snprintf(text, sizeof text, "libdeflate %s, brotli %u.%u.%u", LIBDEFLATE_VERSION_STRING, brotli >> 24,
             brotli >> 12 & 0xfff, brotli & 0xfff);
    return text;
}

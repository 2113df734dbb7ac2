/* libdeflate, and nothing but it. */
#include "archive/deflate.h"

#include "os/memory.h"

#include <libdeflate.h>
#include <stdlib.h>

uint32_t crc32_of(struct span bytes)
{
    return libdeflate_crc32(0, bytes.at, bytes.len);
}

static struct libdeflate_decompressor *inflater_new(void)
{
    struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
    if (inflater == NULL) {
        abort();
    }
    return inflater;
}

enum err inflate_raw(struct span packed, size_t size, struct buf *out)
{
    char *room = buf_room(out, size + 1); /* one more, so that an empty entry has room too */
    if (room == NULL) {
        return ERR_TOO_BIG;
    }
    memory_prepare(room, size);
    struct libdeflate_decompressor *inflater = inflater_new();
    size_t used = 0;
    enum libdeflate_result result =
        libdeflate_deflate_decompress_ex(inflater, packed.at, packed.len, room, size, &used, NULL);
    libdeflate_free_decompressor(inflater);
    if (result != LIBDEFLATE_SUCCESS || used != packed.len) {
        return ERR_SYNTAX;
    }
    buf_grew(out, size);
    return OK;
}

enum err inflate_gzip(struct span packed, size_t size, struct buf *out, size_t *used)
{
    char *room = buf_room(out, size + 1);
    if (room == NULL) {
        return ERR_TOO_BIG;
    }
    struct libdeflate_decompressor *inflater = inflater_new();
    size_t got = 0;
    enum libdeflate_result result =
        libdeflate_gzip_decompress_ex(inflater, packed.at, packed.len, room, size, used, &got);
    libdeflate_free_decompressor(inflater);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
        return ERR_TOO_BIG;
    }
    if (result != LIBDEFLATE_SUCCESS) {
        return ERR_SYNTAX;
    }
    buf_grew(out, got);
    return OK;
}

struct libdeflate_compressor *deflater_new(int level)
{
    struct libdeflate_compressor *deflater = libdeflate_alloc_compressor(level);
    if (deflater == NULL) {
        abort();
    }
    return deflater;
}

void deflater_free(struct libdeflate_compressor *deflater)
{
    libdeflate_free_compressor(deflater);
}

bool deflate_raw(struct libdeflate_compressor *deflater, struct span plain, struct buf *out)
{
    if (plain.len < 2) {
        return false;
    }
    char *room = buf_room(out, plain.len - 1);
    size_t got =
        room == NULL ? 0 : libdeflate_deflate_compress(deflater, plain.at, plain.len, room, plain.len - 1);
    if (got == 0) {
        return false;
    }
    buf_grew(out, got);
    return true;
}

/* The one door to libdeflate: raw deflate, gzip members, CRC-32. */
#ifndef ARCHIVE_DEFLATE_H
#define ARCHIVE_DEFLATE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

uint32_t crc32_of(struct span bytes);

/* Appends exactly `size` bytes. ERR_SYNTAX when the data is broken or holds fewer or more. */
MUST_CHECK enum err inflate_raw(struct span packed, size_t size, struct buf *out);
/* The same for one gzip member; *used is what it took of `packed`. ERR_TOO_BIG when it holds more than
 * `size`. */
MUST_CHECK enum err inflate_gzip(struct span packed, size_t size, struct buf *out, size_t *used);

struct libdeflate_compressor;
struct libdeflate_compressor *deflater_new(int level);
void deflater_free(struct libdeflate_compressor *deflater);
/* Appends the packed bytes when they are fewer than `plain`; false and untouched otherwise. */
bool deflate_raw(struct libdeflate_compressor *deflater, struct span plain, struct buf *out);

#endif

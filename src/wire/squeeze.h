/* Compression of published bytes: gzip (libdeflate) and brotli. Deterministic: no names, no times. */
#ifndef WIRE_SQUEEZE_H
#define WIRE_SQUEEZE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* Compressors are kept between calls; level 1..12. */
struct squeezer;
struct squeezer *squeezer_new(int gzip_level, int brotli_quality);
void squeezer_free(struct squeezer *squeezer);
void squeeze_gzip(struct squeezer *squeezer, struct span in, struct buf *out);
void squeeze_brotli(struct squeezer *squeezer, struct span in, struct buf *out);

/* Unpack with a limit on the result: ERR_TOO_BIG past it, ERR_SYNTAX when broken. */
MUST_CHECK enum err unsqueeze_gzip(struct span in, size_t limit, struct buf *out);
MUST_CHECK enum err unsqueeze_brotli(struct span in, size_t limit, struct buf *out);

/* "libdeflate 1.14, brotli 1.0.9" */
const char *squeeze_versions(void);

#endif

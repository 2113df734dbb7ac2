/* Binary as text: lower-case hex and RFC 4648 base64, both strict: one spelling a value. */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

/* Writes 2*len digits and a terminating zero. */
void hex_print(char *out, const uint8_t *bytes, size_t len);
/* Exactly 2*len digits, either case; ERR_SYNTAX otherwise. */
MUST_CHECK enum err hex_parse(struct span text, uint8_t *out, size_t len);

void base64_print(struct buf *out, const void *bytes, size_t len);
/* With padding, no blanks, trailing bits zero. Appends the bytes. ERR_SYNTAX otherwise. */
MUST_CHECK enum err base64_parse(struct span text, struct buf *out);

#endif

/* A buf is built text: it owns its bytes and grows. A failure to grow ends the process (out of memory is our
 * own trouble); a `limit`, when set, is remembered as the first failure and asked for once at the end. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct buf {
    char *at;
    size_t len;
    size_t cap;
    size_t limit; /* bytes it may hold, 0 for no limit */
    enum err err; /* ERR_TOO_BIG once the limit was met; later additions are dropped */
};

void buf_init(struct buf *buf, size_t limit);
void buf_done(struct buf *buf);
/* Forgets the text and the failure, keeps the memory. */
void buf_clear(struct buf *buf);
void buf_truncate(struct buf *buf, size_t len);

/* Room for `more` bytes at the end, NULL past the limit; follow with buf_grew. */
char *buf_room(struct buf *buf, size_t more);
void buf_grew(struct buf *buf, size_t more);

void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_char(struct buf *buf, char c);
void buf_str(struct buf *buf, const char *text);
void buf_span(struct buf *buf, struct span text);
void buf_u64(struct buf *buf, uint64_t number);
void buf_i64(struct buf *buf, int64_t number);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF(2, 3);

static inline struct span buf_as_span(const struct buf *buf)
{
    return span_of(buf->at, buf->len);
}

/* The text with a terminating zero that does not count; valid until the next change. */
const char *buf_cstr(struct buf *buf);

#endif

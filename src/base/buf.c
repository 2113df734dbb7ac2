/* Built text: one growing array, sticky failure at its limit. */
#include "base/buf.h"

#include "base/num.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *buf, size_t limit)
{
    *buf = (struct buf){.limit = limit};
}

void buf_done(struct buf *buf)
{
    free(buf->at);
    *buf = (struct buf){0};
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->err = OK;
}

void buf_truncate(struct buf *buf, size_t len)
{
    assert(len <= buf->len);
    buf->len = len;
}

char *buf_room(struct buf *buf, size_t more)
{
    if (buf->err != OK) {
        return NULL;
    }
    if (buf->limit != 0 && (more > buf->limit || buf->len > buf->limit - more)) {
        buf->err = ERR_TOO_BIG;
        return NULL;
    }
    size_t needed = buf->len + more;
    assert(needed >= buf->len);
    if (needed > buf->cap || buf->at == NULL) {
        size_t cap = buf->cap < 128 ? 128 : buf->cap;
        while (cap < needed) {
            cap += cap / 2 + 64;
        }
        char *moved = realloc(buf->at, cap);
        if (moved == NULL) {
            abort();
        }
        buf->at = moved;
        buf->cap = cap;
    }
    return buf->at + buf->len;
}

void buf_grew(struct buf *buf, size_t more)
{
    assert(buf->cap - buf->len >= more);
    buf->len += more;
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
    char *room = len == 0 ? NULL : buf_room(buf, len);
    if (room != NULL) {
        memcpy(room, bytes, len);
        buf->len += len;
    }
}

void buf_char(struct buf *buf, char c)
{
    char *room = buf_room(buf, 1);
    if (room != NULL) {
        *room = c;
        buf->len++;
    }
}

void buf_str(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_span(struct buf *buf, struct span text)
{
    buf_add(buf, text.at, text.len);
}

void buf_u64(struct buf *buf, uint64_t number)
{
    char *room = buf_room(buf, NUM_U64_MAX);
    if (room != NULL) {
        buf->len += num_print_u64(room, number);
    }
}

void buf_i64(struct buf *buf, int64_t number)
{
    if (number < 0) {
        buf_char(buf, '-');
        buf_u64(buf, (uint64_t)0 - (uint64_t)number);
    } else {
        buf_u64(buf, (uint64_t)number);
    }
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    /* Most of the time it fits into what is there already, and one pass is enough. */
    size_t spare = buf->err == OK ? buf->cap - buf->len : 0;
    int needed = vsnprintf(spare == 0 ? NULL : buf->at + buf->len, spare, format, args);
    va_end(args);
    assert(needed >= 0);
    char *room = buf_room(buf, (size_t)needed + 1);
    if (room != NULL) {
        if ((size_t)needed >= spare) {
            vsnprintf(room, (size_t)needed + 1, format, again);
        }
        buf->len += (size_t)needed;
    }
    va_end(again);
}

const char *buf_cstr(struct buf *buf)
{
    size_t limit = buf->limit;
    enum err err = buf->err;
    buf->limit = 0;
    buf->err = OK;
    char *end = buf_room(buf, 1);
    *end = '\0';
    buf->limit = limit;
    buf->err = err;
    return buf->at;
}

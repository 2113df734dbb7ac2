/* Chunked bodies (RFC 9112 §7.1), one byte of framing at a time. Extensions and trailers are refused: nobody
 * who sends to us needs them, and they are where readers disagree. */
#include "wire/http1.h"

/* 0xfffffff bytes in one chunk are more than any listener of ours takes in a body. */
enum { SIZE_DIGITS_MAX = 7 };

enum { AT_SIZE, AT_SIZE_LF, AT_DATA, AT_DATA_CR, AT_DATA_LF, AT_LAST_CR, AT_LAST_LF, AT_END };

static int hex_digit(unsigned char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum err size_byte(struct http1_chunked *chunked, unsigned char c)
{
    int digit = hex_digit(c);
    if (digit < 0) {
        if (c != '\r' || chunked->digits == 0) {
            return ERR_SYNTAX;
        }
        chunked->state = AT_SIZE_LF;
        return OK;
    }
    if (++chunked->digits > SIZE_DIGITS_MAX) {
        return ERR_TOO_BIG;
    }
    chunked->left = chunked->left * 16 + (unsigned)digit;
    return OK;
}

/* The bytes that must stand exactly so, and what follows them. */
static const struct {
    unsigned char byte;
    uint8_t next;
} fixed[] = {
    [AT_DATA_CR] = {'\r', AT_DATA_LF},
    [AT_DATA_LF] = {'\n', AT_SIZE},
    [AT_LAST_CR] = {'\r', AT_LAST_LF},
    [AT_LAST_LF] = {'\n', AT_END},
};

static enum err framing_byte(struct http1_chunked *chunked, unsigned char c, const struct buf *out)
{
    if (chunked->state == AT_SIZE) {
        return size_byte(chunked, c);
    }
    if (chunked->state == AT_SIZE_LF) {
        if (c != '\n') {
            return ERR_SYNTAX;
        }
        /* Refused before it is sent, not after it has filled the room. */
        if (out->limit != 0 && chunked->left > out->limit - out->len) {
            return ERR_TOO_BIG;
        }
        chunked->state = chunked->left > 0 ? AT_DATA : AT_LAST_CR;
        return OK;
    }
    if (c != fixed[chunked->state].byte) {
        return ERR_SYNTAX;
    }
    chunked->state = fixed[chunked->state].next;
    if (chunked->state == AT_SIZE) {
        chunked->digits = 0;
        chunked->left = 0;
    }
    return OK;
}

enum err http1_chunked_feed(struct http1_chunked *chunked, struct span bytes, size_t *used, struct buf *out)
{
    size_t at = 0;
    enum err err = OK;
    while (err == OK && chunked->state != AT_END && at < bytes.len) {
        if (chunked->state != AT_DATA) {
            err = framing_byte(chunked, (unsigned char)bytes.at[at], out);
            at += err == OK;
            continue;
        }
        size_t take = bytes.len - at < chunked->left ? bytes.len - at : (size_t)chunked->left;
        buf_add(out, bytes.at + at, take);
        err = out->err;
        at += take;
        chunked->left -= take;
        chunked->state = chunked->left == 0 ? AT_DATA_CR : AT_DATA;
    }
    *used = at;
    if (err != OK) {
        return err;
    }
    return chunked->state == AT_END ? OK : ERR_AGAIN;
}

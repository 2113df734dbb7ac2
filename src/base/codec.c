/* Hex and base64, strict both ways. */
#include "base/codec.h"

static const char HEX[] = "0123456789abcdef";
static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void hex_print(char *out, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = HEX[bytes[i] >> 4];
        out[2 * i + 1] = HEX[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

/* A digit's value plus one; 0 for what is none. */
static const uint8_t HEX_DIGITS[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

static unsigned hex_digit(char c)
{
    return HEX_DIGITS[(unsigned char)c];
}

enum err hex_parse(struct span text, uint8_t *out, size_t len)
{
    if (text.len != 2 * len) {
        return ERR_SYNTAX;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (hex_digit(text.at[i]) == 0) {
            return ERR_SYNTAX;
        }
    }
    for (size_t i = 0; i < len; i++) {
        unsigned high = hex_digit(text.at[2 * i]) - 1;
        out[i] = (uint8_t)(high << 4 | (hex_digit(text.at[2 * i + 1]) - 1));
    }
    return OK;
}

void base64_print(struct buf *out, const void *bytes, size_t len)
{
    const uint8_t *in = bytes;
    char *room = buf_room(out, (len + 2) / 3 * 4);
    if (room == NULL) {
        return;
    }
    char *to = room;
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        uint32_t group = (uint32_t)in[i] << 16;
        group |= left > 1 ? (uint32_t)in[i + 1] << 8 : 0;
        group |= left > 2 ? in[i + 2] : 0;
        *to++ = BASE64[group >> 18];
        *to++ = BASE64[group >> 12 & 63];
        *to++ = left > 1 ? BASE64[group >> 6 & 63] : '=';
        *to++ = left > 2 ? BASE64[group & 63] : '=';
    }
    buf_grew(out, (size_t)(to - room));
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* One group of four characters into one to three bytes; 0 when it is not canonical. */
static size_t base64_group(const char *in, bool last, uint8_t bytes[3])
{
    size_t digits = 4;
    if (last) {
        digits = in[3] != '=' ? 4 : in[2] != '=' ? 3 : 2;
    }
    uint32_t group = 0;
    for (size_t i = 0; i < 4; i++) {
        int digit = i < digits ? base64_digit(in[i]) : 0;
        if (digit < 0) {
            return 0;
        }
        group = group << 6 | (uint32_t)digit;
    }
    bytes[0] = (uint8_t)(group >> 16);
    bytes[1] = (uint8_t)(group >> 8);
    bytes[2] = (uint8_t)group;
    uint32_t unused = digits == 4 ? 0 : digits == 3 ? group & 0xff : group & 0xffff;
    return unused != 0 ? 0 : digits - 1;
}

enum err base64_parse(struct span text, struct buf *out)
{
    if (text.len % 4 != 0) {
        return ERR_SYNTAX;
    }
    size_t start = out->len;
    for (size_t i = 0; i < text.len; i += 4) {
        uint8_t bytes[3];
        size_t n = base64_group(text.at + i, i + 4 == text.len, bytes);
        if (n == 0) {
            buf_truncate(out, start);
            return ERR_SYNTAX;
        }
        buf_add(out, bytes, n);
    }
    return out->err;
}

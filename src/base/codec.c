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

/* A digit's value plus 64; 0 for what is none. */
static const uint8_t BASE64_DIGITS[256] = {
    ['A'] = 64,  ['B'] = 65,  ['C'] = 66,  ['D'] = 67,  ['E'] = 68,  ['F'] = 69,  ['G'] = 70,  ['H'] = 71,
    ['I'] = 72,  ['J'] = 73,  ['K'] = 74,  ['L'] = 75,  ['M'] = 76,  ['N'] = 77,  ['O'] = 78,  ['P'] = 79,
    ['Q'] = 80,  ['R'] = 81,  ['S'] = 82,  ['T'] = 83,  ['U'] = 84,  ['V'] = 85,  ['W'] = 86,  ['X'] = 87,
    ['Y'] = 88,  ['Z'] = 89,  ['a'] = 90,  ['b'] = 91,  ['c'] = 92,  ['d'] = 93,  ['e'] = 94,  ['f'] = 95,
    ['g'] = 96,  ['h'] = 97,  ['i'] = 98,  ['j'] = 99,  ['k'] = 100, ['l'] = 101, ['m'] = 102, ['n'] = 103,
    ['o'] = 104, ['p'] = 105, ['q'] = 106, ['r'] = 107, ['s'] = 108, ['t'] = 109, ['u'] = 110, ['v'] = 111,
    ['w'] = 112, ['x'] = 113, ['y'] = 114, ['z'] = 115, ['0'] = 116, ['1'] = 117, ['2'] = 118, ['3'] = 119,
    ['4'] = 120, ['5'] = 121, ['6'] = 122, ['7'] = 123, ['8'] = 124, ['9'] = 125, ['+'] = 126, ['/'] = 127,
};

/* Groups of four digits each into three bytes; false when one has another character. */
static bool base64_groups(const char *in, size_t groups, char *to)
{
    const unsigned char *digits = (const unsigned char *)in;
    unsigned good = 64;
    for (size_t i = 0; i < groups; i++, digits += 4, to += 3) {
        unsigned a = BASE64_DIGITS[digits[0]];
        unsigned b = BASE64_DIGITS[digits[1]];
        unsigned c = BASE64_DIGITS[digits[2]];
        unsigned d = BASE64_DIGITS[digits[3]];
        good &= a & b & c & d;
        uint32_t group = (a & 63) << 18 | (b & 63) << 12 | (c & 63) << 6 | (d & 63);
        to[0] = (char)(group >> 16);
        to[1] = (char)(group >> 8);
        to[2] = (char)group;
    }
    return good != 0;
}

/* The last four characters into one to three bytes; 0 when they are not canonical. */
static size_t base64_last(const char *in, uint8_t bytes[3])
{
    size_t digits = in[3] != '=' ? 4 : in[2] != '=' ? 3 : 2;
    uint32_t group = 0;
    for (size_t i = 0; i < 4; i++) {
        uint32_t digit = i < digits ? BASE64_DIGITS[(unsigned char)in[i]] : 64;
        if (digit == 0) {
            return 0;
        }
        group = group << 6 | (digit & 63);
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
    if (text.len == 0) {
        return out->err;
    }
    uint8_t bytes[3];
    size_t groups = text.len / 4 - 1;
    size_t n = base64_last(text.at + groups * 4, bytes);
    if (n == 0) {
        return ERR_SYNTAX;
    }
    char *room = buf_room(out, groups * 3 + n);
    if (room == NULL) {
        return out->err;
    }
    if (!base64_groups(text.at, groups, room)) {
        return ERR_SYNTAX;
    }
    memcpy(room + groups * 3, bytes, n);
    buf_grew(out, groups * 3 + n);
    return out->err;
}

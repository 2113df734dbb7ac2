/* Percent-decoding and dot segments. Decoding happens once and before the segments are looked at, so "%2e%2e"
 * is ".."; an encoded slash is refused because readers disagree whether it separates. */
#include "wire/uri.h"

#include "base/buf.h"
#include "wire/lanes.h"

#include <endian.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char low = (char)(c | 0x20);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

static bool is_forbidden(unsigned char c)
{
    return c < 0x20 || c == 0x7f || c == '\\';
}

#define ONES UINT64_C(0x0101010101010101)

/* The top bit of every byte that is `c`; bytes after the first such one may show it too. */
static uint64_t bytes_that_are(uint64_t word, unsigned char c)
{
    uint64_t turned = word ^ ONES * c;
    return (turned - ONES) & ~turned & ONES * 0x80;
}

/* Eight bytes of a path; a slash before them has the top bit of `before`. Not zero: there may be something odd. */
static uint64_t odd_in(uint64_t word, uint64_t *before)
{
    uint64_t slashes = bytes_that_are(word, '/');
    uint64_t controls = (word - ONES * 0x20) & ~word & ONES * 0x80;
    uint64_t odd = controls | bytes_that_are(word, 0x7f) | bytes_that_are(word, '%') |
                   bytes_that_are(word, '\\') | (bytes_that_are(word, '.') & (slashes << 8 | *before >> 56));
    *before = slashes;
    return odd;
}

static bool is_plain_short(struct span path)
{
    uint64_t before = 0;
    uint64_t odd = 0;
    size_t i = 0;
    for (; i + 8 <= path.len; i += 8) {
        uint64_t word;
        memcpy(&word, path.at + i, 8);
        odd |= odd_in(le64toh(word), &before);
    }
    if (i < path.len) {
        char last[8] = "aaaaaaa";
        uint64_t word;
        for (size_t k = 0; i + k < path.len; k++) {
            last[k] = path.at[i + k];
        }
        last[7] = 'a';
        memcpy(&word, last, 8);
        odd |= odd_in(le64toh(word), &before);
    }
    return odd == 0;
}

/* Sixteen bytes of a path that do not begin it: lanes that are not zero may be odd. */
static lanes16 odd_lanes(const char *at)
{
    lanes16 bytes = lanes_at(at);
    lanes16 after_slash = (lanes16)(lanes_at(at - 1) == '/');
    return (lanes16)((bytes < 0x20) | (bytes == 0x7f) | (bytes == '%') | (bytes == '\\')) |
           ((lanes16)(bytes == '.') & after_slash);
}

/* True only when the path, which begins with a slash, is already as it should be: no percent sign, nothing forbidden, no
 * segment that begins with a dot. Almost every request; the few others that are so too lose nothing by going the long way. */
static bool is_plain(struct span path)
{
    if (path.len <= LANES) {
        return is_plain_short(path);
    }
    lanes16 odd = odd_lanes(path.at + path.len - LANES); /* the last ones, some of them twice */
    for (size_t i = 1; i + LANES <= path.len; i += LANES) {
        odd |= odd_lanes(path.at + i);
    }
    return !lanes_any(odd);
}

/* Whether any byte is one that no path may hold. */
static bool has_forbidden(const char *at, size_t len)
{
    lanes16 found = {0};
    size_t i = 0;
    for (; i + LANES <= len; i += LANES) {
        lanes16 bytes = lanes_at(at + i);
        found |= (lanes16)((bytes < 0x20) | (bytes == 0x7f) | (bytes == '\\'));
    }
    bool some = lanes_any(found);
    for (; i < len; i++) {
        some |= is_forbidden((unsigned char)at[i]);
    }
    return some;
}

/* The byte that "%xx" stands for; negative where it is none. */
static int escaped(const char *at, const char *end)
{
    int high = end - at > 2 ? hex_digit(at[1]) : -1;
    int low = end - at > 2 ? hex_digit(at[2]) : -1;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static enum err decode(struct span path, char *out, size_t *len, struct why *why)
{
    const char *at = path.at;
    const char *end = path.at + path.len;
    size_t n = 0;
    for (int escapes = 0; at < end; escapes++) {
        const char *next = memchr(at, '%', (size_t)(end - at));
        size_t run = (size_t)((next != NULL ? next : end) - at);
        memcpy(out + n, at, run);
        n += run;
        at += run;
        if (at == end) {
            break;
        }
        int c = escaped(at, end);
        if (c < 0 || c == '/') {
            return why_set(why, ERR_SYNTAX,
                           c < 0 ? "a percent sign without two hexadecimal digits"
                                 : "an encoded slash in a path");
        }
        if (escapes == URI_ESCAPES_MAX) {
            return why_set(why, ERR_TOO_BIG, "a path with more than %d escapes", URI_ESCAPES_MAX);
        }
        out[n++] = (char)c;
        at += 3;
    }
    if (has_forbidden(out, n)) {
        return why_set(why, ERR_SYNTAX, "a control byte or backslash in a path");
    }
    *len = n;
    return OK;
}

/* Takes "." and ".." out, in place (RFC 3986 §5.2.4, but going above the root is refused). */
static enum err remove_dots(char *text, size_t *len, struct why *why)
{
    size_t n = 0; /* text[0..n) is done and never ends in '/' */
    size_t i = 0;
    bool folder = false;
    for (int segments = 0; i < *len; segments++) {
        if (segments == URI_SEGMENTS_MAX) {
            return why_set(why, ERR_TOO_BIG, "a path to be resolved with more than %d segments",
                           URI_SEGMENTS_MAX);
        }
        const char *slash = memchr(text + i + 1, '/', *len - i - 1);
        size_t next = slash != NULL ? (size_t)(slash - text) : *len;
        struct span segment = span_of(text + i + 1, next - i - 1);
        folder = next == *len && (segment.len == 0 || span_is(segment, ".") || span_is(segment, ".."));
        if (span_is(segment, "..")) {
            if (n == 0) {
                return why_set(why, ERR_REFUSED, "a path that climbs above the root");
            }
            while (text[--n] != '/') {
            }
        } else if (!span_is(segment, ".") && !(folder && segment.len == 0)) {
            memmove(text + n, text + i, next - i);
            n += next - i;
        }
        i = next;
    }
    if (folder || n == 0) {
        text[n++] = '/';
    }
    *len = n;
    return OK;
}

enum err uri_path(struct span target, char room[URI_PATH_MAX], struct span *path, struct why *why)
{
    struct span rest = target;
    struct span text = span_cut(&rest, '?');
    if (text.len == 0 || text.at[0] != '/') {
        return why_set(why, ERR_SYNTAX, "a path that does not begin with a slash");
    }
    if (text.len > URI_PATH_MAX) {
        return why_set(why, ERR_TOO_BIG, "a path of more than %d bytes", URI_PATH_MAX);
    }
    if (is_plain(text)) {
        *path = text;
        return OK;
    }
    size_t len = 0;
    TRY(decode(text, room, &len, why));
    TRY(remove_dots(room, &len, why));
    *path = span_of(room, len);
    return OK;
}

void uri_print_path(struct span path, struct buf *out)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.at[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c != 0 && strchr("-._~/!$&'()*+,;=:@", c) != NULL);
        if (plain) {
            buf_char(out, (char)c);
        } else {
            buf_char(out, '%');
            buf_char(out, digits[c >> 4]);
            buf_char(out, digits[c & 15]);
        }
    }
}

/* A span is borrowed text: a pointer and a length, not terminated, owned by somebody else. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
    const char *at;
    size_t len;
};

/* A span over a string literal. */
#define SPAN(literal) ((struct span){"" literal, sizeof(literal) - 1})
/* printf("%.*s", SPAN_ARG(s)) */
#define SPAN_ARG(s) (int)(s).len, (s).at

static inline struct span span_of(const char *at, size_t len)
{
    return (struct span){at, len};
}

static inline struct span span_str(const char *text)
{
    return (struct span){text, strlen(text)};
}

/* memcmp(a, b, len) == 0, without a call for up to 16 bytes, as most keys and codes have: the first and the last 4 or 8 of
 * them. */
static inline bool bytes_equal(const char *a, const char *b, size_t len)
{
    if (len - 8 <= 8) {
        return memcmp(a, b, 8) == 0 && memcmp(a + len - 8, b + len - 8, 8) == 0;
    }
    if (len - 4 <= 4) {
        return memcmp(a, b, 4) == 0 && memcmp(a + len - 4, b + len - 4, 4) == 0;
    }
    if (len < 4) {
        return len == 0 || (a[0] == b[0] && a[len / 2] == b[len / 2] && a[len - 1] == b[len - 1]);
    }
    return memcmp(a, b, len) == 0;
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool span_is(struct span a, const char *text)
{
    return span_equal(a, span_str(text));
}

static inline bool span_starts(struct span a, struct span prefix)
{
    return a.len >= prefix.len && (prefix.len == 0 || memcmp(a.at, prefix.at, prefix.len) == 0);
}

static inline bool span_ends(struct span a, struct span suffix)
{
    return a.len >= suffix.len &&
           (suffix.len == 0 || memcmp(a.at + a.len - suffix.len, suffix.at, suffix.len) == 0);
}

/* Where it ends. Of an empty span that is where it begins, which may be nowhere: not even 0 is added to no pointer. */
static inline const char *span_end(struct span a)
{
    return a.len == 0 ? a.at : a.at + a.len;
}

/* The part from `from` on; empty when `from` is past the end. */
static inline struct span span_from(struct span a, size_t from)
{
    size_t skipped = from < a.len ? from : a.len;
    return skipped == 0 ? a : (struct span){a.at + skipped, a.len - skipped};
}

/* Less than, equal to or greater than zero, byte by byte, the shorter first. */
int span_compare(struct span a, struct span b);

/* Without spaces, tabs, CR and LF at both ends. */
struct span span_trim(struct span a);

/* Cuts `rest` at the first `separator`: returns what stands before it and leaves what stands after it.
 * Without a separator it returns everything and leaves an empty span with at == NULL. */
struct span span_cut(struct span *rest, char separator);

/* The next line of `rest`, without its LF. False when nothing is left. */
bool span_line(struct span *rest, struct span *line);

/* Copies into a terminated array; false (and "" in `out`) when it does not fit. */
bool span_copy(struct span a, char *out, size_t size);

#endif

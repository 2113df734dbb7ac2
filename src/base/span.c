/* Borrowed text: cutting, trimming and comparing without copying. */
#include "base/span.h"

int span_compare(struct span a, struct span b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter == 0 ? 0 : memcmp(a.at, b.at, shorter);
    if (order != 0) {
        return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span span_trim(struct span a)
{
    while (a.len > 0 && is_space(a.at[0])) {
        a.at++;
        a.len--;
    }
    while (a.len > 0 && is_space(a.at[a.len - 1])) {
        a.len--;
    }
    return a;
}

struct span span_cut(struct span *rest, char separator)
{
    struct span whole = *rest;
    const char *found = whole.len == 0 ? NULL : memchr(whole.at, separator, whole.len);
    if (found == NULL) {
        *rest = (struct span){NULL, 0};
        return whole;
    }
    size_t before = (size_t)(found - whole.at);
    *rest = span_of(found + 1, whole.len - before - 1);
    return span_of(whole.at, before);
}

bool span_line(struct span *rest, struct span *line)
{
    if (rest->len == 0) {
        return false;
    }
    struct span found = span_cut(rest, '\n');
    *line = found;
    return true;
}

bool span_copy(struct span a, char *out, size_t size)
{
    if (size == 0) {
        return false;
    }
    if (a.len >= size) {
        out[0] = '\0';
        return false;
    }
    if (a.len > 0) {
        memcpy(out, a.at, a.len);
    }
    out[a.len] = '\0';
    return true;
}

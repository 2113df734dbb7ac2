/* Names in tables, and Levenshtein's distance between them. */
#include "base/name.h"

#include <stdint.h>

int name_index(const char *const *names, size_t n, struct span name)
{
    for (size_t i = 0; i < n; i++) {
        if (span_is(name, names[i])) {
            return (int)i;
        }
    }
    return -1;
}

enum { NAME_MAX_LEN = 40 };

/* Levenshtein's distance of two short names: one row of the table, updated in place. */
static unsigned distance(struct span a, struct span b)
{
    b.len = b.len < NAME_MAX_LEN ? b.len : NAME_MAX_LEN;
    unsigned row[NAME_MAX_LEN + 1];
    for (unsigned j = 0; j <= b.len; j++) {
        row[j] = j;
    }
    for (size_t i = 0; i < a.len; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < b.len; j++) {
            unsigned changed = diagonal + (a.at[i] != b.at[j]);
            diagonal = row[j + 1];
            unsigned shorter = (row[j] < diagonal ? row[j] : diagonal) + 1;
            row[j + 1] = changed < shorter ? changed : shorter;
        }
    }
    return row[b.len];
}

const char *name_nearest(const char *const *names, size_t n, struct span name)
{
    struct span typed = span_of(name.at, name.len < NAME_MAX_LEN ? name.len : NAME_MAX_LEN);
    const char *best = names[0];
    unsigned least = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        unsigned far = distance(typed, span_str(names[i]));
        if (far < least) {
            least = far;
            best = names[i];
        }
    }
    return best;
}

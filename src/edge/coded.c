/* Fields from lines. */
#include "edge/coded.h"

#include "base/num.h"
#include "wire/hpack.h"

enum { NAME_MAX_LEN = 64 };

/* False when the line is none that HTTP/2 has. */
static bool split(struct span line, char room[NAME_MAX_LEN], struct span *name, struct span *value)
{
    *value = line;
    struct span key = span_cut(value, ':');
    if (value->at == NULL || key.len >= NAME_MAX_LEN) {
        return false;
    }
    for (size_t i = 0; i < key.len; i++) {
        char c = key.at[i];
        room[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    *name = span_of(room, key.len);
    *value = span_trim(*value);
    return !span_is(*name, "connection");
}

void coded_lines(struct span lines, struct buf *out)
{
    while (lines.len > 0) {
        char room[NAME_MAX_LEN];
        struct span name;
        struct span value;
        if (split(span_trim(span_cut(&lines, '\n')), room, &name, &value)) {
            hpack_put(out, name, value);
        }
    }
}

void coded_head(struct span head, uint16_t lead, uint16_t meta, struct buf out[CODED_PARTS])
{
    static const char *const own[] = {"ETag:", "Repr-Digest:", "Location:"};
    coded_lines(span_of(head.at + lead, meta - lead), &out[CODED_KIND]);
    struct span rest = span_from(head, meta);
    while (rest.len > 0) {
        struct span line = span_cut(&rest, '\n');
        enum coded_part part = CODED_REST;
        for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
            part = span_starts(line, span_str(own[i])) ? CODED_OWN : part;
        }
        coded_lines(line, &out[part]);
    }
}

void coded_length(struct buf *out, uint64_t length)
{
    char digits[NUM_U64_MAX];
    hpack_put_raw(out, HPACK_CONTENT_LENGTH, span_of(digits, num_print_u64(digits, length)));
}

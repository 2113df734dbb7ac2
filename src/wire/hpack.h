/* HPACK (RFC 7541): a decoder with bounds, and what an answer's encoder needs. Pure; the dynamic table's memory grows by need. */
#ifndef WIRE_HPACK_H
#define WIRE_HPACK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum { HPACK_TABLE_MAX = 4096, HPACK_FIELDS_MAX = 72, HPACK_TEXT_MAX = 16384, HPACK_STATIC = 61 };

/* Names by their number in the static table (RFC 7541, appendix A). */
enum hpack_name { HPACK_CONTENT_LENGTH = 28, HPACK_CONTENT_RANGE = 30 };

/* Entries lie one after the other, the newest last, each with its two lengths behind it. */
struct hpack_table {
    char *bytes;
    uint32_t used, cap;
    uint32_t size;  /* by RFC 7541 §4.1: with 32 for each entry */
    uint32_t limit; /* that the encoder chose, at most HPACK_TABLE_MAX */
    uint32_t n;
};
void hpack_init(struct hpack_table *table);
void hpack_done(struct hpack_table *table);

struct hpack_field {
    struct span name, value;
};

struct hpack_list {
    struct hpack_field fields[HPACK_FIELDS_MAX];
    uint32_t n;
    uint32_t size; /* name, value and 32 of every field, also of those that found no room */
    bool too_big;  /* more fields, or more text, than there is room for: what is there is not all */
    uint32_t text_len;
    char text[HPACK_TEXT_MAX];
};

/* Decodes a whole block. Spans lie in the block, in static memory or in the list. ERR_SYNTAX: a connection error, COMPRESSION_ERROR. */
MUST_CHECK enum err hpack_decode(struct hpack_table *table, struct span block, struct hpack_list *out);

/* Strings as RFC 7541 §5.2 has them, Huffman-coded. Appends the text; ERR_SYNTAX, ERR_TOO_BIG past `max`. */
MUST_CHECK enum err hpack_huffman(struct span coded, char *out, size_t max, size_t *len);

/* The other way: how long the coded text is, and the text. */
size_t hpack_huffman_len(struct span text);
void hpack_huffman_put(struct buf *out, struct span text);

/* A literal field that enters no table, Huffman-coded where that is shorter; names in lower case. Well-known names go by their number. */
void hpack_put(struct buf *out, struct span name, struct span value);
/* The same for a name of the static table by its number, and a short value as it is. */
void hpack_put_raw(struct buf *out, enum hpack_name name, struct span value);
void hpack_put_status(struct buf *out, int status);

#endif

/* CSV: a fast reader of delimited rows (borrowed fields) and the one-dialect writer. No I/O. */
#ifndef WIRE_CSV_H
#define WIRE_CSV_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum { CSV_FIELDS_MAX = 1024, CSV_NO_QUOTE = 256, CSV_BEHIND = 16 };

/* Reads rows of a text in memory. Row ends: LF, CRLF or CR. A quote is special only at a field's start; behind the closing
 * one further bytes are kept. An empty line is a row of one empty field. Most rows are given as they stand in the text. One
 * with doubled quotes and the like is put together in `scratch` first, and lives there until the next row is read. */
struct csv_reader;
struct csv_row;
typedef bool (*csv_plain_reader)(struct csv_reader *reader, struct csv_row *row, const char *end);

struct csv_reader {
    struct span rest;
    char separator;
    uint64_t row;      /* 1-based number of the row last read */
    bool unterminated; /* the text ended inside quotes or without a row end in the last row read */
    bool open_quote;   /* the text ended inside quotes */
    struct buf scratch;
    csv_plain_reader plain_row; /* the fastest this processor knows (csv_plain.h) */
};
void csv_reader_init(struct csv_reader *reader, struct span text, char separator);
void csv_reader_done(struct csv_reader *reader);

/* One row: field i lies between stops[i] and stops[i + 1], in quotes when its first byte is `quote`. */
struct csv_row {
    const char **stops; /* room for max + 1, at most CSV_FIELDS_MAX + 1 */
    size_t max;         /* fields past it are counted and not kept */
    size_t least;       /* a row of fewer fields has empty ones at its end, which are not counted */
    size_t n;           /* the row's real number of fields */
    int quote;          /* CSV_NO_QUOTE: quotes have been taken off already */
};

/* A field that is there (or empty for `least`). CSV_BEHIND bytes can be read from its first one on. */
static inline struct span csv_cell(const struct csv_row *row, size_t i)
{
    const char *at = row->stops[i] + 1;
    size_t quote = (unsigned char)*at == row->quote;
    return span_of(at + quote, (size_t)(row->stops[i + 1] - at) - 2 * quote);
}

/* The next row; ERR_AGAIN at the end. `stops`, `max` and `least` are the caller's. */
MUST_CHECK enum err csv_next_row(struct csv_reader *reader, struct csv_row *row);
/* The same, into fields[0..max); *n_fields is the row's real number of fields, also when it is above max. */
MUST_CHECK enum err csv_read_row(struct csv_reader *reader, struct span *fields, size_t max,
                                 size_t *n_fields);

/* The one dialect (docs/formats/package.md): comma, RFC 4180 quotes only where needed, LF. */
void csv_field(struct buf *out, struct span text, bool first);
void csv_field_u64(struct buf *out, uint64_t number, bool first);
void csv_end(struct buf *out);

#endif

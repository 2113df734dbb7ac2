/* CSV: a fast reader of delimited rows (borrowed fields) and the one-dialect writer. No I/O. */
#ifndef WIRE_CSV_H
#define WIRE_CSV_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

/* Reads rows of a text in memory. Fields borrow from the text, except quoted ones with doubled quotes (or
 * with bytes after the closing quote, which are kept), which are unescaped into `scratch` and live until the
 * next row. Row ends: LF, CRLF or CR. A quote is special only at a field's start. An empty line is a row of
 * one empty field. */
struct csv_reader {
    struct span rest;
    char separator;
    uint64_t row;      /* 1-based number of the row last read */
    bool unterminated; /* the text ended inside quotes or without a row end in the last row read */
    bool open_quote;   /* the text ended inside quotes */
    struct buf scratch;
    const char *block; /* the 64 bytes that were looked at last, and what of them was not used yet: */
    uint64_t marks;    /* where separators, row ends and quotes stand */
    uint64_t odd;      /* of these, row ends and quotes */
};
void csv_reader_init(struct csv_reader *reader, struct span text, char separator);
void csv_reader_done(struct csv_reader *reader);
/* Reads one row into fields[0..max); *n_fields is the row's real number of fields, also when it is above max.
 * ERR_AGAIN at the end. */
MUST_CHECK enum err csv_read_row(struct csv_reader *reader, struct span *fields, size_t max,
                                 size_t *n_fields);

/* The one dialect (docs/formats/package.md): comma, RFC 4180 quotes only where needed, LF. */
void csv_field(struct buf *out, struct span text, bool first);
void csv_field_u64(struct buf *out, uint64_t number, bool first);
void csv_end(struct buf *out);

#endif

/* CSV rows, read as they stand in the text where that can be (csv_plain.c) and put together byte by byte where not; and the
 * one-dialect writer. */
#include "wire/csv.h"

#include "wire/csv_plain.h"

#include <assert.h>

void csv_reader_init(struct csv_reader *reader, struct span text, char separator)
{
    *reader = (struct csv_reader){.rest = text, .separator = separator, .plain_row = csv_plain_best()};
    buf_init(&reader->scratch, 0);
}

void csv_reader_done(struct csv_reader *reader)
{
    buf_done(&reader->scratch);
}

/* The next separator or row end, or `end`. */
static const char *field_end(const struct csv_reader *reader, const char *at, const char *end)
{
    while (at < end && *at != reader->separator && *at != '\n' && *at != '\r') {
        at++;
    }
    return at;
}

/* Adds a field to the scratch, whose first byte, a quote, is at `at`; returns where it ends. */
static const char *add_quoted(struct csv_reader *reader, const char *at, const char *end)
{
    const char *from = at + 1;
    for (;;) {
        const char *quote = memchr(from, '"', (size_t)(end - from));
        if (quote == NULL) {
            reader->open_quote = true;
            buf_add(&reader->scratch, from, (size_t)(end - from));
            return end;
        }
        bool doubled = quote + 1 < end && quote[1] == '"';
        buf_add(&reader->scratch, from, (size_t)(quote - from) + doubled);
        from = quote + 1 + doubled;
        if (!doubled) {
            break;
        }
    }
    const char *stop = field_end(reader, from, end);
    buf_add(&reader->scratch, from, (size_t)(stop - from));
    return stop;
}

/* While a row is put together, its stops are places in the scratch, which may move. */
static void add_stop(struct csv_reader *reader, struct csv_row *row)
{
    row->n++;
    if (row->n <= row->max) {
        row->stops[row->n] = (const char *)(uintptr_t)reader->scratch.len;
    }
    buf_char(&reader->scratch, reader->separator);
}

static void finish_stops(struct csv_reader *reader, struct csv_row *row, size_t n)
{
    static const char behind[CSV_BEHIND];
    buf_add(&reader->scratch, behind, sizeof behind);
    for (size_t i = 1; i <= n && i <= row->max; i++) {
        row->stops[i] = reader->scratch.at + (uintptr_t)row->stops[i];
    }
    row->stops[0] = reader->scratch.at;
}

/* Byte by byte: the row is put together anew in the scratch. */
static __attribute__((noinline)) void read_odd_row(struct csv_reader *reader, struct csv_row *row,
                                                   const char *at, const char *end)
{
    row->n = 0;
    row->quote = CSV_NO_QUOTE;
    buf_clear(&reader->scratch);
    buf_char(&reader->scratch, reader->separator);
    for (;; at++) {
        if (at < end && *at == '"') {
            at = add_quoted(reader, at, end);
        } else {
            const char *stop = field_end(reader, at, end);
            buf_add(&reader->scratch, at, (size_t)(stop - at));
            at = stop;
        }
        add_stop(reader, row);
        if (at == end || *at != reader->separator) {
            break;
        }
    }
    csv_finish_row(reader, at, end);
    size_t n = row->n;
    while (row->n < row->least) {
        add_stop(reader, row);
    }
    finish_stops(reader, row, row->n);
    row->n = n;
}

enum err csv_next_row(struct csv_reader *reader, struct csv_row *row)
{
    if (reader->rest.len == 0) {
        return ERR_AGAIN;
    }
    const char *at = reader->rest.at;
    const char *end = at + reader->rest.len;
    reader->row++;
    if (__builtin_expect(!reader->plain_row(reader, row, end), 0)) {
        read_odd_row(reader, row, at, end);
    }
    return OK;
}

enum err csv_read_row(struct csv_reader *reader, struct span *fields, size_t max, size_t *n_fields)
{
    const char *stops[CSV_FIELDS_MAX + 1];
    struct csv_row row = {.stops = stops, .max = CSV_FIELDS_MAX};
    assert(max <= CSV_FIELDS_MAX);
    TRY(csv_next_row(reader, &row));
    for (size_t i = 0; i < row.n && i < max; i++) {
        fields[i] = csv_cell(&row, i);
    }
    *n_fields = row.n;
    return OK;
}

static bool needs_quotes(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == ',' || c == '"' || c == '\n' || c == '\r') {
            return true;
        }
    }
    return false;
}

void csv_field(struct buf *out, struct span text, bool first)
{
    if (!first) {
        buf_char(out, ',');
    }
    if (!needs_quotes(text)) {
        buf_span(out, text);
        return;
    }
    buf_char(out, '"');
    while (text.len > 0) {
        const char *quote = memchr(text.at, '"', text.len);
        size_t plain = quote == NULL ? text.len : (size_t)(quote - text.at) + 1;
        buf_add(out, text.at, plain);
        if (quote != NULL) {
            buf_char(out, '"');
        }
        text = span_from(text, plain);
    }
    buf_char(out, '"');
}

void csv_field_u64(struct buf *out, uint64_t number, bool first)
{
    if (!first) {
        buf_char(out, ',');
    }
    buf_u64(out, number);
}

void csv_end(struct buf *out)
{
    buf_char(out, '\n');
}

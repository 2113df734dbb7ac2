/* CSV rows. Separators and row ends are found 64 bytes at a time (one bit a byte), so that a field costs a
 * few instructions and no call: a night's database has a million fields and is read while somebody waits. */
#include "wire/csv.h"

#include <assert.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { BLOCK = 64 };

void csv_reader_init(struct csv_reader *reader, struct span text, char separator)
{
    *reader = (struct csv_reader){.rest = text, .separator = separator};
    buf_init(&reader->scratch, 0);
}

void csv_reader_done(struct csv_reader *reader)
{
    buf_done(&reader->scratch);
}

/* Where the first mark stands; of at least one. */
static inline unsigned first_of(uint64_t marks)
{
    return (unsigned)__builtin_ctzll(marks);
}

/* What stands at `at`, which has 64 bytes: sets marks and odd. */
static inline void marks_of(struct csv_reader *reader, const char *at)
{
    uint64_t marks = 0;
    uint64_t odd = 0;
#if defined(__SSE2__)
    const __m128i separators = _mm_set1_epi8(reader->separator);
    const __m128i feeds = _mm_set1_epi8('\n');
    const __m128i returns = _mm_set1_epi8('\r');
    const __m128i quotes = _mm_set1_epi8('"');
#pragma GCC unroll 4
    for (int i = 0; i < BLOCK / 16; i++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + i * 16));
        __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, feeds), _mm_cmpeq_epi8(bytes, returns));
        __m128i some = _mm_or_si128(ends, _mm_cmpeq_epi8(bytes, quotes));
        __m128i hits = _mm_or_si128(some, _mm_cmpeq_epi8(bytes, separators));
        odd |= (uint64_t)(uint32_t)_mm_movemask_epi8(some) << (i * 16);
        marks |= (uint64_t)(uint32_t)_mm_movemask_epi8(hits) << (i * 16);
    }
#else
    for (int i = 0; i < BLOCK; i++) {
        uint64_t some = at[i] == '\n' || at[i] == '\r' || at[i] == '"';
        odd |= some << i;
        marks |= (some | (at[i] == reader->separator)) << i;
    }
#endif
    reader->marks = marks;
    reader->odd = odd;
}

/* The last bytes of a text are looked at in a padded copy. */
static __attribute__((noinline)) void marks_of_last(struct csv_reader *reader, const char *at, size_t left)
{
    char padded[BLOCK] = {0};
    memcpy(padded, at, left);
    marks_of(reader, padded);
    uint64_t inside = ((uint64_t)1 << left) - 1;
    reader->marks &= inside;
    reader->odd &= inside;
}

/* Makes `block` begin at `at`. */
static inline void block_load(struct csv_reader *reader, const char *at, const char *end)
{
    reader->block = at;
    size_t left = (size_t)(end - at);
    if (__builtin_expect(left >= BLOCK, 1)) {
        marks_of(reader, at);
    } else {
        marks_of_last(reader, at, left);
    }
}

/* Forgets the marks before `at`, which lies in the block or behind it; looks at the block of `at`. */
static inline void marks_from(struct csv_reader *reader, const char *at, const char *end)
{
    size_t skip = (size_t)(at - reader->block);
    if (reader->block == NULL || skip >= BLOCK) {
        block_load(reader, at, end);
        return;
    }
    reader->marks &= ~(uint64_t)0 << skip;
    reader->odd &= ~(uint64_t)0 << skip;
}

/* The next block: false at the end of the text. */
static inline bool block_next(struct csv_reader *reader, const char *end)
{
    if ((size_t)(end - reader->block) <= BLOCK) {
        return false;
    }
    block_load(reader, reader->block + BLOCK, end);
    return true;
}

/* Where the field being unescaped lies while the row is read; earlier ones move along when `scratch` does. */
static void scratch_add(struct csv_reader *reader, const char *at, size_t len, struct span *fields, size_t n)
{
    uintptr_t old = (uintptr_t)reader->scratch.at;
    size_t used = reader->scratch.len;
    buf_add(&reader->scratch, at, len);
    if (old == 0 || (uintptr_t)reader->scratch.at == old) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        uintptr_t offset = (uintptr_t)fields[i].at - old;
        if ((uintptr_t)fields[i].at >= old && offset <= used) {
            fields[i].at = reader->scratch.at + offset;
        }
    }
}

/* The next separator or row end, or `end`. */
static const char *field_end(const struct csv_reader *reader, const char *at, const char *end)
{
    while (at < end && *at != reader->separator && *at != '\n' && *at != '\r') {
        at++;
    }
    return at;
}

/* Reads a field whose first byte, a quote, is at `at`; returns where it ends. `fields` are the row's n before
 * it. */
static const char *quoted_field(struct csv_reader *reader, const char *at, const char *end,
                                struct span *fields, size_t n, struct span *field)
{
    const char *from = at + 1;
    size_t start = reader->scratch.len;
    bool copied = false;
    for (;;) {
        const char *quote = memchr(from, '"', (size_t)(end - from));
        if (quote == NULL) {
            reader->open_quote = true;
            quote = end;
        }
        bool doubled = quote != end && quote + 1 < end && quote[1] == '"';
        const char *stop = quote == end ? end : doubled ? quote + 2 : field_end(reader, quote + 1, end);
        bool plain = !copied && !doubled && (quote == end || stop == quote + 1);
        if (plain) {
            *field = span_of(from, (size_t)(quote - from));
            return stop;
        }
        copied = true;
        scratch_add(reader, from, (size_t)(quote - from) + doubled, fields, n);
        if (!doubled) {
            if (quote != end) {
                scratch_add(reader, quote + 1, (size_t)(stop - quote - 1), fields, n);
            }
            *field = span_of(reader->scratch.at + start, reader->scratch.len - start);
            return stop;
        }
        from = stop;
    }
}

/* Past the row's end: LF, CRLF or CR. */
static void finish_row(struct csv_reader *reader, const char *at, const char *end)
{
    reader->unterminated = at == end;
    if (at < end) {
        at += *at == '\r' && at + 1 < end && at[1] == '\n' ? 2 : 1;
    }
    reader->rest = span_of(at, (size_t)(end - at));
}

/* The row being read: fields past `max` are counted and not kept. */
struct row {
    struct span *fields;
    size_t max;
    size_t n;
    const char *at; /* where the field at hand begins */
};

static inline void row_add(struct row *row, struct span field)
{
    if (row->n < row->max) {
        row->fields[row->n] = field;
    }
    row->n++;
}

/* The fields that end before the next row end or quote: nearly all of them, so each costs a dozen instructions. */
static inline void plain_fields(const struct csv_reader *reader, struct row *row)
{
    const char *block = reader->block;
    const char *at = row->at;
    uint64_t marks = reader->marks & ((reader->odd & -reader->odd) - 1);
    if (__builtin_expect(row->n + BLOCK > row->max, 0)) {
        for (; marks != 0; marks &= marks - 1) {
            const char *stop = block + first_of(marks);
            row_add(row, span_of(at, (size_t)(stop - at)));
            at = stop + 1;
        }
    } else {
        struct span *field = row->fields + row->n;
        for (; marks != 0; marks &= marks - 1) {
            const char *stop = block + first_of(marks);
            *field++ = span_of(at, (size_t)(stop - at));
            at = stop + 1;
        }
        row->n = (size_t)(field - row->fields);
    }
    row->at = at;
}

/* The quote that closes the field opened by the first odd byte, when it stands in the same block or the next, before any
 * row end and not last of all; NULL otherwise. What follows it is not looked at. */
static inline const char *closing_quote(struct csv_reader *reader, const char *end)
{
    uint64_t behind = reader->odd & (reader->odd - 1);
    if (behind == 0) {
        if (!block_next(reader, end) || reader->odd == 0) {
            return NULL;
        }
        behind = reader->odd;
    }
    const char *quote = reader->block + first_of(behind);
    return *quote == '"' && quote + 1 < end ? quote : NULL;
}

/* A field that begins with a quote. */
static void take_quoted(struct csv_reader *reader, struct row *row, const char *end)
{
    const char *open = row->at;
    const char *quote = closing_quote(reader, end);
    const char *stop = quote == NULL ? NULL : quote + 1;
    struct span field;
    if (stop != NULL && (*stop == reader->separator || *stop == '\n' || *stop == '\r')) {
        field = span_of(open + 1, (size_t)(quote - open - 1));
    } else {
        stop = quoted_field(reader, open, end, row->fields, row->n < row->max ? row->n : row->max, &field);
    }
    row_add(row, field);
    row->at = stop;
}

enum err csv_read_row(struct csv_reader *reader, struct span *fields, size_t max, size_t *n_fields)
{
    if (reader->rest.len == 0) {
        return ERR_AGAIN;
    }
    const char *end = reader->rest.at + reader->rest.len;
    struct row row = {.fields = fields, .max = max, .at = reader->rest.at};
    reader->scratch.len = 0;
    reader->row++;
    marks_from(reader, row.at, end);
    for (;;) {
        plain_fields(reader, &row);
        if (reader->odd == 0) {
            if (block_next(reader, end)) {
                continue;
            }
            row_add(&row, span_of(row.at, (size_t)(end - row.at)));
            row.at = end;
            break;
        }
        const char *odd = reader->block + first_of(reader->odd);
        if (*odd != '"') {
            row_add(&row, span_of(row.at, (size_t)(odd - row.at)));
            row.at = odd;
            break;
        }
        if (odd == row.at) {
            take_quoted(reader, &row, end);
            if (row.at == end || *row.at != reader->separator) {
                break;
            }
            row.at++;
            marks_from(reader, row.at, end);
        } else {
            marks_from(reader, odd + 1, end); /* inside a field a quote is a byte like any other */
        }
    }
    finish_row(reader, row.at, end);
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

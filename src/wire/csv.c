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

/* One bit for each of 64 bytes that is a separator, LF or CR. */
static uint64_t marks_of(const char *at, char separator)
{
    uint64_t marks = 0;
#if defined(__SSE2__)
    const __m128i separators = _mm_set1_epi8(separator);
    const __m128i feeds = _mm_set1_epi8('\n');
    const __m128i returns = _mm_set1_epi8('\r');
    for (int i = 0; i < BLOCK / 16; i++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + i * 16));
        __m128i hits =
            _mm_or_si128(_mm_cmpeq_epi8(bytes, separators),
                         _mm_or_si128(_mm_cmpeq_epi8(bytes, feeds), _mm_cmpeq_epi8(bytes, returns)));
        marks |= (uint64_t)(uint32_t)_mm_movemask_epi8(hits) << (i * 16);
    }
#else
    for (int i = 0; i < BLOCK; i++) {
        marks |= (uint64_t)(at[i] == separator || at[i] == '\n' || at[i] == '\r') << i;
    }
#endif
    return marks;
}

/* Makes `block` begin at `at`; the last bytes of a text are looked at in a padded copy. */
static void block_load(struct csv_reader *reader, const char *at, const char *end)
{
    reader->block = at;
    size_t left = (size_t)(end - at);
    if (left >= BLOCK) {
        reader->marks = marks_of(at, reader->separator);
        return;
    }
    char padded[BLOCK] = {0};
    memcpy(padded, at, left);
    uint64_t inside = ((uint64_t)1 << left) - 1;
    reader->marks = marks_of(padded, reader->separator) & inside;
}

/* The next separator or row end at or after `at`, or `end`. Its mark stays until the next call. */
static inline const char *mark_from(struct csv_reader *reader, const char *at, const char *end)
{
    size_t skip = (size_t)(at - reader->block);
    if (reader->block == NULL || skip >= BLOCK) {
        if (at == end) {
            return end;
        }
        block_load(reader, at, end);
        skip = 0;
    }
    reader->marks &= ~(uint64_t)0 << skip;
    while (reader->marks == 0) {
        if ((size_t)(end - reader->block) <= BLOCK) {
            return end;
        }
        block_load(reader, reader->block + BLOCK, end);
    }
    return reader->block + __builtin_ctzll(reader->marks);
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
        const char *stop = quote == end ? end : doubled ? quote + 2 : mark_from(reader, quote + 1, end);
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

/* Before a row: the marks known are of the block that holds `at`, and none of them lies before it. */
static void marks_align(struct csv_reader *reader, const char *at, const char *end)
{
    size_t skip = (size_t)(at - reader->block);
    if (reader->block == NULL || skip >= BLOCK) {
        block_load(reader, at, end);
    } else {
        reader->marks &= ~(uint64_t)0 << skip;
    }
}

/* After a quoted field: the mark that ended it is used. */
static void drop_mark(struct csv_reader *reader, const char *stop)
{
    size_t skip = (size_t)(stop - reader->block);
    if (skip < BLOCK) {
        reader->marks &= ~(uint64_t)1 << skip;
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

/* The next mark, when the known ones are used up: false at the end of the text. */
static bool more_marks(struct csv_reader *reader, const char *end)
{
    do {
        if ((size_t)(end - reader->block) <= BLOCK) {
            return false;
        }
        block_load(reader, reader->block + BLOCK, end);
    } while (reader->marks == 0);
    return true;
}

/* "abc" with nothing to unescape and nothing behind it. */
static inline bool is_quoted_plainly(struct span field)
{
    return field.len >= 2 && field.at[field.len - 1] == '"' &&
           memchr(field.at + 1, '"', field.len - 2) == NULL;
}

enum err csv_read_row(struct csv_reader *reader, struct span *fields, size_t max, size_t *n_fields)
{
    if (reader->rest.len == 0) {
        return ERR_AGAIN;
    }
    const char *at = reader->rest.at;
    const char *end = at + reader->rest.len;
    const char separator = reader->separator;
    size_t n = 0;
    reader->scratch.len = 0;
    reader->row++;
    marks_align(reader, at, end);
    uint64_t marks = reader->marks; /* kept in a register: stores to `fields` would make it be read again */
    for (;; n++) {
        if (__builtin_expect(marks == 0, 0)) {
            marks = more_marks(reader, end) ? reader->marks : 0;
        }
        const char *stop = marks == 0 ? end : reader->block + __builtin_ctzll(marks);
        struct span field = span_of(at, (size_t)(stop - at));
        if (__builtin_expect(at == end || *at != '"', 1)) {
            marks &= marks - 1;
        } else if (marks != 0 && is_quoted_plainly(field)) {
            marks &= marks - 1;
            field = span_of(at + 1, field.len - 2);
        } else {
            reader->marks = marks;
            stop = quoted_field(reader, at, end, fields, n < max ? n : max, &field);
            drop_mark(reader, stop);
            marks = reader->marks;
        }
        if (n < max) {
            fields[n] = field;
        }
        at = stop;
        if (stop == end || *stop != separator) {
            break;
        }
        at++;
    }
    reader->marks = marks;
    finish_row(reader, at, end);
    *n_fields = n + 1;
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

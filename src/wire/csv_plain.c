/* Rows as they stand in the text. Separators, row ends and quotes are found 64 bytes at a time (one bit a byte), and which of
 * them stand inside quotes follows from the quotes' parity (Langdale and Lemire, "Parsing gigabytes of JSON per second"), so
 * that a field costs a few instructions and no call: a night's database has a million fields and is read while somebody
 * waits. That holds while every quote opens or closes a whole field; a row near any other quote (doubled, or in the middle of
 * a field) is left to csv.c. This file is compiled once more, by csv_plain_v3.c, for processors of the last ten years. */
#include "wire/csv_plain.h"

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

#ifndef CSV_PLAIN_ROW
#define CSV_PLAIN_ROW csv_plain_row
#endif

enum { BLOCK = 64 };

/* What stands in 64 bytes, a bit each. */
struct sight {
    uint64_t stops; /* separators and row ends */
    uint64_t ends;  /* row ends */
    uint64_t quotes;
};

static inline struct sight look(const char *at, char separator)
{
    struct sight sight = {0};
#if defined(__AVX2__)
    const __m256i separators = _mm256_set1_epi8(separator);
    const __m256i feeds = _mm256_set1_epi8('\n');
    const __m256i returns = _mm256_set1_epi8('\r');
    const __m256i quotes = _mm256_set1_epi8('"');
#pragma GCC unroll 2
    for (int i = 0; i < BLOCK / 32; i++) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(at + i * 32));
        __m256i ends = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, feeds), _mm256_cmpeq_epi8(bytes, returns));
        __m256i stops = _mm256_or_si256(ends, _mm256_cmpeq_epi8(bytes, separators));
        __m256i marks = _mm256_cmpeq_epi8(bytes, quotes);
        sight.ends |= (uint64_t)(uint32_t)_mm256_movemask_epi8(ends) << (i * 32);
        sight.stops |= (uint64_t)(uint32_t)_mm256_movemask_epi8(stops) << (i * 32);
        sight.quotes |= (uint64_t)(uint32_t)_mm256_movemask_epi8(marks) << (i * 32);
    }
#elif defined(__SSE2__)
    const __m128i separators = _mm_set1_epi8(separator);
    const __m128i feeds = _mm_set1_epi8('\n');
    const __m128i returns = _mm_set1_epi8('\r');
    const __m128i quotes = _mm_set1_epi8('"');
#pragma GCC unroll 4
    for (int i = 0; i < BLOCK / 16; i++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + i * 16));
        __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, feeds), _mm_cmpeq_epi8(bytes, returns));
        __m128i stops = _mm_or_si128(ends, _mm_cmpeq_epi8(bytes, separators));
        sight.ends |= (uint64_t)(uint32_t)_mm_movemask_epi8(ends) << (i * 16);
        sight.stops |= (uint64_t)(uint32_t)_mm_movemask_epi8(stops) << (i * 16);
        sight.quotes |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, quotes)) << (i * 16);
    }
#else
    for (int i = 0; i < BLOCK; i++) {
        uint64_t end = at[i] == '\n' || at[i] == '\r';
        sight.ends |= end << i;
        sight.stops |= (end | (at[i] == separator)) << i;
        sight.quotes |= (uint64_t)(at[i] == '"') << i;
    }
#endif
    return sight;
}

/* Bit i of the result: an odd number of the bits 0 to i are set. */
static inline uint64_t parity_up_to(uint64_t bits)
{
#if defined(__PCLMUL__)
    __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)bits), _mm_set1_epi8(-1), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
#else
#pragma GCC unroll 6
    for (int shift = 1; shift < BLOCK; shift *= 2) {
        bits ^= bits << shift;
    }
    return bits;
#endif
}

/* Takes note of what was seen in a block: marks outside quotes, and quotes that neither open nor close a whole field. */
static inline void understand(struct csv_reader *reader, struct sight sight)
{
    uint64_t quoted =
        parity_up_to(sight.quotes) ^ reader->inside; /* from an opening quote to before the closing one */
    uint64_t stops = sight.stops & ~quoted;
    uint64_t opening = sight.quotes & quoted;
    uint64_t closed = sight.quotes & ~quoted;
    reader->odd =
        (opening & ~(stops << 1 | reader->after_stop)) | ((closed << 1 | reader->after_close) & ~stops);
    reader->marks = stops;
    reader->ends = sight.ends & stops;
    reader->inside = -(quoted >> (BLOCK - 1));
    reader->after_stop = stops >> (BLOCK - 1);
    reader->after_close = closed >> (BLOCK - 1);
}

/* The last bytes of a text are looked at in a padded copy. */
static __attribute__((noinline)) void understand_last(struct csv_reader *reader, const char *at, size_t left)
{
    char padded[BLOCK] = {0};
    memcpy(padded, at, left);
    understand(reader, look(padded, reader->separator));
    uint64_t there = ((uint64_t)1 << left) - 1;
    reader->odd &= there;
    reader->marks &= there; /* a separator may be a zero byte */
}

/* Makes `block` begin at `at`. */
static inline void block_load(struct csv_reader *reader, const char *at, const char *end)
{
    reader->block = at;
    size_t left = (size_t)(end - at);
    if (__builtin_expect(left >= BLOCK, 1)) {
        understand(reader, look(at, reader->separator));
    } else {
        understand_last(reader, at, left);
    }
}

/* A row begins at `at`, outside quotes: what was seen of it already is kept. */
static inline void row_begin(struct csv_reader *reader, const char *at, const char *end)
{
    size_t skip = (size_t)(at - reader->block);
    if (reader->block == NULL || skip >= BLOCK) {
        reader->inside = 0;
        reader->after_stop = 1;
        reader->after_close = 0;
        block_load(reader, at, end);
        return;
    }
    reader->marks &= ~(uint64_t)0 << skip;
    reader->ends &= ~(uint64_t)0 << skip;
}

/* The fields that end at these marks of the block. Fields past the row's room are counted and not kept. */
static inline void take_fields(const char *block, uint64_t marks, struct csv_row *row)
{
    if (__builtin_expect(row->n + BLOCK > row->max, 0)) {
        for (; marks != 0; marks &= marks - 1) {
            row->n++;
            if (row->n <= row->max) {
                row->stops[row->n] = block + (unsigned)__builtin_ctzll(marks);
            }
        }
        return;
    }
    const char **stop = row->stops + row->n;
    for (; marks != 0; marks &= marks - 1) {
        *++stop = block + (unsigned)__builtin_ctzll(marks);
    }
    row->n = (size_t)(stop - row->stops);
}

bool CSV_PLAIN_ROW(struct csv_reader *reader, struct csv_row *row, const char *end)
{
    const char *at = reader->rest.at;
    row->n = 0;
    row->quote = '"';
    row->stops[0] = at - 1;
    row_begin(reader, at, end);
    while (reader->odd == 0) {
        uint64_t first_end = reader->ends & -reader->ends;
        take_fields(reader->block, reader->marks & ((first_end - 1) | first_end), row);
        if (first_end != 0) {
            csv_finish_row(reader, reader->block + __builtin_ctzll(first_end), end);
            return row->n >= row->least && reader->rest.len >= CSV_BEHIND;
        }
        if ((size_t)(end - reader->block) <= BLOCK) {
            break;
        }
        block_load(reader, reader->block + BLOCK, end);
    }
    return false;
}

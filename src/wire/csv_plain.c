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

#if defined(__AVX2__)
/* Made once a row: the compiler would make them anew for each block. */
struct wanted {
    __m256i separators, feeds, returns, quotes;
};

static inline struct wanted wanted(char separator)
{
    struct wanted w = {_mm256_set1_epi8(separator), _mm256_set1_epi8('\n'), _mm256_set1_epi8('\r'),
                       _mm256_set1_epi8('"')};
    __asm__("" : "+x"(w.feeds), "+x"(w.returns), "+x"(w.quotes));
    return w;
}

static inline struct sight look(const char *at, const struct wanted *w)
{
    struct sight sight = {0};
#pragma GCC unroll 2
    for (int i = 0; i < BLOCK / 32; i++) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(at + i * 32));
        __m256i ends =
            _mm256_or_si256(_mm256_cmpeq_epi8(bytes, w->feeds), _mm256_cmpeq_epi8(bytes, w->returns));
        __m256i stops = _mm256_or_si256(ends, _mm256_cmpeq_epi8(bytes, w->separators));
        __m256i marks = _mm256_cmpeq_epi8(bytes, w->quotes);
        sight.ends |= (uint64_t)(uint32_t)_mm256_movemask_epi8(ends) << (i * 32);
        sight.stops |= (uint64_t)(uint32_t)_mm256_movemask_epi8(stops) << (i * 32);
        sight.quotes |= (uint64_t)(uint32_t)_mm256_movemask_epi8(marks) << (i * 32);
    }
    return sight;
}
#else
struct wanted {
    char separator;
};

static inline struct wanted wanted(char separator)
{
    return (struct wanted){separator};
}

static inline struct sight look(const char *at, const struct wanted *w)
{
    struct sight sight = {0};
#if defined(__SSE2__)
    const __m128i separators = _mm_set1_epi8(w->separator);
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
        sight.stops |= (end | (at[i] == w->separator)) << i;
        sight.quotes |= (uint64_t)(at[i] == '"') << i;
    }
#endif
    return sight;
}
#endif

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

/* What a block leaves for the next one of the same row. */
struct before {
    uint64_t inside;      /* all ones: it ended inside quotes */
    uint64_t after_stop;  /* 1: with a separator or row end */
    uint64_t after_close; /* 1: with a closing quote */
};

/* Leaves in `sight` only marks outside quotes. False when there are quotes that neither open nor close a whole field. */
static inline bool understand(struct sight *sight, struct before *before)
{
    uint64_t quoted =
        parity_up_to(sight->quotes) ^ before->inside; /* from an opening quote to before the closing one */
    uint64_t stops = sight->stops & ~quoted;
    uint64_t opening = sight->quotes & quoted;
    uint64_t closed = sight->quotes & ~quoted;
    uint64_t odd =
        (opening & ~(stops << 1 | before->after_stop)) | ((closed << 1 | before->after_close) & ~stops);
    sight->stops = stops;
    sight->ends &= stops;
    before->inside = -(quoted >> (BLOCK - 1));
    before->after_stop = stops >> (BLOCK - 1);
    before->after_close = closed >> (BLOCK - 1);
    return odd == 0;
}

/* The fields that end at these marks of the block, of a row that has n before them; how many it has then. Fields past the row's
 * room are counted and not kept. */
static inline size_t take_fields(const struct csv_row *row, size_t n, const char *block, uint64_t marks)
{
    if (__builtin_expect(n + BLOCK > row->max, 0)) {
        for (; marks != 0; marks &= marks - 1) {
            n++;
            if (n <= row->max) {
                row->stops[n] = block + (unsigned)__builtin_ctzll(marks);
            }
        }
        return n;
    }
    const char **stop = row->stops + n;
    n += (unsigned)__builtin_popcountll(marks);
    for (; marks != 0; marks &= marks - 1) {
        *++stop = block + (unsigned)__builtin_ctzll(marks);
    }
    return n;
}

/* Each row's blocks begin with the row: rows of a database are alike, so that the processor guesses well how many fields end in
 * each of them. */
bool CSV_PLAIN_ROW(struct csv_reader *reader, struct csv_row *row, const char *end)
{
    const char *block = reader->rest.at;
    const struct wanted bytes = wanted(reader->separator);
    struct before before = {.after_stop = 1};
    size_t n = 0;
    row->stops[0] = block - 1;
    for (; end - block >= BLOCK; block += BLOCK) {
        struct sight sight = look(block, &bytes);
        if (!understand(&sight, &before)) {
            return false;
        }
        uint64_t first_end = sight.ends & -sight.ends;
        n = take_fields(row, n, block, sight.stops & ((first_end - 1) | first_end));
        if (first_end != 0) {
            row->n = n;
            row->quote = '"';
            csv_finish_row(reader, block + __builtin_ctzll(first_end), end);
            return n >= row->least && reader->rest.len >= CSV_BEHIND;
        }
    }
    return false; /* the text's last bytes */
}

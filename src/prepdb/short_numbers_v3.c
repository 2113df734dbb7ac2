/* Four numbers at a time, where their cells follow one another. Compiled for x86-64-v3 (src/prepdb/CMakeLists.txt). */
#include "prepdb/short_numbers.h"

#include <assert.h>
#include <immintrin.h>

enum { DIGITS = 4 };

/* Made once: the compiler would make them anew for each four numbers. */
struct constants {
    __m256i halves;   /* takes the lower half of four places */
    __m128i zeros;    /* '0' in each byte */
    __m128i most;     /* the bits that a width of 1 to DIGITS does not have, once 1 is taken off */
    __m128i all_bits; /* to shift DIGITS bytes out */
    __m128i ones;
    __m128i beyond; /* sets the highest bit of a byte that is greater than 9 */
    __m128i high;   /* that bit */
    __m128i tens, hundreds;
};

static inline struct constants constants(void)
{
    struct constants c = {
        .halves = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6),
        .zeros = _mm_set1_epi8('0'),
        .most = _mm_set1_epi32(~(DIGITS - 1)),
        .all_bits = _mm_set1_epi32(8 * DIGITS - 8),
        .ones = _mm_set1_epi32(-1),
        .beyond = _mm_set1_epi8(0x76),
        .high = _mm_set1_epi8(-0x80),
        .tens = _mm_set1_epi16(1 << 8 | 10),
        .hundreds = _mm_set1_epi32(1 << 16 | 100),
    };
    __asm__(""
            : "+x"(c.zeros), "+x"(c.most), "+x"(c.all_bits), "+x"(c.beyond), "+x"(c.high), "+x"(c.tens),
              "+x"(c.hundreds));
    return c;
}

static inline int word_at(const char *at)
{
    int word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Fields that follow one another: they lie between stops[0] and stops[4]. False, and nothing written, when one is odd. */
static inline bool read_four(const struct constants *c, const char *const *stops, uint32_t *out)
{
    __m256i before = _mm256_loadu_si256((const __m256i *)(const void *)stops);
    __m256i after = _mm256_loadu_si256((const __m256i *)(const void *)(stops + 1));
    __m256i widths = _mm256_permutevar8x32_epi32(_mm256_sub_epi64(after, before), c->halves);
    __m128i words = _mm_setr_epi32(word_at(stops[0] + 1), word_at(stops[1] + 1), word_at(stops[2] + 1),
                                   word_at(stops[3] + 1));
    /* A width is a length + 1; taken off two, what is left of 1 to DIGITS is 0 to DIGITS - 1. */
    __m128i lengths = _mm_add_epi32(_mm_add_epi32(_mm256_castsi256_si128(widths), c->ones), c->ones);
    __m128i shifts = _mm_sub_epi32(c->all_bits, _mm_slli_epi32(lengths, 3));
    __m128i digits = _mm_sllv_epi32(_mm_xor_si128(words, c->zeros), shifts);
    __m128i over = _mm_or_si128(_mm_add_epi8(digits, c->beyond), digits);
    if (!_mm_testz_si128(over, c->high) || !_mm_testz_si128(lengths, c->most)) {
        return false;
    }
    __m128i numbers = _mm_madd_epi16(_mm_maddubs_epi16(digits, c->tens), c->hundreds);
    _mm_storeu_si128((__m128i *)(void *)out, numbers);
    return true;
}

uint64_t short_numbers_read_v3(const struct csv_row *row, const struct short_numbers *which, uint32_t *out)
{
    const struct constants c = constants();
    uint64_t odd = 0;
    assert(which->n <= SHORT_NUMBERS_MAX);
    for (unsigned i = 0; i < which->n; i += SHORT_NUMBERS_LANES) {
        if ((which->together >> i & 1) == 0 || !read_four(&c, row->stops + which->at[i], out + i)) {
            odd |= (uint64_t)short_numbers_each(row, which, i, out + i) << i;
        }
    }
    return odd;
}

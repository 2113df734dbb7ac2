/* Four numbers at a time, in vectors that any compiler knows (of 16 bytes: SSE2, NEON, or plain words). This file is compiled
 * once more, by short_numbers_v3.c. */
#include "prepdb/short_numbers.h"

#include <assert.h>

#ifndef SHORT_NUMBERS_READ
#define SHORT_NUMBERS_READ short_numbers_read
#endif

enum { LANES = SHORT_NUMBERS_LANES, DIGITS = 4 };

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint16_t pairs8 __attribute__((vector_size(16)));

/* Four bytes from `at` on, the first of them lowest. */
static inline uint32_t word_at(const char *at)
{
    const unsigned char *in = (const unsigned char *)at;
    return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

/* The digits of all cells, the last one in the highest byte and zeros before the first; what is no digits where a cell is
 * empty or longer than four bytes. */
static inline void gather(const struct csv_row *row, const uint16_t *at, unsigned n, uint32_t *digits)
{
    uint64_t lengths = 0;
    const char *const *stops = row->stops;
    for (unsigned i = 0; i < n; i++) {
        const char *before = stops[at[i]];
        int64_t less = before - stops[at[i] + 1]; /* -1 - length */
        lengths |= (uint64_t)(less + 1 + DIGITS); /* 0 to 3, or a higher bit */
        digits[i] = (word_at(before + 1) ^ 0x30303030U) << ((8 * less + 8) & 31);
    }
    for (unsigned i = 0; i < n && lengths >= DIGITS; i++) {
        size_t len = csv_cell(row, at[i]).len;
        digits[i] = len - 1 < DIGITS ? digits[i] : UINT32_MAX;
    }
    for (; n % LANES != 0; n++) {
        digits[n] = 0;
    }
}

/* All ones where all four bytes are digits. */
static inline lanes4 all_digits(lanes4 digits)
{
    bytes16 bytes = (bytes16)digits;
    lanes4 bad = (lanes4)((bytes + 0x76) | bytes) & 0x80808080U;
    return (lanes4)(bad == 0);
}

static inline lanes4 numbers_of(lanes4 digits)
{
    static const pairs8 weights = {100, 1, 100, 1, 100, 1, 100, 1};
    pairs8 pairs = (pairs8)digits * (1 + (10 << 8)) >> 8; /* the low byte times ten and the high one */
    lanes4 both = (lanes4)(pairs * weights);
    return (both & 0xffff) + (both >> 16);
}

static uint64_t bits_of(const uint32_t *good, unsigned n)
{
    uint64_t odd = 0;
    for (unsigned i = 0; i < n; i++) {
        odd |= (uint64_t)(good[i] == 0) << i;
    }
    return odd;
}

uint64_t SHORT_NUMBERS_READ(const struct csv_row *row, const uint16_t *at, unsigned n, uint32_t *out)
{
    uint32_t digits[SHORT_NUMBERS_MAX];
    uint32_t good[SHORT_NUMBERS_MAX];
    lanes4 all = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
    assert(n <= SHORT_NUMBERS_MAX);
    gather(row, at, n, digits);
    for (unsigned i = 0; i < n; i += LANES) {
        lanes4 four = lanes_load(digits + i);
        lanes4 fine = all_digits(four);
        all &= fine;
        lanes_store(good + i, fine);
        lanes_store(out + i, numbers_of(four) & fine);
    }
    uint64_t halves[2];
    memcpy(halves, &all, sizeof halves);
    return (halves[0] & halves[1]) == UINT64_MAX ? 0 : bits_of(good, n);
}

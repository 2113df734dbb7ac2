/* The short numbers of a row, all at once: nine cells in ten of a published row are one to four digits. */
#ifndef PREPDB_SHORT_NUMBERS_H
#define PREPDB_SHORT_NUMBERS_H

#include "base/cpu.h"
#include "prepdb/cells.h"
#include "wire/csv.h"

#include <stdint.h>

enum { SHORT_NUMBERS_MAX = 64, SHORT_NUMBERS_LANES = 4, SHORT_NUMBERS_DIGITS = 4 };

/* Which cells of a row: at[0..n). */
struct short_numbers {
    unsigned n; /* at most SHORT_NUMBERS_MAX */
    uint16_t at[SHORT_NUMBERS_MAX];
    uint64_t
        together; /* bit i, of each fourth one: at[i] to at[i + 3] follow one another, and are read at once */
};

/* Once `n` and `at` are known. */
static inline void short_numbers_prepare(struct short_numbers *which)
{
    which->together = 0;
    for (unsigned i = 0; i + SHORT_NUMBERS_LANES <= which->n; i += SHORT_NUMBERS_LANES) {
        const uint16_t *at = which->at + i;
        bool follow = at[1] == at[0] + 1 && at[2] == at[1] + 1 && at[3] == at[2] + 1;
        which->together |= (uint64_t)follow << i;
    }
}

/* Reads these cells of a row into `out`, which has room for their number rounded up to SHORT_NUMBERS_LANES; what is there
 * behind them becomes 0. A cell that is anything but one to four digits gives 0, and its bit is set in what is returned.
 * (A quoted number is odd or not, as it comes: `out` is right where the bit is clear.) */
uint64_t short_numbers_read(const struct csv_row *row, const struct short_numbers *which, uint32_t *out);
uint64_t short_numbers_read_v3(const struct csv_row *row, const struct short_numbers *which, uint32_t *out);

/* Of these, the up to SHORT_NUMBERS_LANES from `from` on, one by one; bit 0 is the first. */
static inline unsigned short_numbers_each(const struct csv_row *row, const struct short_numbers *which,
                                          unsigned from, uint32_t *out)
{
    unsigned odd = 0;
    for (unsigned i = 0; i < SHORT_NUMBERS_LANES; i++) {
        uint32_t value = 0;
        bool there = from + i < which->n;
        bool fine =
            there && cell_digits_fast(csv_cell(row, which->at[from + i]), SHORT_NUMBERS_DIGITS, &value);
        out[i] = value;
        odd |= (unsigned)(there && !fine) << i;
    }
    return odd;
}

typedef uint64_t (*short_numbers_reader)(const struct csv_row *row, const struct short_numbers *which,
                                         uint32_t *out);
/* The faster one that this processor knows. */
static inline short_numbers_reader short_numbers_best(void)
{
#if defined(HOUSE_X86_64_V3)
    return cpu_is_v3() ? short_numbers_read_v3 : short_numbers_read;
#else
    return short_numbers_read;
#endif
}

typedef uint32_t lanes4 __attribute__((vector_size(16)));

static inline lanes4 lanes_load(const uint32_t *at)
{
    lanes4 lanes;
    memcpy(&lanes, at, sizeof lanes);
    return lanes;
}

static inline void lanes_store(uint32_t *at, lanes4 lanes)
{
    memcpy(at, &lanes, sizeof lanes);
}

/* sums[i] += values[i], for n rounded up to SHORT_NUMBERS_LANES. */
static inline void short_numbers_add(uint32_t *sums, const uint32_t *values, unsigned n)
{
    for (unsigned i = 0; i < n; i += SHORT_NUMBERS_LANES) {
        lanes_store(sums + i, lanes_load(sums + i) + lanes_load(values + i));
    }
}

static inline uint64_t short_numbers_sum(const uint32_t *values, unsigned n)
{
    uint64_t sum = 0;
    lanes4 sums = {0};
    for (unsigned i = 0; i < n; i += SHORT_NUMBERS_LANES) {
        sums += lanes_load(values + i);
    }
    for (int lane = 0; lane < SHORT_NUMBERS_LANES; lane++) {
        sum += sums[lane];
    }
    return sum;
}

#endif

/* The short numbers of a row, all at once: nine cells in ten of a published row are one to four digits. */
#ifndef PREPDB_SHORT_NUMBERS_H
#define PREPDB_SHORT_NUMBERS_H

#include "base/cpu.h"
#include "wire/csv.h"

#include <stdint.h>

enum { SHORT_NUMBERS_MAX = 64, SHORT_NUMBERS_LANES = 4 };

/* Reads the cells at[0..n) of a row into out[0..n), n at most SHORT_NUMBERS_MAX. A cell that is anything but one to four
 * digits gives 0, and its bit is set in what is returned. `out` has room for n rounded up to SHORT_NUMBERS_LANES; what is
 * there behind n becomes 0. */
uint64_t short_numbers_read(const struct csv_row *row, const uint16_t *at, unsigned n, uint32_t *out);
uint64_t short_numbers_read_v3(const struct csv_row *row, const uint16_t *at, unsigned n, uint32_t *out);

typedef uint64_t (*short_numbers_reader)(const struct csv_row *row, const uint16_t *at, unsigned n,
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

/* Numbers one by one, for any processor. */
#include "prepdb/short_numbers.h"

#include <assert.h>

uint64_t short_numbers_read(const struct csv_row *row, const struct short_numbers *which, uint32_t *out)
{
    uint64_t odd = 0;
    assert(which->n <= SHORT_NUMBERS_MAX);
    for (unsigned i = 0; i < which->n; i += SHORT_NUMBERS_LANES) {
        odd |= (uint64_t)short_numbers_each(row, which, i, out + i) << i;
    }
    return odd;
}

/* How many different sources: HyperLogLog (Flajolet et al. 2007) with 2^12 registers and linear counting below 2.5 m. The
 * relative standard error is 1.04 / sqrt(4096) = 1.6 %; exact below some hundred but for collisions. */
#ifndef SKETCH_DISTINCT_H
#define SKETCH_DISTINCT_H

#include <stdint.h>

enum { DISTINCT_BITS = 12, DISTINCT_REGISTERS = 1 << DISTINCT_BITS, DISTINCT_ERROR_PERMILLE = 17 };

struct distinct {
    uint8_t registers[DISTINCT_REGISTERS];
};

/* `hash` is of a keyed hash, all 64 bits good. */
void distinct_add(struct distinct *distinct, uint64_t hash);
void distinct_merge(struct distinct *distinct, const struct distinct *other);
uint64_t distinct_count(const struct distinct *distinct);

#endif

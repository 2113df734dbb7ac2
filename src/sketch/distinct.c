/* Registers hold the longest run of zeros seen behind their number. */
#include "sketch/distinct.h"

#include <math.h>

void distinct_add(struct distinct *distinct, uint64_t hash)
{
    uint32_t at = (uint32_t)(hash >> (64 - DISTINCT_BITS));
    uint64_t rest = hash << DISTINCT_BITS;
    int run = rest == 0 ? 64 - DISTINCT_BITS + 1 : __builtin_clzll(rest) + 1;
    if (distinct->registers[at] < run) {
        distinct->registers[at] = (uint8_t)run;
    }
}

void distinct_merge(struct distinct *distinct, const struct distinct *other)
{
    for (int i = 0; i < DISTINCT_REGISTERS; i++) {
        if (distinct->registers[i] < other->registers[i]) {
            distinct->registers[i] = other->registers[i];
        }
    }
}

uint64_t distinct_count(const struct distinct *distinct)
{
    const double m = DISTINCT_REGISTERS;
    double sum = 0;
    int empty = 0;
    for (int i = 0; i < DISTINCT_REGISTERS; i++) {
        sum += ldexp(1.0, -distinct->registers[i]);
        empty += distinct->registers[i] == 0;
    }
    double estimate = 0.7213 / (1 + 1.079 / m) * m * m / sum;
    if (estimate <= 2.5 * m && empty > 0) {
        estimate = m * log(m / empty);
    }
    return (uint64_t)(estimate + 0.5);
}

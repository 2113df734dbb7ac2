/* Seeded chance without order: every thing draws from a stream of its own (seed, what, index), so that adding
 * one thing changes no other. Integers only: a seed gives the same city on every machine. */
#ifndef CITY_DICE_H
#define CITY_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

struct dice dice_for(uint64_t seed, const char *what, uint64_t index);
uint64_t dice_u64(struct dice *dice);
/* 0 <= result < n; 0 for n = 0. */
uint32_t dice_below(struct dice *dice, uint32_t n);
/* least <= result <= most */
int32_t dice_between(struct dice *dice, int32_t least, int32_t most);
/* Around `mean`, two in three within `sd`, never beyond 3 sd. */
int32_t dice_around(struct dice *dice, int32_t mean, int32_t sd);
/* True `ppm` times in a million. */
bool dice_chance(struct dice *dice, uint32_t ppm);
/* Puts numbers in an order of chance. */
void dice_shuffle(struct dice *dice, uint32_t *items, uint32_t n);

/* A value between rows of a table of (per mille, value) that begins with 0 and ends with 1000: linear in
 * between. dice_quantile draws from the distribution that the table describes. */
struct dice_row {
    int32_t permille;
    int32_t value;
};
int32_t dice_quantile(struct dice *dice, const struct dice_row *rows);

#endif

#include "city/dice.h"

#include "base/map.h"

#include <string.h>

struct dice dice_for(uint64_t seed, const char *what, uint64_t index)
{
    return (struct dice){siphash(seed, index, what, strlen(what))};
}

uint64_t dice_u64(struct dice *dice)
{
    /* splitmix64 (Steele, Lea, Flood 2014) */
    uint64_t z = (dice->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint32_t dice_below(struct dice *dice, uint32_t n)
{
    return (uint32_t)(((dice_u64(dice) >> 32) * n) >> 32);
}

int32_t dice_between(struct dice *dice, int32_t least, int32_t most)
{
    return least + (int32_t)dice_below(dice, (uint32_t)(most - least) + 1);
}

int32_t dice_around(struct dice *dice, int32_t mean, int32_t sd)
{
    /* The sum of twelve even numbers is close to normal, with a deviation of one of their widths. */
    int64_t sum = 0;
    for (int i = 0; i < 12; i++) {
        sum += dice_below(dice, 1001);
    }
    int64_t off = (sum - 6000) * sd / 1000;
    off = off > 3 * (int64_t)sd ? 3 * (int64_t)sd : off;
    off = off < -3 * (int64_t)sd ? -3 * (int64_t)sd : off;
    return mean + (int32_t)off;
}

bool dice_chance(struct dice *dice, uint32_t ppm)
{
    return dice_below(dice, 1000000) < ppm;
}

void dice_shuffle(struct dice *dice, uint32_t *items, uint32_t n)
{
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = dice_below(dice, i), held = items[i - 1];
        items[i - 1] = items[j];
        items[j] = held;
    }
}

int32_t dice_quantile(struct dice *dice, const struct dice_row *rows)
{
    int64_t at = dice_below(dice, 1000000);
    while ((int64_t)rows[1].permille * 1000 <= at) {
        rows++;
    }
    int64_t from = (int64_t)rows[0].permille * 1000, upto = (int64_t)rows[1].permille * 1000;
    return rows[0].value + (int32_t)((rows[1].value - rows[0].value) * (at - from) / (upto - from));
}

/* Sums over actas and the figures of the header, by integers. */
#include "tally/count.h"

#include <assert.h>

/* Adding and taking out are compiled apart: a recount of a country adds a million and a half. */
#define EACH_WAY static inline __attribute__((always_inline))

/* A sum goes up when an acta is added and down when it is taken out; below zero is our own broken state. */
EACH_WAY void step(uint64_t *sum, uint64_t by, bool add)
{
    bool wrapped = add ? __builtin_add_overflow(*sum, by, sum) : __builtin_sub_overflow(*sum, by, sum);
    assert(!wrapped);
}

EACH_WAY void step_counted(struct count *count, const struct sheet *sheet, uint64_t votes,
                           const struct station *station, bool add)
{
    bool special = station_is_special(station);
    step(&count->counted, 1, add);
    step(station->location == 2 ? &count->rural_counted : &count->urban_counted, 1, add);
    step(&count->nominal_counted, special ? 0 : station->nominal, add);
    step(&count->votes, votes, add);
    step(&count->votes_special, special ? votes : 0, add);
    for (unsigned i = 0; i < sheet->n_votes; i++) {
        if (sheet->votes[i].state == CELL_NUMBER) {
            step(&count->columns[i], sheet->votes[i].value, add);
        }
    }
}

EACH_WAY void step_acta(struct count *count, const struct sheet *sheet, struct judgement judgement,
                        const struct station *station, bool add)
{
    /* Registered only: neither captured nor "no contabilizada" (LEEME-G 3 and 9). */
    if (station == NULL || judgement.counted == COUNTED_OUT_OF_CATALOGUE) {
        step(&count->out_of_catalogue, 1, add);
        return;
    }
    step(&count->captured, 1, add);
    step(&count->no_acta, (judgement.observations & OBS_NO_ACTA) != 0, add);
    step(&count->inconsistent, judgement_inconsistent(judgement), add);
    if (judgement.counted == COUNTED_YES) {
        step_counted(count, sheet, judgement.computed, station, add);
    } else {
        step(&count->not_counted, 1, add);
    }
}

void count_add(struct count *count, const struct sheet *sheet, struct judgement judgement,
               const struct station *station)
{
    step_acta(count, sheet, judgement, station, true);
}

void count_remove(struct count *count, const struct sheet *sheet, struct judgement judgement,
                  const struct station *station)
{
    step_acta(count, sheet, judgement, station, false);
}

/* A count is nothing but uint64_t, one after the other: sums and comparisons go over all of them alike. */
enum { COUNT_FIELDS = sizeof(struct count) / sizeof(uint64_t) };
_Static_assert(sizeof(struct count) == COUNT_FIELDS * sizeof(uint64_t), "a count holds uint64_t only");
_Static_assert(offsetof(struct count, columns) == 13 * sizeof(uint64_t), "thirteen sums before the columns");

static uint64_t field_get(const struct count *count, size_t i)
{
    uint64_t value = 0;
    memcpy(&value, (const char *)count + i * sizeof value, sizeof value);
    return value;
}

void count_merge(struct count *sum, const struct count *part)
{
    for (size_t i = 0; i < COUNT_FIELDS; i++) {
        uint64_t value = field_get(sum, i);
        step(&value, field_get(part, i), true);
        memcpy((char *)sum + i * sizeof value, &value, sizeof value);
    }
}

bool count_equal(const struct count *a, const struct count *b)
{
    for (size_t i = 0; i < COUNT_FIELDS; i++) {
        if (field_get(a, i) != field_get(b, i)) {
            return false;
        }
    }
    return true;
}

uint64_t percent4(uint64_t part, uint64_t whole)
{
    if (whole == 0) {
        return 0;
    }
    unsigned __int128 scaled = (unsigned __int128)part * 1000000 / whole;
    return scaled > UINT64_MAX ? UINT64_MAX : (uint64_t)scaled;
}

void percent4_print(struct buf *out, uint64_t part, uint64_t whole)
{
    uint64_t value = percent4(part, whole);
    buf_u64(out, value / 10000);
    buf_char(out, '.');
    for (uint64_t digit = 1000; digit > 0; digit /= 10) {
        buf_char(out, (char)('0' + value / digit % 10));
    }
}

uint64_t count_participation(const struct count *count, bool last_cut)
{
    uint64_t votes = last_cut ? count->votes : count->votes - count->votes_special;
    return percent4(votes, count->nominal_counted);
}

uint64_t count_candidacy(const struct count *count, const struct candidacy *candidacy)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < COLUMNS_MAX; i++) {
        if (candidacy->columns >> i & 1) {
            step(&sum, count->columns[i], true);
        }
    }
    return sum;
}

/* Votes by party: how the votes of joint columns are given to their parties (LEGIPE 311.1 c) and the
 * agreements on common candidacies). Every vote goes to exactly one party. */
#include "tally/count.h"

#include <assert.h>

/* The party among `members` with most votes in its own column; ties go to the first on the acta. */
static unsigned strongest(uint64_t members, const struct count *count)
{
    assert(members != 0);
    unsigned best = (unsigned)__builtin_ctzll(members);
    for (unsigned i = best + 1; i < COLUMNS_MAX; i++) {
        if (members >> i & 1 && count->columns[i] > count->columns[best]) {
            best = i;
        }
    }
    return best;
}

static void share_equal(const struct column *column, const struct count *count, uint64_t votes, bool one_each,
                        uint64_t parties[COLUMNS_MAX])
{
    unsigned n = (unsigned)__builtin_popcountll(column->members);
    assert(n > 0);
    uint64_t rest = votes % n;
    for (unsigned i = 0; i < COLUMNS_MAX; i++) {
        if (column->members >> i & 1) {
            parties[i] += votes / n;
        }
    }
    uint64_t waiting = column->members;
    while (rest > 0) {
        unsigned next = strongest(waiting, count);
        uint64_t given = one_each ? 1 : rest;
        parties[next] += given;
        rest -= given;
        waiting &= ~(UINT64_C(1) << next);
    }
}

static void share_percent(const struct column *column, const struct share_rule *rule, uint64_t votes,
                          uint64_t parties[COLUMNS_MAX])
{
    uint64_t given = 0;
    for (unsigned i = 0; i < COLUMNS_MAX; i++) {
        if (column->members >> i & 1) {
            uint64_t part = (uint64_t)((unsigned __int128)votes * rule->hundredths[i] / 10000);
            parties[i] += part;
            given += part;
        }
    }
    assert(given <= votes && rule->remainder < COLUMNS_MAX);
    parties[rule->remainder] += votes - given;
}

void count_by_party(const struct contest *contest, uint16_t area, const struct count *count,
                    uint64_t parties[COLUMNS_MAX])
{
    memset(parties, 0, COLUMNS_MAX * sizeof parties[0]);
    for (uint8_t i = 0; i < contest->n_columns; i++) {
        const struct column *column = &contest->columns[i];
        uint64_t votes = count->columns[i];
        if (column->kind != COLUMN_COALITION && column->kind != COLUMN_COMMON) {
            parties[i] += votes;
            continue;
        }
        const struct share_rule *rule = contest_rule(contest, i, area);
        if (rule != NULL && rule->kind == SHARE_PERCENT) {
            share_percent(column, rule, votes, parties);
        } else {
            share_equal(column, count, votes, rule != NULL && rule->kind == SHARE_EQUAL_EACH, parties);
        }
    }
}

/* Lookups in a contest: columns by code, the columns of an area's form, the rule of a joint column. */
#include "tally/contest.h"

int contest_column(const struct contest *contest, struct span code)
{
    for (int i = 0; i < contest->n_columns; i++) {
        if (span_equal(contest->columns[i].code, code)) {
            return i;
        }
    }
    return -1;
}

/* The boxes that every form has, whoever stands for election. */
static uint64_t always_there(const struct contest *contest)
{
    uint64_t bits = 0;
    for (int i = 0; i < contest->n_columns; i++) {
        enum column_kind kind = contest->columns[i].kind;
        if (kind == COLUMN_WRITE_IN || kind == COLUMN_NULL) {
            bits |= UINT64_C(1) << i;
        }
    }
    return bits;
}

uint64_t contest_columns_in(const struct contest *contest, uint16_t area)
{
    uint64_t bits = always_there(contest);
    for (uint32_t i = 0; i < contest->n_candidacies; i++) {
        const struct candidacy *candidacy = &contest->candidacies[i];
        if (area == AREA_NONE || candidacy->area == AREA_NONE || candidacy->area == area) {
            bits |= candidacy->columns;
        }
    }
    return bits;
}

uint64_t contest_parties_in(const struct contest *contest, uint16_t area)
{
    uint64_t there = contest_columns_in(contest, area);
    uint64_t parties = 0;
    for (int i = 0; i < contest->n_columns; i++) {
        const struct column *column = &contest->columns[i];
        if (!(there >> i & 1)) {
            continue;
        }
        parties |= column->members;
        if (column->kind == COLUMN_INDEPENDENT) {
            parties |= UINT64_C(1) << i;
        }
    }
    return parties;
}

const struct share_rule *contest_rule(const struct contest *contest, uint8_t column, uint16_t area)
{
    const struct share_rule *general = NULL;
    for (uint32_t i = 0; i < contest->n_rules; i++) {
        const struct share_rule *rule = &contest->rules[i];
        if (rule->column != column) {
            continue;
        }
        if (rule->area == AREA_NONE) {
            general = rule;
        } else if (rule->area == area) {
            return rule;
        }
    }
    return general;
}

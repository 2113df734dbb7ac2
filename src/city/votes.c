/* What an undisturbed acta says: turnout and preferences that differ by borough, section and table, and
 * figures that agree with each other. */
#include "city/script.h"

#include "city/dice.h"

#include <assert.h>

struct taste {
    const char *code;
    uint16_t weight; /* in a thousand votes of an average table */
    int8_t side;     /* which way it leans where a borough leans: 1, -1, 0 */
};

static const struct taste tastes[] = {
    {"ALBA", 190, 1},
    {"FARO", 108, 1},
    {"RIO", 44, 1},
    {"PUENTE", 86, 0},
    {"VIENTO", 28, 0},
    {"CANTERA", 322, -1},
    {"CEIBA", 46, -1},
    {"MAIZ", 55, -1},
    {"ALBA_FARO_RIO", 36, 1},
    {"ALBA_FARO", 5, 1},
    {"ALBA_RIO", 3, 1},
    {"FARO_RIO", 2, 1},
    {"CANTERA_CEIBA_MAIZ", 41, -1},
    {"CANTERA_CEIBA", 4, -1},
    {"CANTERA_MAIZ", 5, -1},
    {"CEIBA_MAIZ", 4, -1},
    {"CSP1", 39, 0},
    {"CSP2", 17, 0},
    {"NO_REGISTRADAS", 2, 0},
    {"NULOS", 19, 0},
};

static const struct taste *taste_of(struct span code)
{
    for (size_t i = 0; i < sizeof tastes / sizeof tastes[0]; i++) {
        if (span_is(code, tastes[i].code)) {
            return &tastes[i];
        }
    }
    assert(!"a column without a taste");
    return NULL;
}

/* How far a place leans to one side: -400..400 in a thousand. */
static int lean_of(const struct city_plan *plan, const struct station *station, uint8_t contest)
{
    struct dice borough = dice_for(plan->seed, "lean", station->borough);
    struct dice section = dice_for(plan->seed, "lean-section", station->section);
    struct dice seat = dice_for(plan->seed, "lean-seat", station->borough * 8u + contest);
    return dice_around(&borough, -30, 90) + dice_around(&section, 0, 60) + dice_around(&seat, 0, 30);
}

/* Voters of a table: the same people in every contest, give or take a ballot carried away. */
static uint32_t turnout(const struct city_plan *plan, const struct station *station, uint32_t index)
{
    struct dice dice = dice_for(plan->seed, "turnout", index);
    struct dice borough = dice_for(plan->seed, "turnout-borough", station->borough);
    int permille = dice_around(&borough, 655, 18) + dice_around(&dice, 0, 38);
    if (station->type == 'S') {
        return (uint32_t)dice_between(&dice, 45, 420);
    }
    if (station->type == 'M') {
        permille = station->nominal > 10000 ? 505 : dice_between(&dice, 840, 900);
    } else if (station->type == 'A' || station->type == 'P') {
        permille = dice_between(&dice, 850, 980);
    }
    return (uint32_t)((uint64_t)station->nominal * (uint32_t)permille / 1000);
}

/* Shares `votes` over the columns by weight; the pieces that are left go one by one to the first columns. */
static void share_out(const struct contest *contest, uint64_t columns, uint32_t votes, int lean,
                      struct dice *dice, struct sheet *out)
{
    uint64_t weights[COLUMNS_MAX] = {0}, sum = 0, given = 0;
    for (unsigned i = 0; i < contest->n_columns; i++) {
        if (columns >> i & 1) {
            const struct taste *taste = taste_of(contest->columns[i].code);
            int64_t weight = (int64_t)taste->weight * (1000 + taste->side * lean) / 10;
            weight = weight * dice_around(dice, 1000, 130) / 1000 + dice_below(dice, 300);
            weights[i] = weight < 0 ? 0 : (uint64_t)weight;
            sum += weights[i];
        }
    }
    assert(sum > 0);
    for (unsigned i = 0; i < contest->n_columns; i++) {
        bool here = columns >> i & 1;
        out->votes[i].state = here ? CELL_NUMBER : CELL_NA;
        out->votes[i].value = here ? (uint32_t)(votes * weights[i] / sum) : 0;
        given += out->votes[i].value;
    }
    for (unsigned i = 0; given < votes; i = (i + 1) % contest->n_columns) {
        if (columns >> i & 1) {
            out->votes[i].value++;
            given++;
        }
    }
}

void votes_fill(const struct city_plan *plan, const struct election *election, uint32_t index,
                struct sheet *out)
{
    const struct acta *acta = &election->actas[index];
    const struct contest *contest = &election->contests[acta->contest];
    const struct station *station = &election->stations[acta->station];
    struct dice dice = dice_for(plan->seed, "votes", index);
    uint32_t votes = turnout(plan, station, acta->station);
    votes -= votes > 3 ? dice_below(&dice, 3) : 0;
    uint32_t reps =
        station->reps < votes ? dice_below(&dice, (station->reps > 3 ? 3u : station->reps) + 1) : 0;
    uint64_t columns = contest_columns_in(contest, election_acta_area(election, acta, contest->area_kind));
    *out = (struct sheet){.n_votes = contest->n_columns};
    share_out(contest, columns, votes, lean_of(plan, station, acta->contest), &dice, out);
    const uint32_t fields[SHEET_FIELDS] = {[FIELD_LEFTOVER] = station->ballots - votes,
                                           [FIELD_VOTERS] = votes - reps,
                                           [FIELD_REPS] = reps,
                                           [FIELD_DRAWN] = votes,
                                           [FIELD_WRITTEN] = votes};
    for (int i = 0; i < SHEET_FIELDS; i++) {
        out->fields[i] = (struct cell){fields[i], CELL_NUMBER};
    }
}

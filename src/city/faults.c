/* What goes wrong with actas, in the shares of a real drill of the PREP: of 13,424 captured actas 374 had
 * some field illegible or empty, 90 exceeded the list, 55 had nothing legible, 79 were without acta; 58
 * shared one image. */
#include "city/script.h"

#include "city/dice.h"

enum { DRILL_CAPTURED = 13424 };

/* By enum fault; of DRILL_CAPTURED. */
static const uint16_t shares[FAULTS] = {
    [FAULT_PARTIAL] = 374,  [FAULT_EXCEEDS] = 90,  [FAULT_EMPTY] = 55,
    [FAULT_NO_ACTA] = 79,   [FAULT_WRITTEN] = 402, [FAULT_VOTERS] = 671,
    [FAULT_CORRECTED] = 67, [FAULT_REPEATED] = 58, [FAULT_EARLY] = 40,
};

uint32_t fault_count(enum fault fault, uint32_t captured)
{
    return (uint32_t)(((uint64_t)shares[fault] * captured + DRILL_CAPTURED / 2) / DRILL_CAPTURED);
}

/* A number's column with at least `least` votes, by chance; the largest one when chance does not find it. */
static unsigned voted_column(const struct sheet *sheet, struct dice *dice, uint32_t least)
{
    unsigned best = 0;
    for (unsigned i = 0; i < sheet->n_votes; i++) {
        best = sheet->votes[i].value > sheet->votes[best].value ? i : best;
    }
    for (int tries = 0; tries < 20; tries++) {
        unsigned i = dice_below(dice, sheet->n_votes);
        if (sheet->votes[i].state == CELL_NUMBER && sheet->votes[i].value >= least) {
            return i;
        }
    }
    return best;
}

static void spoil(struct cell *cell, struct dice *dice)
{
    *cell = (struct cell){0, dice_chance(dice, 600000) ? CELL_ILLEGIBLE : CELL_BLANK};
}

static void make_partial(struct sheet *sheet, struct dice *dice)
{
    unsigned n = 1 + dice_below(dice, 3);
    for (unsigned i = 0; i < n; i++) {
        spoil(&sheet->votes[voted_column(sheet, dice, 1)], dice);
    }
}

static void make_exceeding(const struct station *station, struct sheet *sheet, struct dice *dice)
{
    uint32_t bound = (station->type == 'S' ? station->ballots : station->nominal) + station->reps, votes = 0;
    for (unsigned i = 0; i < sheet->n_votes; i++) {
        votes += sheet->votes[i].value;
    }
    sheet->votes[voted_column(sheet, dice, 10)].value += bound - votes + 1 + dice_below(dice, 40);
    if (dice_chance(dice, 100000)) {
        /* Precedence: this observation stands before the others. Zeros are spoilt, so that it still exceeds.
         */
        for (unsigned i = 0; i < sheet->n_votes; i++) {
            if (sheet->votes[i].state == CELL_NUMBER && sheet->votes[i].value == 0) {
                spoil(&sheet->votes[i], dice);
                break;
            }
        }
    }
}

static void make_empty(struct sheet *sheet, struct dice *dice)
{
    unsigned how = dice_below(dice, 3); /* all illegible, all blank, a mixture */
    for (unsigned i = 0; i < sheet->n_votes; i++) {
        if (sheet->votes[i].state == CELL_NUMBER) {
            spoil(&sheet->votes[i], dice);
            sheet->votes[i].state = how == 0 ? CELL_ILLEGIBLE : how == 1 ? CELL_BLANK : sheet->votes[i].state;
        }
    }
    for (int i = 0; i < SHEET_FIELDS; i++) {
        sheet->fields[i] = (struct cell){0, how == 1 ? CELL_BLANK : CELL_ILLEGIBLE};
    }
}

static void make_missing(const struct station *station, struct sheet *sheet, struct dice *dice)
{
    uint32_t which = dice_below(dice, 100);
    sheet->no_acta = which < 48 ? NO_ACTA_NOT_DELIVERED : which < 56 ? NO_ACTA_NOT_INSTALLED : NO_ACTA_NO_BAG;
    if (station->type == 'S' && which >= 60) {
        sheet->no_acta = NO_ACTA_URN;
    }
    for (unsigned i = 0; i < sheet->n_votes; i++) {
        sheet->votes[i] = (struct cell){0, CELL_NO_ACTA};
    }
    for (int i = 0; i < SHEET_FIELDS; i++) {
        sheet->fields[i] = (struct cell){0, CELL_NO_ACTA};
    }
}

/* Typed wrong: a nought too many (the total goes down later), a column left out, two columns exchanged. */
static void mistype(struct sheet *sheet, struct dice *dice)
{
    unsigned a = voted_column(sheet, dice, 5), b = voted_column(sheet, dice, 1);
    uint32_t held = sheet->votes[a].value;
    switch (dice_below(dice, 3)) {
    case 0:
        sheet->votes[a].value = held < 100 ? held * 10 : held + 100;
        break;
    case 1:
        sheet->votes[a].value = 0;
        break;
    default:
        sheet->votes[a].value = a == b ? held / 10 : sheet->votes[b].value;
        sheet->votes[b].value = a == b ? held / 10 : held;
    }
}

void fault_apply(enum fault fault, const struct election *election, const struct acta *acta,
                 struct dice *dice, struct sheet *sheet)
{
    const struct station *station = &election->stations[acta->station];
    uint32_t written = sheet->fields[FIELD_WRITTEN].value, drawn = sheet->fields[FIELD_DRAWN].value;
    switch (fault) {
    case FAULT_PARTIAL:
        make_partial(sheet, dice);
        break;
    case FAULT_EXCEEDS:
        make_exceeding(station, sheet, dice);
        break;
    case FAULT_EMPTY:
        make_empty(sheet, dice);
        break;
    case FAULT_NO_ACTA:
        make_missing(station, sheet, dice);
        break;
    case FAULT_WRITTEN:
        sheet->fields[FIELD_WRITTEN].value =
            dice_chance(dice, 300000) ? 0 : written + 1 + dice_below(dice, 20);
        break;
    case FAULT_VOTERS:
        sheet->fields[FIELD_VOTERS].value += 1 + dice_below(dice, 9);
        sheet->fields[FIELD_DRAWN].value = drawn > 4 ? drawn - dice_below(dice, 4) : drawn;
        break;
    case FAULT_CORRECTED:
        mistype(sheet, dice);
        break;
    default:
        break;
    }
}

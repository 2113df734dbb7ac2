/* The official rules over one acta: is it counted, what is to be observed, what does not fit together. */
#include "tally/rules.h"

#include <assert.h>

/* What the cells of an acta hold: the states that occur in the boxes of its form, and the sum of all numbers.
 */
struct reading {
    unsigned states; /* bits by enum cell_state, over the columns of the form */
    uint64_t sum;
    bool stray; /* a number where the form has no box, or N/A where it has one */
};

static struct reading sheet_read(const struct sheet *sheet, uint64_t columns)
{
    struct reading reading = {0};
    for (unsigned i = 0; i < sheet->n_votes; i++) {
        const struct cell *cell = &sheet->votes[i];
        bool on_form = columns >> i & 1;
        if (on_form) {
            reading.states |= 1U << cell->state;
        }
        if (cell->state == CELL_NUMBER) {
            reading.sum += cell->value;
        }
        reading.stray |= on_form ? cell->state == CELL_NA : cell->state == CELL_NUMBER;
    }
    return reading;
}

static bool has(const struct reading *reading, enum cell_state state)
{
    return reading->states >> state & 1;
}

/* Illegible or blank in some boxes, or in all of them (LEEME-G 6 and 37). One legible zero is a datum. */
static unsigned observe_cells(const struct reading *reading)
{
    if (!has(reading, CELL_NUMBER)) {
        return OBS_ALL_EMPTY;
    }
    return (has(reading, CELL_ILLEGIBLE) ? OBS_ILLEGIBLE : 0U) | (has(reading, CELL_BLANK) ? OBS_BLANK : 0U);
}

struct judgement sheet_judge(const struct sheet *sheet, uint64_t columns, const struct station *station)
{
    assert(sheet->n_votes <= COLUMNS_MAX);
    struct reading reading = sheet_read(sheet, columns);
    unsigned observations = station == NULL ? OBS_OUT_OF_CATALOGUE : 0U;
    if (sheet->no_acta != NO_ACTA_NONE) {
        observations |= OBS_NO_ACTA;
    } else {
        observations |= observe_cells(&reading);
    }
    if (station != NULL && reading.sum > station_bound(station)) {
        observations |= OBS_EXCEEDS;
    }
    enum counted counted = COUNTED_YES;
    if (station == NULL) {
        counted = COUNTED_OUT_OF_CATALOGUE;
    } else if (observations & (OBS_EXCEEDS | OBS_ALL_EMPTY | OBS_NO_ACTA)) {
        counted = COUNTED_NO;
    }
    return (struct judgement){
        .counted = (uint8_t)counted, .observations = (uint8_t)observations, .computed = reading.sum};
}

bool judgement_inconsistent(struct judgement judgement)
{
    const unsigned among = OBS_EXCEEDS | OBS_ALL_EMPTY | OBS_ILLEGIBLE | OBS_BLANK;
    return judgement.counted != COUNTED_OUT_OF_CATALOGUE && (judgement.observations & among) != 0;
}

static void add_legend(struct buf *out, bool *any, struct span legend)
{
    if (*any) {
        buf_str(out, ", ");
    }
    buf_span(out, legend);
    *any = true;
}

void judgement_print(struct judgement judgement, enum no_acta reason, struct buf *out)
{
    bool any = false;
    if (judgement.observations & OBS_EXCEEDS) {
        add_legend(out, &any, SPAN("EXCEDE LISTA NOMINAL"));
    }
    if (judgement.observations & OBS_ALL_EMPTY) {
        add_legend(out, &any, SPAN("TODOS ILEGIBLES O SIN DATO"));
    }
    /* The LEEME has one legend for both causes; the ledger's entry keeps them apart. */
    if (judgement.observations & (OBS_ILLEGIBLE | OBS_BLANK)) {
        add_legend(out, &any, SPAN("ALGÚN CAMPO ILEGIBLE O SIN DATO"));
    }
    if (judgement.observations & OBS_NO_ACTA) {
        add_legend(out, &any, reason == NO_ACTA_NONE ? SPAN("SIN ACTA") : no_acta_words(reason));
    }
    if (judgement.observations & OBS_OUT_OF_CATALOGUE) {
        add_legend(out, &any, SPAN("FUERA DE CATÁLOGO"));
    }
    if (!any) {
        buf_str(out, "--");
    }
}

static bool is_number(struct cell cell)
{
    return cell.state == CELL_NUMBER;
}

static bool differs(struct cell cell, uint64_t other)
{
    return is_number(cell) && cell.value != other;
}

/* Persons and representatives who voted against the ballots in the box; a form without representatives has
 * "N/A". */
static bool voters_differ(const struct sheet *sheet)
{
    struct cell reps = sheet->fields[FIELD_REPS];
    if (!is_number(sheet->fields[FIELD_VOTERS]) || !(is_number(reps) || reps.state == CELL_NA)) {
        return false;
    }
    return differs(sheet->fields[FIELD_DRAWN], (uint64_t)sheet->fields[FIELD_VOTERS].value + reps.value);
}

/* Boxes 2 to 7 of the form against each other, against the sum and against the station. */
static uint32_t find_in_fields(const struct sheet *sheet, uint64_t computed, const struct station *station)
{
    uint32_t found = 0;
    if (differs(sheet->fields[FIELD_WRITTEN], computed)) {
        found |= 1U << FINDING_WRITTEN_DIFFERS;
    }
    if (differs(sheet->fields[FIELD_DRAWN], computed)) {
        found |= 1U << FINDING_DRAWN_DIFFERS;
    }
    if (voters_differ(sheet)) {
        found |= 1U << FINDING_VOTERS_DIFFER;
    }
    struct cell leftover = sheet->fields[FIELD_LEFTOVER];
    if (station != NULL && station->ballots > 0 && is_number(leftover) &&
        leftover.value + computed > station->ballots) {
        found |= 1U << FINDING_LEFTOVER;
    }
    struct cell reps = sheet->fields[FIELD_REPS];
    if (station != NULL && is_number(reps) && reps.value > station->reps) {
        found |= 1U << FINDING_REPS;
    }
    return found;
}

/* Acopio, capture, verification follow each other, but a photo taken at the casilla may be made again, and
 * then its acopio is the later photo's. A moment below zero does not apply. */
static bool times_disorder(const struct sheet *sheet)
{
    bool acopio = sheet->received_ms >= 0 && sheet->origin != ORIGIN_CASILLA;
    if (acopio && sheet->captured_ms >= 0 && sheet->captured_ms < sheet->received_ms) {
        return true;
    }
    return sheet->captured_ms >= 0 && sheet->verified_ms >= 0 && sheet->verified_ms < sheet->captured_ms;
}

uint32_t sheet_findings(const struct sheet *sheet, uint64_t columns, const struct station *station)
{
    uint32_t found = station == NULL ? 1U << FINDING_OUT_OF_CATALOGUE : 0;
    if (sheet->no_acta != NO_ACTA_NONE) {
        return found;
    }
    struct judgement judgement = sheet_judge(sheet, columns, station);
    if (judgement.observations & OBS_EXCEEDS) {
        found |= 1U << FINDING_EXCEEDS;
    }
    if (judgement.observations & OBS_ALL_EMPTY) {
        found |= 1U << FINDING_ALL_EMPTY;
    }
    if (sheet_read(sheet, columns).stray) {
        found |= 1U << FINDING_COLUMN_NA;
    }
    if (times_disorder(sheet)) {
        found |= 1U << FINDING_TIME_ORDER;
    }
    if (!sheet->has_image) {
        found |= 1U << FINDING_NO_IMAGE;
    }
    return found | find_in_fields(sheet, judgement.computed, station);
}

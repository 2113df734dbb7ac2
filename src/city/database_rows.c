/* One row of a database: which table, which acta, what it says, when it came. */
#include "city/database_parts.h"

#include "city/dice.h"
#include "prepdb/names.h"
#include "tally/rules.h"

#include <assert.h>
#include <stdio.h>

enum { SPECIAL_BALLOTS = 1000, REPS_MAX = 9999, FORM_MAX = ACTA_KEY_MAX - STATION_KEY_LEN };

static uint32_t number_in(const struct reading *reading, enum field field)
{
    uint32_t number = 0;
    (void)cell_number(cell_trim(reading_cell(reading, field)), &number);
    return number;
}

/* TIPO_ACTA as far as a key may hold it. */
static size_t form_of(const struct reading *reading, char out[FORM_MAX + 1])
{
    struct span form = cell_trim(reading_cell(reading, F_FORM));
    size_t len = 0;
    for (size_t i = 0; i < form.len && len < FORM_MAX; i++) {
        char c = form.at[i];
        if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
            out[len++] = c;
        }
    }
    if (len == 0) {
        out[len++] = '0'; /* LEEME: zero where the form is not known */
    }
    out[len] = '\0';
    return len;
}

static void print_key(struct station *station, unsigned entity)
{
    snprintf(station->key, sizeof station->key, "%02u%04u%c%02u%02u", entity % 100, station->section % 10000u,
             station->type, station->number % 100u, station->extension % 100u);
}

/* What a row says of its table; the key is made of it, because published keys are cut short or repeated. */
static void describe(const struct reading *reading, struct station *out)
{
    struct span type = cell_trim(reading_cell(reading, F_TYPE)),
                location = cell_trim(reading_cell(reading, F_LOCATION));
    uint32_t number = number_in(reading, F_NUMBER), district = number_in(reading, F_DISTRICT);
    bool known = type.len >= 1 && memchr(STATION_TYPES, type.at[0], sizeof STATION_TYPES - 1) != NULL;
    *out = (struct station){.type = known ? type.at[0] : 'B', .district = AREA_NONE, .borough = AREA_NONE};
    out->section = (uint16_t)(number_in(reading, F_SECTION) % 10000);
    out->number = (uint8_t)(number >= 1 && number <= 99 ? number : 1);
    out->extension = (uint8_t)(number_in(reading, F_EXTENSION) % 100);
    out->location = location.len > 0 && location.at[location.len - 1] == '2' ? 2 : 1;
    if (station_is_mode(out) && out->type != 'P') {
        out->section = 0;
    }
    if (out->type != 'M' && district >= 1 && district <= DISTRICTS_MAX) {
        out->district = (uint16_t)district;
    }
    out->nominal = out->type == 'S' ? 0 : number_in(reading, F_NOMINAL) % 1000000;
    uint32_t reps = station_is_mode(out) ? 0 : number_in(reading, F_REPS);
    out->reps = (uint16_t)(reps > REPS_MAX ? REPS_MAX : reps);
}

/* The next key that no acta of this form has: extension, then number. */
static bool free_key(struct reading *reading, struct station *station, const char *form,
                     char key[ACTA_KEY_MAX + 1])
{
    for (unsigned tries = 0; tries < 99 * 99; tries++) {
        print_key(station, reading->election->entity);
        int len = snprintf(key, ACTA_KEY_MAX + 1, "%s%s", station->key, form);
        if (map_get(&reading->actas, span_of(key, (size_t)len)) == MAP_NONE) {
            return true;
        }
        station->extension++;
        if (station->extension == 99) {
            station->extension = 0;
            station->number = (uint8_t)(station->number % 99 + 1);
        }
    }
    return false;
}

static void read_cells(struct reading *reading, struct sheet *out)
{
    static const enum field fields[SHEET_FIELDS] = {[FIELD_LEFTOVER] = F_LEFTOVER,
                                                    [FIELD_VOTERS] = F_VOTERS,
                                                    [FIELD_REPS] = F_REPS_VOTED,
                                                    [FIELD_DRAWN] = F_DRAWN,
                                                    [FIELD_WRITTEN] = F_WRITTEN};
    out->n_votes = reading->contest->n_columns;
    for (unsigned i = 0; i < out->n_votes; i++) {
        struct cell cell;
        (void)cell_votes(reading->cells[reading->vote_at[i]], &cell);
        /* On a form that has the column nothing written is nothing written. */
        out->votes[i] = cell.state == CELL_NA ? (struct cell){0, CELL_BLANK} : cell;
    }
    for (int i = 0; i < SHEET_FIELDS; i++) {
        bool known =
            reading->at[fields[i]] >= 0 && cell_votes(reading_cell(reading, fields[i]), &out->fields[i]);
        if (!known || out->fields[i].state == CELL_NO_ACTA) {
            out->fields[i] = (struct cell){0, CELL_NA};
        }
    }
}

static bool all_without_acta(const struct sheet *sheet)
{
    for (unsigned i = 0; i < sheet->n_votes; i++) {
        if (sheet->votes[i].state != CELL_NO_ACTA) {
            return false;
        }
    }
    return sheet->n_votes > 0;
}

/* Turns a sheet into that of an acta that did not come. */
static void take_away(struct sheet *sheet, struct span words)
{
    sheet->no_acta = span_holds(words, "NO INSTALADA") ? NO_ACTA_NOT_INSTALLED
                     : span_holds(words, "SIN BOLSA") || span_holds(words, "SIN SOBRE") ? NO_ACTA_NO_BAG
                     : span_holds(words, "URNA")                                        ? NO_ACTA_URN
                                                 : NO_ACTA_NOT_DELIVERED;
    for (unsigned i = 0; i < sheet->n_votes; i++) {
        sheet->votes[i] = (struct cell){0, CELL_NO_ACTA};
    }
    for (int i = 0; i < SHEET_FIELDS; i++) {
        sheet->fields[i] = (struct cell){0, CELL_NO_ACTA};
    }
    sheet->received_ms = sheet->captured_ms = sheet->verified_ms = -1;
    sheet->origin = ORIGIN_NONE;
    sheet->means = MEANS_NONE;
    sheet->document = DOCUMENT_NONE;
    sheet->transport = 0;
}

static int64_t moment_in(struct reading *reading, enum field field)
{
    int64_t local = cell_time(&reading->times, reading_cell(reading, field));
    return local < 0 ? -1 : local - (int64_t)reading->election->offset_min * 60000;
}

/* The index of the word that a code stands for, 0 for none. */
static uint8_t code_in(const struct reading *reading, enum field field, struct span (*word)(unsigned),
                       unsigned n)
{
    struct span cell = cell_trim(reading_cell(reading, field));
    for (unsigned i = 1; i < n; i++) {
        if (span_equal(cell, word(i))) {
            return (uint8_t)i;
        }
    }
    return 0;
}

static struct span origin_at(unsigned i)
{
    return origin_word((enum origin)i);
}

static struct span means_at(unsigned i)
{
    return means_word((enum means)i);
}

static struct span document_at(unsigned i)
{
    return document_word((enum document)i);
}

static void read_passage(struct reading *reading, struct sheet *out)
{
    struct span transport = cell_trim(reading_cell(reading, F_TRANSPORT));
    out->received_ms = moment_in(reading, F_RECEIVED);
    out->captured_ms = moment_in(reading, F_CAPTURED);
    out->verified_ms = moment_in(reading, F_VERIFIED);
    out->transport = transport.len == 1 && memchr("DFI", transport.at[0], 3) != NULL ? transport.at[0] : 0;
    out->origin = code_in(reading, F_ORIGIN, origin_at, ORIGIN_CATD + 1);
    out->means = code_in(reading, F_MEANS, means_at, MEANS_URN + 1);
    out->document = code_in(reading, F_DOCUMENT, document_at, DOCUMENT_UE + 1);
}

static int64_t due_of(struct reading *reading, const struct sheet *sheet)
{
    int64_t due = sheet->verified_ms;
    due = sheet->captured_ms > due ? sheet->captured_ms : due;
    due = sheet->received_ms > due ? sheet->received_ms : due;
    due = due < 0 ? reading->last_ms : due;
    reading->last_ms = due;
    return due;
}

static bool left_out_of_catalogue(const struct reading *reading)
{
    unsigned observations = 0;
    struct span flag = cell_trim(reading_cell(reading, F_COUNTED));
    bool known = cell_observations(reading_cell(reading, F_OBSERVATIONS), &observations);
    return span_is(flag, "2") || (known && (observations & OBS_OUT_OF_CATALOGUE) != 0 && !span_is(flag, "1"));
}

/* The bound that lets everything count that was counted. */
static void widen(const struct reading *reading, struct station *station, const struct sheet *sheet)
{
    uint64_t votes = 0;
    for (unsigned i = 0; i < sheet->n_votes; i++) {
        votes += sheet->votes[i].value;
    }
    uint32_t most = votes > 999999 ? 999999 : (uint32_t)votes;
    if (reading->at[F_COUNTED] >= 0 || most <= station_bound(station)) {
        return;
    }
    if (station_is_special(station)) {
        station->ballots = most;
    } else if (station_is_mode(station)) {
        station->nominal = most;
    } else {
        uint32_t reps = most - station->nominal;
        station->reps = (uint16_t)(reps > REPS_MAX ? REPS_MAX : reps);
    }
}

/* The station of a row: known from another contest, or new. */
static uint32_t settle(struct reading *reading, struct station *station)
{
    struct election *out = reading->election;
    uint32_t known = map_get(&reading->stations, span_str(station->key));
    if (known != MAP_NONE) {
        return known;
    }
    station->ballots = station_is_special(station) ? SPECIAL_BALLOTS : station->nominal + station->reps;
    out->stations[out->n_stations] = *station;
    (void)map_put(&reading->stations, arena_copy(&out->arena, span_str(station->key)), out->n_stations);
    return out->n_stations++;
}

static enum err add_acta(struct reading *reading, struct station *station, struct record *record)
{
    struct election *out = reading->election;
    struct acta *acta = &out->actas[out->n_actas];
    char form[FORM_MAX + 1];
    acta->form_len = (uint8_t)form_of(reading, form);
    if (!free_key(reading, station, form, acta->key)) {
        return why_set(reading->why, ERR_FULL, "too many rows of table %s", station->key);
    }
    acta->contest = record->contest;
    acta->station = settle(reading, station);
    widen(reading, &out->stations[acta->station], &record->sheet);
    (void)map_put(&reading->actas, arena_copy(&out->arena, span_str(acta->key)), out->n_actas++);
    memcpy(record->acta, acta->key, sizeof record->acta);
    return OK;
}

/* Keys as they were read: what the definition of a key does not allow is left out. */
static void copy_key(struct span key, char out[ACTA_KEY_MAX + 1])
{
    size_t len = 0;
    for (size_t i = 0; i < key.len && len < ACTA_KEY_MAX; i++) {
        if ((key.at[i] >= '0' && key.at[i] <= '9') || (key.at[i] >= 'A' && key.at[i] <= 'Z')) {
            out[len++] = key.at[i];
        }
    }
    out[len] = '\0';
}

enum err reading_row(struct reading *reading)
{
    struct station station;
    struct span words = reading_cell(reading, F_OBSERVATIONS);
    if (cell_trim(reading_cell(reading, F_TYPE)).len == 0 &&
        cell_trim(reading_cell(reading, F_SECTION)).len == 0) {
        return OK; /* a blank line */
    }
    assert(reading->n < reading->rooms);
    struct record *record = &reading->records[reading->n];
    *record = (struct record){.version = 1,
                              .before = SCRIPT_NONE,
                              .drawn = reading->n,
                              .contest = (uint8_t)(reading->contest - reading->election->contests)};
    describe(reading, &station);
    read_cells(reading, &record->sheet);
    read_passage(reading, &record->sheet);
    record->due_ms = due_of(reading, &record->sheet);
    if (all_without_acta(&record->sheet) || span_holds(words, "SIN ACTA")) {
        take_away(&record->sheet, words);
    }
    for (unsigned i = 0; i < record->sheet.n_votes; i++) {
        struct cell *cell = &record->sheet.votes[i];
        cell->state = cell->state == CELL_NO_ACTA && record->sheet.no_acta == 0 ? CELL_BLANK : cell->state;
    }
    struct dice dice = dice_for(reading->plan->city.seed, "image", reading->n);
    record->pictured = record->sheet.no_acta == 0 && dice_chance(&dice, reading->plan->images_ppm);
    record->signer = station.district == AREA_NONE ? 0 : station.district;
    if (left_out_of_catalogue(reading)) {
        copy_key(cell_trim(reading_cell(reading, F_ACTA_KEY)), record->acta);
    } else {
        if (station.district != AREA_NONE && station.district > reading->most_district) {
            reading->most_district = station.district;
        }
        TRY(add_acta(reading, &station, record));
    }
    reading->n++;
    return OK;
}

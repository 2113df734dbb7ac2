/* The rows: which column is what, and each acta read, judged by the rules and counted twice, once as it is
 * published and once as the rules would have it. */
#include "audit/rows.h"

/* Sums of this many rows of votes of at most six digits fit 32 bits. */
enum { PLAIN_ROWS_MAX = 4096 };

static const enum field figure_fields[ROW_FIGURES] = {
    [FIELD_LEFTOVER] = F_LEFTOVER, [FIELD_VOTERS] = F_VOTERS,   [FIELD_REPS] = F_REPS_VOTED,
    [FIELD_DRAWN] = F_DRAWN,       [FIELD_WRITTEN] = F_WRITTEN, [FIGURE_COMPUTED] = F_COMPUTED,
    [FIGURE_NOMINAL] = F_NOMINAL,  [FIGURE_REPS] = F_REPS,
};

void rows_init(struct auditor *a)
{
    a->row = (struct csv_row){.stops = a->stops, .max = CSV_COLUMNS_MAX, .least = a->n_columns};
    a->read_numbers = short_numbers_best();
    a->figures_missing = 0;
    for (unsigned i = 0; i < ROW_FIGURES; i++) {
        bool there = has_field(a, figure_fields[i]);
        a->figure_cells.at[i] = (uint16_t)(there ? a->at[figure_fields[i]] : 0);
        a->figures_missing |= (uint64_t)!there << i;
    }
    a->vote_cells.n = a->database->n_columns;
    a->figure_cells.n = ROW_FIGURES;
    short_numbers_prepare(&a->vote_cells);
    short_numbers_prepare(&a->figure_cells);
}

static bool blank_from(const struct auditor *a, size_t from, size_t to)
{
    for (size_t i = from; i < to && i < CSV_COLUMNS_MAX; i++) {
        if (cell_trim(csv_cell(&a->row, i)).len > 0) {
            return false;
        }
    }
    return true;
}

/* A row of the right length: true. A blank line or one that cannot be used: false, and noted. */
static bool row_shape(struct auditor *a)
{
    const size_t n = a->row.n;
    if (cell_trim(csv_cell(&a->row, 0)).len == 0 && blank_from(a, 1, n)) {
        return false;
    }
    bool cut = a->reader.open_quote || (a->reader.unterminated && n < a->n_columns);
    if (cut) {
        if (found(a, RULE_CUT_OFF)) {
            example(a, RULE_CUT_OFF, "%zu de %zu columnas", n, a->n_columns);
        }
        return false;
    }
    if (n < a->n_columns || !blank_from(a, a->n_columns, n)) {
        if (found(a, RULE_UNEVEN_ROW)) {
            example(a, RULE_UNEVEN_ROW, "%zu valores, %zu columnas", n, a->n_columns);
        }
        return false;
    }
    if (cell_trim(cell_of(a, F_ACTA_KEY)).len == 0 && cell_trim(cell_of(a, F_STATION_KEY)).len == 0 &&
        cell_trim(cell_of(a, F_SECTION)).len == 0 && cell_trim(cell_of(a, F_TYPE)).len == 0) {
        note(a, RULE_NO_IDENTITY);
        return false;
    }
    return true;
}

/* Anything but a short number in a vote cell. */
static void read_odd_vote(struct auditor *a, unsigned i)
{
    struct cell *cell = &a->sheet.votes[i];
    struct span raw = csv_cell(&a->row, a->vote_cells.at[i]);
    if (!cell_votes(raw, cell) && found(a, RULE_CELL)) {
        struct span text = safe_text(a, raw);
        example(a, RULE_CELL, "%.*s = %.*s", SPAN_ARG(a->database->column_names[i]), SPAN_ARG(text));
    }
    a->votes[i] = cell->value;
    a->any_number |= cell->state == CELL_NUMBER;
    a->all_numbers &= cell->state == CELL_NUMBER;
    a->no_acta |= cell->state == CELL_NO_ACTA;
    a->columns &= ~((uint64_t)(cell->state == CELL_NA) << i);
}

static void read_votes(struct auditor *a)
{
    const unsigned n = a->database->n_columns;
    const uint64_t all = n == COLUMNS_MAX ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1;
    a->odd_votes = a->read_numbers(&a->row, &a->vote_cells, a->votes);
    a->columns = all;
    a->any_number = a->odd_votes != all;
    a->all_numbers = true;
    for (uint64_t odd = a->odd_votes; odd != 0; odd &= odd - 1) {
        read_odd_vote(a, (unsigned)__builtin_ctzll(odd));
    }
    a->sum = short_numbers_sum(a->votes, n);
}

/* The sheet's votes are needed only where the rules have something to say. */
static void fill_sheet(struct auditor *a)
{
    for (unsigned i = 0; i < a->database->n_columns; i++) {
        if ((a->odd_votes >> i & 1) == 0) {
            a->sheet.votes[i] = (struct cell){.value = a->votes[i], .state = CELL_NUMBER};
        }
    }
}

static void read_figures(struct auditor *a)
{
    a->odd_figures = a->read_numbers(&a->row, &a->figure_cells, a->figures) | a->figures_missing;
#pragma GCC unroll 5
    for (unsigned i = 0; i < SHEET_FIELDS; i++) {
        a->sheet.fields[i] = (struct cell){.value = a->figures[i], .state = CELL_NUMBER};
    }
    for (uint64_t odd = a->odd_figures & ((1U << SHEET_FIELDS) - 1); odd != 0; odd &= odd - 1) {
        unsigned i = (unsigned)__builtin_ctzll(odd);
        struct cell *cell = &a->sheet.fields[i];
        if (!has_field(a, figure_fields[i]) || !cell_votes(cell_of(a, figure_fields[i]), cell)) {
            *cell = (struct cell){.state = CELL_NA};
        }
    }
}

static void read_observations(struct auditor *a)
{
    struct span words = cell_of(a, F_OBSERVATIONS);
    if (cell_is_none(words)) { /* most rows; what the last remark means is kept for the next one */
        a->observations = 0;
        a->observations_known = true;
        return;
    }
    if (!span_equal(words, a->last_words)) {
        a->last_known = cell_observations(words, &a->last_observations);
        a->last_words = words;
    }
    a->observations = a->last_observations;
    a->observations_known = a->last_known;
    if (!a->last_known && found(a, RULE_OBSERVATION_WORDS)) {
        struct span text = safe_text(a, words);
        example(a, RULE_OBSERVATION_WORDS, "%.*s", SPAN_ARG(text));
    }
    if (a->row.quote == CSV_NO_QUOTE) {
        a->last_words = span_of("", 0); /* it lies in the reader's scratch, which the next row overwrites */
        a->last_observations = 0;
        a->last_known = true;
    }
}

static void read_flag(struct auditor *a)
{
    a->flag = -1;
    if (!has_field(a, F_COUNTED)) {
        return;
    }
    struct span cell = cell_trim(cell_of(a, F_COUNTED));
    if (cell.len == 1 && cell.at[0] >= '0' && cell.at[0] <= '2') {
        a->flag = cell.at[0] - '0';
        return;
    }
    a->flag = 0;
    if (found(a, RULE_COUNTED_VALUE)) {
        struct span text = safe_text(a, cell);
        example(a, RULE_COUNTED_VALUE, "CONTABILIZADA = \"%.*s\"", SPAN_ARG(text));
    }
}

/* The table, as far as the row tells: type, list, representatives. What special tables may hold at most
 * (their ballots) no database says. */
static void read_station(struct auditor *a)
{
    struct span type = cell_trim(cell_of(a, F_TYPE));
    struct span location = cell_trim(cell_of(a, F_LOCATION));
    uint32_t nominal = 0;
    bool has_nominal = row_figure(a, FIGURE_NOMINAL, F_NOMINAL, &nominal);
    a->reps = 0;
    a->has_reps = row_figure(a, FIGURE_REPS, F_REPS, &a->reps);
    a->station.type = type.len == 1 ? type.at[0] : '?';
    a->station.location = location.len > 0 && location.at[location.len - 1] == '2' ? 2 : 1;
    a->station.reps = (uint16_t)(a->reps > UINT16_MAX ? UINT16_MAX : a->reps);
    a->station.nominal = nominal;
    a->bound_known =
        has_nominal && !station_is_special(&a->station) && (a->has_reps || station_is_mode(&a->station));
}

/* The rules' judgement. Where the most votes the table may hold are not known, the published word is
 * believed. */
static void judge(struct auditor *a)
{
    struct station station = a->station;
    if (!a->bound_known) {
        station.nominal = UINT32_MAX;
        station.ballots = UINT32_MAX;
    }
    a->ruled = sheet_judge(&a->sheet, a->columns, a->out_of_catalogue ? NULL : &station);
    if (!a->bound_known && (a->observations & OBS_EXCEEDS) && !a->out_of_catalogue) {
        a->ruled.observations |= OBS_EXCEEDS;
        a->ruled.counted = COUNTED_NO;
    }
}

static void count_row(struct auditor *a)
{
    struct database *db = a->database;
    const struct station *station = a->out_of_catalogue ? NULL : &a->station;
    bool special = station_is_special(&a->station);
    struct judgement published = a->ruled;
    if (has_field(a, F_OBSERVATIONS)) {
        published.observations = (uint8_t)a->observations;
    }
    if (!a->out_of_catalogue) {
        bool counted = has_field(a, F_COUNTED) ? a->flag == 1 : a->any_number;
        published.counted = counted ? COUNTED_YES : COUNTED_NO;
        db->special_rows += special;
        db->special_counted += special && counted;
        db->nominal_special += special && counted ? a->station.nominal : 0;
        db->nominal_captured += a->station.nominal;
    }
    count_add(&db->published, &a->sheet, published, station);
    /* Without CONTABILIZADA it is no preliminary count: nothing is left out, and the rules add nothing. */
    count_add(&db->ruled, &a->sheet, has_field(a, F_COUNTED) ? a->ruled : published, station);
    db->rows++;
}

static void check_counted(struct auditor *a)
{
    if (!has_field(a, F_COUNTED) || a->out_of_catalogue) {
        return;
    }
    if (a->flag == 0 && a->ruled.counted == COUNTED_YES && found(a, RULE_NOT_COUNTED)) {
        struct span words = safe_text(a, cell_of(a, F_OBSERVATIONS));
        example(a, RULE_NOT_COUNTED, "OBSERVACIONES: %.*s", SPAN_ARG(words));
    }
    if (a->flag != 1 || a->ruled.counted != COUNTED_NO) {
        return;
    }
    if (a->ruled.observations & OBS_EXCEEDS) {
        if (found(a, RULE_COUNTED_EXCEEDS)) {
            example(a, RULE_COUNTED_EXCEEDS, "%llu votos, lista nominal %u",
                    (unsigned long long)a->ruled.computed, a->station.nominal);
        }
    } else {
        note(a, a->ruled.observations & OBS_NO_ACTA ? RULE_COUNTED_NO_ACTA : RULE_COUNTED_EMPTY);
    }
}

/* Illegible or blank somewhere is one legend in what is published. */
static unsigned legends(unsigned observations)
{
    unsigned some = observations & (OBS_ILLEGIBLE | OBS_BLANK) ? OBS_ILLEGIBLE : 0U;
    return (observations & ~(unsigned)(OBS_ILLEGIBLE | OBS_BLANK)) | some;
}

static void check_observations(struct auditor *a)
{
    if (!has_field(a, F_OBSERVATIONS) || !a->observations_known) {
        return;
    }
    unsigned said = legends(a->observations);
    unsigned ruled = legends(a->ruled.observations);
    bool prevails = (said & ruled & OBS_EXCEEDS) != 0;
    bool outside = (said & ruled & OBS_OUT_OF_CATALOGUE) != 0;
    if (said != ruled && !prevails && !outside && found(a, RULE_OBSERVATION)) {
        struct buf should;
        buf_init(&should, 0);
        judgement_print(a->ruled, NO_ACTA_NONE, &should);
        struct span words = safe_text(a, cell_of(a, F_OBSERVATIONS));
        example(a, RULE_OBSERVATION, "dice \"%.*s\", resulta \"%s\"", SPAN_ARG(words), buf_cstr(&should));
        buf_done(&should);
    }
}

static void check_computed(struct auditor *a)
{
    uint32_t said = 0;
    if (!has_field(a, F_COMPUTED)) {
        return;
    }
    bool number = row_figure(a, FIGURE_COMPUTED, F_COMPUTED, &said);
    bool wrong = number ? said != a->ruled.computed : a->any_number && !a->no_acta;
    if (wrong && found(a, RULE_COMPUTED)) {
        struct span text = safe_text(a, cell_of(a, F_COMPUTED));
        example(a, RULE_COMPUTED, "dice %.*s, la suma es %llu", SPAN_ARG(text),
                (unsigned long long)a->ruled.computed);
    }
}

static const struct {
    unsigned bit;
    enum audit_rule rule;
} facts[] = {
    {1U << FINDING_OUT_OF_CATALOGUE, NOTE_OUT_OF_CATALOGUE},
    {1U << FINDING_EXCEEDS, NOTE_EXCEEDS},
    {1U << FINDING_ALL_EMPTY, NOTE_ALL_EMPTY},
    {1U << FINDING_WRITTEN_DIFFERS, NOTE_WRITTEN},
    {1U << FINDING_DRAWN_DIFFERS, NOTE_DRAWN},
    {1U << FINDING_VOTERS_DIFFER, NOTE_VOTERS},
};

/* What is true of the acta itself and is nobody's mistake in publishing it. */
static void note_facts(struct auditor *a)
{
    struct station station = a->station;
    station.nominal = a->bound_known ? station.nominal : UINT32_MAX;
    station.ballots = station_is_special(&station) ? UINT32_MAX : 0;
    uint32_t bits = sheet_findings(&a->sheet, a->columns, a->out_of_catalogue ? NULL : &station);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        if (bits & facts[i].bit) {
            note(a, facts[i].rule);
        }
    }
    if (a->no_acta) {
        note(a, NOTE_NO_ACTA);
    }
    if (a->ruled.observations & (OBS_ILLEGIBLE | OBS_BLANK)) {
        note(a, NOTE_SOME_EMPTY);
    }
    if (station_is_special(&a->station) && a->station.nominal > 0 && found(a, RULE_SPECIAL_NOMINAL)) {
        example(a, RULE_SPECIAL_NOMINAL, "LISTA_NOMINAL = %u", a->station.nominal);
    }
}

/* The ordinary acta: every box a legible number, within the list, published as counted and without a remark. The rules
 * can say nothing else of it (sheet_judge), so nine rows in ten take this way, and both counts take its figures once. */
static bool is_plain(const struct auditor *a)
{
    return a->all_numbers && a->any_number && a->bound_known && a->flag == 1 && a->observations == 0 &&
           a->observations_known && !a->no_acta && a->sum <= station_bound(&a->station);
}

static void flush_plain(struct auditor *a)
{
    struct count *count = &a->plain;
    count->captured += a->plain_rows;
    count->counted += a->plain_rows;
    a->database->rows += a->plain_rows;
    a->plain_rows = 0;
    for (unsigned i = 0; i < a->database->n_columns; i++) {
        count->columns[i] += a->plain_votes[i];
    }
    memset(a->plain_votes, 0, sizeof a->plain_votes);
}

static void count_plain(struct auditor *a)
{
    struct count *count = &a->plain;
    a->ruled = (struct judgement){.counted = COUNTED_YES, .computed = a->sum};
    count->urban_counted += a->station.location != 2;
    count->rural_counted += a->station.location == 2;
    count->nominal_counted += a->station.nominal;
    count->votes += a->sum;
    a->database->nominal_captured += a->station.nominal;
    short_numbers_add(a->plain_votes, a->votes, a->database->n_columns);
    if (++a->plain_rows == PLAIN_ROWS_MAX) {
        flush_plain(a);
    }
}

static void note_plain_facts(struct auditor *a)
{
    const struct cell *written = &a->sheet.fields[FIELD_WRITTEN];
    const struct cell *drawn = &a->sheet.fields[FIELD_DRAWN];
    const struct cell *voters = &a->sheet.fields[FIELD_VOTERS];
    const struct cell *reps = &a->sheet.fields[FIELD_REPS];
    if (written->state == CELL_NUMBER && written->value != a->sum) {
        note(a, NOTE_WRITTEN);
    }
    if (drawn->state != CELL_NUMBER) {
        return;
    }
    if (drawn->value != a->sum) {
        note(a, NOTE_DRAWN);
    }
    bool asked = voters->state == CELL_NUMBER && (reps->state == CELL_NUMBER || reps->state == CELL_NA);
    if (asked && (uint64_t)voters->value + reps->value != drawn->value) {
        note(a, NOTE_VOTERS);
    }
}

static void check_odd(struct auditor *a)
{
    a->no_acta |= (a->observations & OBS_NO_ACTA) != 0;
    a->out_of_catalogue = a->flag == 2 || ((a->observations & OBS_OUT_OF_CATALOGUE) && a->flag != 1);
    a->sheet.no_acta = a->no_acta ? NO_ACTA_NOT_DELIVERED : NO_ACTA_NONE;
    fill_sheet(a);
    judge(a);
    count_row(a);
    check_counted(a);
    check_observations(a);
    note_facts(a);
}

static void row_check(struct auditor *a)
{
    a->no_acta = false;
    a->out_of_catalogue = false;
    read_votes(a);
    read_figures(a);
    read_observations(a);
    read_flag(a);
    read_station(a);
    if (is_plain(a)) {
        count_plain(a);
        note_plain_facts(a);
    } else {
        check_odd(a);
    }
    check_computed(a);
    row_check_keys(a);
    row_check_image(a);
    row_check_times(a);
    row_check_document(a);
    patterns_note(a);
}

void rows_read(struct auditor *a)
{
    struct span before = a->reader.rest;
    while (before.at < atomic_load_explicit(&a->progress->end, memory_order_relaxed) &&
           csv_next_row(&a->reader, &a->row) == OK) {
        atomic_store_explicit(&a->progress->at, before.at, memory_order_relaxed);
        a->line = span_of(before.at, before.len - a->reader.rest.len);
        before = a->reader.rest;
        if (row_shape(a)) {
            row_check(a);
        }
    }
    atomic_store_explicit(&a->progress->at, before.at, memory_order_relaxed);
    flush_plain(a);
}

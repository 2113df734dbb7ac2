/* The rows: which column is what, and each acta read, judged by the rules and counted twice, once as it is
 * published and once as the rules would have it. */
#include "audit/rows.h"

static const enum field sheet_fields[SHEET_FIELDS] = {
    [FIELD_LEFTOVER] = F_LEFTOVER, [FIELD_VOTERS] = F_VOTERS,   [FIELD_REPS] = F_REPS_VOTED,
    [FIELD_DRAWN] = F_DRAWN,       [FIELD_WRITTEN] = F_WRITTEN,
};

static bool blank_from(const struct auditor *a, size_t from, size_t to)
{
    for (size_t i = from; i < to && i < CSV_COLUMNS_MAX; i++) {
        if (cell_trim(a->cells[i]).len > 0) {
            return false;
        }
    }
    return true;
}

/* A row of the right length: true. A blank line or one that cannot be used: false, and noted. */
static bool row_shape(struct auditor *a, size_t n)
{
    if (cell_trim(a->cells[0]).len == 0 && blank_from(a, 1, n)) {
        return false;
    }
    bool cut = a->reader.open_quote || (a->reader.unterminated && n < a->n_columns);
    if (cut) {
        note_with(a, RULE_CUT_OFF, "%zu de %zu columnas", n, a->n_columns);
        return false;
    }
    if (n < a->n_columns || !blank_from(a, a->n_columns, n)) {
        note_with(a, RULE_UNEVEN_ROW, "%zu valores, %zu columnas", n, a->n_columns);
        return false;
    }
    if (cell_trim(cell_of(a, F_ACTA_KEY)).len == 0 && cell_trim(cell_of(a, F_STATION_KEY)).len == 0 &&
        cell_trim(cell_of(a, F_SECTION)).len == 0 && cell_trim(cell_of(a, F_TYPE)).len == 0) {
        note(a, RULE_NO_IDENTITY);
        return false;
    }
    return true;
}

static void read_votes(struct auditor *a)
{
    a->columns = 0;
    a->any_number = false;
    for (unsigned i = 0; i < a->database->n_columns; i++) {
        struct cell *cell = &a->sheet.votes[i];
        if (!cell_votes(a->cells[a->vote_at[i]], cell)) {
            struct span text = safe_text(a, a->cells[a->vote_at[i]]);
            note_with(a, RULE_CELL, "%.*s = %.*s", SPAN_ARG(a->database->column_names[i]), SPAN_ARG(text));
        }
        a->columns |= (uint64_t)(cell->state != CELL_NA) << i;
        a->any_number |= cell->state == CELL_NUMBER;
        a->no_acta |= cell->state == CELL_NO_ACTA;
    }
    for (int i = 0; i < SHEET_FIELDS; i++) {
        if (!has_field(a, sheet_fields[i]) || !cell_votes(cell_of(a, sheet_fields[i]), &a->sheet.fields[i])) {
            a->sheet.fields[i] = (struct cell){.state = CELL_NA};
        }
    }
}

static void read_observations(struct auditor *a)
{
    struct span words = cell_of(a, F_OBSERVATIONS);
    if (!span_equal(words, a->last_words)) {
        a->last_known = cell_observations(words, &a->last_observations);
        a->last_words = words;
    }
    a->observations = a->last_observations;
    a->observations_known = a->last_known;
    if (!a->last_known) {
        struct span text = safe_text(a, words);
        note_with(a, RULE_OBSERVATION_WORDS, "%.*s", SPAN_ARG(text));
    }
    if (words.at < a->layout->body.at || words.at >= a->layout->body.at + a->layout->body.len) {
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
    struct span text = safe_text(a, cell);
    note_with(a, RULE_COUNTED_VALUE, "CONTABILIZADA = \"%.*s\"", SPAN_ARG(text));
}

/* The table, as far as the row tells: type, list, representatives. What special tables may hold at most
 * (their ballots) no database says. */
static void read_station(struct auditor *a)
{
    struct span type = cell_trim(cell_of(a, F_TYPE));
    struct span location = cell_trim(cell_of(a, F_LOCATION));
    uint32_t nominal = 0;
    uint32_t reps = 0;
    bool has_nominal = cell_number(cell_trim(cell_of(a, F_NOMINAL)), &nominal);
    bool has_reps = cell_number(cell_trim(cell_of(a, F_REPS)), &reps);
    a->station =
        (struct station){.type = type.len == 1 ? type.at[0] : '?',
                         .location = location.len > 0 && location.at[location.len - 1] == '2' ? 2 : 1,
                         .reps = (uint16_t)(reps > UINT16_MAX ? UINT16_MAX : reps),
                         .nominal = nominal};
    a->bound_known =
        has_nominal && !station_is_special(&a->station) && (has_reps || station_is_mode(&a->station));
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
    if (a->flag == 0 && a->ruled.counted == COUNTED_YES) {
        struct span words = safe_text(a, cell_of(a, F_OBSERVATIONS));
        note_with(a, RULE_NOT_COUNTED, "OBSERVACIONES: %.*s", SPAN_ARG(words));
    }
    if (a->flag != 1 || a->ruled.counted != COUNTED_NO) {
        return;
    }
    if (a->ruled.observations & OBS_EXCEEDS) {
        note_with(a, RULE_COUNTED_EXCEEDS, "%llu votos, lista nominal %u",
                  (unsigned long long)a->ruled.computed, a->station.nominal);
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
    if (said != ruled && !prevails && !outside) {
        struct buf should;
        buf_init(&should, 0);
        judgement_print(a->ruled, NO_ACTA_NONE, &should);
        struct span words = safe_text(a, cell_of(a, F_OBSERVATIONS));
        note_with(a, RULE_OBSERVATION, "dice \"%.*s\", resulta \"%s\"", SPAN_ARG(words), buf_cstr(&should));
        buf_done(&should);
    }
}

static void check_computed(struct auditor *a)
{
    uint32_t said = 0;
    if (!has_field(a, F_COMPUTED)) {
        return;
    }
    bool number = cell_number(cell_trim(cell_of(a, F_COMPUTED)), &said);
    if (number ? said != a->ruled.computed : a->any_number && !a->no_acta) {
        struct span text = safe_text(a, cell_of(a, F_COMPUTED));
        note_with(a, RULE_COMPUTED, "dice %.*s, la suma es %llu", SPAN_ARG(text),
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
    uint32_t found = sheet_findings(&a->sheet, a->columns, a->out_of_catalogue ? NULL : &station);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        if (found & facts[i].bit) {
            note(a, facts[i].rule);
        }
    }
    if (a->no_acta) {
        note(a, NOTE_NO_ACTA);
    }
    if (a->ruled.observations & (OBS_ILLEGIBLE | OBS_BLANK)) {
        note(a, NOTE_SOME_EMPTY);
    }
    if (station_is_special(&a->station) && a->station.nominal > 0) {
        note_with(a, RULE_SPECIAL_NOMINAL, "LISTA_NOMINAL = %u", a->station.nominal);
    }
}

static void row_check(struct auditor *a)
{
    a->no_acta = false;
    read_votes(a);
    read_observations(a);
    read_flag(a);
    read_station(a);
    a->no_acta |= (a->observations & OBS_NO_ACTA) != 0;
    a->out_of_catalogue = a->flag == 2 || ((a->observations & OBS_OUT_OF_CATALOGUE) && a->flag != 1);
    a->sheet.no_acta = a->no_acta ? NO_ACTA_NOT_DELIVERED : NO_ACTA_NONE;
    judge(a);
    count_row(a);
    check_counted(a);
    check_observations(a);
    check_computed(a);
    note_facts(a);
    row_check_keys(a);
    row_check_image(a);
    row_check_times(a);
    row_check_document(a);
    patterns_note(a);
}

void rows_check(struct auditor *a)
{
    size_t n = 0;
    a->sheet = (struct sheet){.n_votes = (uint8_t)a->database->n_columns,
                              .has_image = true,
                              .received_ms = -1,
                              .captured_ms = -1,
                              .verified_ms = -1};
    a->last_known = true;
    patterns_init(a);
    while (csv_read_row(&a->reader, a->cells, CSV_COLUMNS_MAX, &n) == OK) {
        if (row_shape(a, n)) {
            row_check(a);
        }
    }
    a->database->published.nominal_counted += a->database->nominal_special;
    patterns_check(a);
}

#include "city/database.h"

#include "archive/archive.h"
#include "city/database_parts.h"
#include "os/file.h"
#include "wire/csv.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { INPUT_MAX = 512 << 20, HOUR_MS = 3600000, CITY_OFFSET_MIN = -360, DEVICES = 4 };

struct span reading_cell(const struct reading *reading, enum field field)
{
    return reading->at[field] < 0 ? span_of("", 0) : reading->cells[reading->at[field]];
}

/* "JEFATURA DE GOBIERNO": jg. What has no such letters is called x. */
static struct span contest_id(struct arena *arena, struct span title, bool upper)
{
    char id[9];
    size_t len = 0;
    while (title.len > 0 && len < 8) {
        struct span word = span_cut(&title, ' ');
        char c = word.len > 2 ? word.at[0] : '\0';
        c = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        if (c >= 'A' && c <= 'Z') {
            id[len++] = upper ? c : (char)(c - 'A' + 'a');
        }
    }
    return len > 0 ? arena_copy(arena, span_of(id, len)) : upper ? SPAN("X") : SPAN("x");
}

/* A title that may stand in a definition: UTF-8 as far as we know, no control characters. */
static struct span clean_title(struct arena *arena, struct span title)
{
    struct buf text = {0};
    for (size_t i = 0; i < title.len && i < 120; i++) {
        unsigned char c = (unsigned char)title.at[i];
        buf_char(&text, c < 0x20 || c >= 0x7f ? ' ' : (char)c);
    }
    struct span clean = span_trim(buf_as_span(&text));
    clean = clean.len > 0 ? arena_copy(arena, clean) : SPAN("ELECCION");
    buf_done(&text);
    return clean;
}

static void name_election(struct election *out)
{
    *out = (struct election){0};
    arena_init(&out->arena, 0);
    out->id = SPAN("repeticion");
    out->name = SPAN("REPETICIÓN DE UNA BASE DE DATOS PUBLICADA");
    out->name_en = SPAN("Replay of a published database");
    out->authority = SPAN("INSTITUTO ELECTORAL (REPETICIÓN)");
    out->origin = SPAN("repeticion.atalaya.example/prep");
    out->entity_name = SPAN("CIUDAD DE MÉXICO");
    out->package_code = SPAN("REPETICION");
    out->zone_label = SPAN("(UTC-6)");
    out->entity = 9;
    out->offset_min = CITY_OFFSET_MIN;
    out->drill = true;
    out->contests = arena_array(&out->arena, CONTESTS_MAX, sizeof *out->contests);
}

/* No two contests are called the same. */
static void number_contest(struct reading *reading)
{
    struct election *out = reading->election;
    struct contest *contest = reading->contest;
    char text[16];
    for (uint32_t i = 0; i < out->n_contests; i++) {
        if (&out->contests[i] != contest && span_equal(out->contests[i].id, contest->id)) {
            unsigned number = (unsigned)(contest - out->contests) + 1;
            snprintf(text, sizeof text, "%.6s%u", contest->id.at, number);
            contest->id = arena_copy(&out->arena, span_str(text));
            snprintf(text, sizeof text, "%.6s%u", contest->code.at, number);
            contest->code = arena_copy(&out->arena, span_str(text));
        }
    }
}

static void name_contest(struct reading *reading, struct span cell)
{
    struct arena *arena = &reading->election->arena;
    struct contest *contest = reading->contest;
    contest->name = contest->name_en = clean_title(arena, cell_trim(cell));
    contest->id = contest_id(arena, contest->name, false);
    contest->code = contest_id(arena, contest->name, true);
    number_contest(reading);
}

/* Areas once all rows are read: districts are numbered without holes up to the largest seen. */
static void make_areas(struct reading *reading)
{
    struct election *out = reading->election;
    out->n_areas = 1 + reading->most_district;
    out->areas = arena_array(&out->arena, out->n_areas, sizeof *out->areas);
    out->areas[0] = (struct area){AREA_ENTITY, 0, out->entity_name};
    for (uint32_t i = 1; i < out->n_areas; i++) {
        char name[32];
        snprintf(name, sizeof name, "DISTRITO %u", i);
        out->areas[i] = (struct area){AREA_DISTRICT, (uint16_t)i, arena_copy(&out->arena, span_str(name))};
    }
}

/* From an hour before the first record's to the end of the hour after the last one's. */
static void set_hours(struct reading *reading)
{
    int64_t first = INT64_MAX, last = 0;
    for (uint32_t i = 0; i < reading->n; i++) {
        int64_t due = reading->records[i].due_ms;
        first = due >= 0 && due < first ? due : first;
        last = due > last ? due : last;
    }
    first = first == INT64_MAX ? reading->plan->city.opening_ms : first;
    last = last < first ? first : last;
    reading->plan->city.opening_ms = first / HOUR_MS * HOUR_MS;
    reading->plan->city.closing_ms = (last / HOUR_MS + 2) * HOUR_MS;
    for (uint32_t i = 0; i < reading->n; i++) {
        struct record *record = &reading->records[i];
        record->due_ms = record->due_ms < 0 ? reading->plan->city.opening_ms + HOUR_MS : record->due_ms;
    }
    reading->election->opening_ms = reading->plan->city.opening_ms;
    reading->election->closing_ms = reading->plan->city.closing_ms;
}

static enum err read_rows(struct reading *reading)
{
    struct csv_reader reader;
    size_t n = 0;
    enum err err = OK;
    uint32_t before = reading->n;
    name_contest(reading, SPAN("")); /* where no line says what it is */
    csv_reader_init(&reader, reading->layout.body, reading->layout.dialect.separator);
    uint64_t row = reading->layout.first_row;
    while (err == OK && csv_read_row(&reader, reading->cells, CSV_COLUMNS_MAX, &n) == OK) {
        if (row == reading->layout.title_row) {
            name_contest(reading, reading->cells[0]);
        } else if (row == reading->layout.names_row) {
            err = reading_columns(reading, reading->cells, n);
        } else if (row > reading->layout.names_row && n >= reading->n_cells && !reader.unterminated) {
            err = reading_row(reading);
        }
        row++;
    }
    csv_reader_done(&reader);
    return err == OK && reading->n == before ? why_set(reading->why, ERR_MISSING, "the database has no rows")
                                             : err;
}

static void *grown(void *old, uint32_t n, uint32_t rooms, size_t size)
{
    char *at = realloc(old, rooms * size);
    assert(at != NULL);
    memset(at + n * size, 0, (rooms - n) * size);
    return at;
}

/* Room for as many rows as the text has ends of lines. */
static void make_rooms(struct reading *reading, struct span text)
{
    struct election *out = reading->election;
    uint32_t more = 1;
    for (size_t i = 0; i < text.len; i++) {
        more += text.at[i] == '\n' || text.at[i] == '\r';
    }
    uint32_t before = reading->rooms;
    reading->rooms += more;
    reading->records = grown(reading->records, before, reading->rooms, sizeof *reading->records);
    out->stations = grown(out->stations, before, reading->rooms, sizeof *out->stations);
    out->actas = grown(out->actas, before, reading->rooms, sizeof *out->actas);
}

/* A file that is no database is passed over; every database is a contest. */
static enum err visit_file(void *arg, struct span path, struct span bytes)
{
    struct reading *reading = arg;
    struct election *out = reading->election;
    (void)path;
    if (layout_find(bytes, &reading->layout, NULL) != OK) {
        return OK;
    }
    if (out->n_contests == CONTESTS_MAX) {
        return why_set(reading->why, ERR_TOO_BIG, "more than %d databases", CONTESTS_MAX);
    }
    reading->contest = &out->contests[out->n_contests++];
    *reading->contest = (struct contest){.area_kind = AREA_ENTITY, .share_kind = AREA_ENTITY};
    make_rooms(reading, reading->layout.body);
    return read_rows(reading);
}

static enum err read_input(struct reading *reading, const struct database_input *input)
{
    uint32_t before = reading->election->n_contests;
    enum err err =
        input->bytes.len > INPUT_MAX
            ? why_set(reading->why, ERR_TOO_BIG, "more than %d bytes", INPUT_MAX)
            : archive_walk(input->bytes, &archive_limits_default, visit_file, reading, reading->why);
    if (err == OK && reading->election->n_contests == before) {
        err = why_set(reading->why, ERR_MISSING, "no PREP database in it");
    }
    return err == OK ? OK : why_prefix(reading->why, err, "%s", input->name);
}

static void sign_records(struct reading *reading)
{
    struct election *out = reading->election;
    city_make_signers(reading->plan->city.seed, (uint16_t)(out->n_areas - 1), DEVICES, out);
    for (uint32_t i = 0; i < reading->n; i++) {
        struct record *record = &reading->records[i];
        record->signer = record->sheet.origin == ORIGIN_CASILLA ? city_signer_device(out, i)
                                                                : city_signer_centre(out, record->signer);
    }
}

/* What grew on the heap goes where the rest of the election is. */
static void settle_arrays(struct election *out)
{
    struct station *stations = out->stations;
    struct acta *actas = out->actas;
    out->stations = arena_array(&out->arena, out->n_stations + 1, sizeof *stations);
    out->actas = arena_array(&out->arena, out->n_actas + 1, sizeof *actas);
    assert(out->stations != NULL && out->actas != NULL);
    if (out->n_actas > 0) {
        memcpy(out->stations, stations, out->n_stations * sizeof *stations);
        memcpy(out->actas, actas, out->n_actas * sizeof *actas);
    }
    free(stations);
    free(actas);
}

enum err database_read(struct replay_plan *plan, const struct database_input *inputs, uint32_t n_inputs,
                       struct election *election, struct script *script, struct why *why)
{
    struct reading reading = {.plan = plan, .election = election, .why = why, .last_ms = -1};
    enum err err = OK;
    name_election(election);
    map_init(&reading.stations, plan->city.seed, 3);
    map_init(&reading.actas, plan->city.seed, 4);
    reading.cells = calloc(CSV_COLUMNS_MAX, sizeof *reading.cells);
    assert(reading.cells != NULL);
    for (uint32_t i = 0; err == OK && i < n_inputs; i++) {
        err = read_input(&reading, &inputs[i]);
    }
    settle_arrays(election);
    if (err == OK && election->n_actas == 0) {
        err = why_set(why, ERR_MISSING, "no row of the databases belongs to the catalogue");
    }
    if (err == OK) {
        make_areas(&reading);
        set_hours(&reading);
        sign_records(&reading);
    }
    map_done(&reading.stations);
    map_done(&reading.actas);
    free(reading.cells);
    if (err == OK && script != NULL) {
        *script = (struct script){election, plan->city.seed, reading.records, reading.n};
        script_sort(script);
        return OK;
    }
    free(reading.records);
    if (err != OK) {
        election_done(election);
    }
    return err;
}

enum err database_make(struct replay_plan *plan, struct election *election, struct script *script,
                       struct why *why)
{
    struct mapped files[PLAN_INPUTS] = {0};
    struct database_input inputs[PLAN_INPUTS];
    enum err err = OK;
    uint32_t n = 0;
    while (err == OK && n < plan->n_inputs) {
        err = file_map(plan->inputs[n], &files[n], why);
        inputs[n] = (struct database_input){plan->inputs[n], files[n].bytes};
        n += err == OK;
    }
    err = err == OK ? database_read(plan, inputs, n, election, script, why) : err;
    for (uint32_t i = 0; i < n; i++) {
        file_unmap(&files[i]);
    }
    return err;
}

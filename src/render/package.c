/* The official database of a contest as CSV, in the one dialect of docs/formats/package.md. The header's
 * figures are the fold's counts, the rows its records; a record in review is in neither. */
#include "render/package.h"

#include "base/codec.h"
#include "base/date.h"
#include "wire/csv.h"

#include <inttypes.h>
#include <stdio.h>

/* One CSV row being written. */
struct row {
    struct buf *out;
    bool first;
};

static void put(struct row *row, struct span text)
{
    csv_field(row->out, text, row->first);
    row->first = false;
}

static void put_str(struct row *row, const char *text)
{
    put(row, span_str(text));
}

static void put_u64(struct row *row, uint64_t number)
{
    csv_field_u64(row->out, number, row->first);
    row->first = false;
}

/* With leading zeros, as the LEEME writes identifiers ("007"). */
static void put_padded(struct row *row, unsigned number, int width)
{
    char text[16];
    snprintf(text, sizeof text, "%0*u", width, number);
    put_str(row, text);
}

static void put_percent(struct row *row, uint64_t part, uint64_t whole)
{
    char text[32];
    uint64_t ten_thousandths = percent4(part, whole);
    snprintf(text, sizeof text, "%" PRIu64 ".%04" PRIu64, ten_thousandths / 10000, ten_thousandths % 10000);
    put_str(row, text);
}

static void put_cell(struct row *row, const struct cell *cell)
{
    if (cell->state == CELL_NUMBER) {
        put_u64(row, cell->value);
    } else {
        put(row, cell_word((enum cell_state)cell->state));
    }
}

static void two_digits(char *at, int number)
{
    at[0] = (char)('0' + number / 10 % 10);
    at[1] = (char)('0' + number % 10);
}

/* "02/06/2024 20:00:00 (UTC-6)"; -1 is "N/A". */
static void put_time(struct row *row, const struct election *election, int64_t ms)
{
    char text[64] = "00/00/0000 00:00:00 ";
    if (ms < 0) {
        put_str(row, "N/A");
        return;
    }
    struct date date = date_at(ms, election->offset_min);
    two_digits(text, date.day);
    two_digits(text + 3, date.month);
    two_digits(text + 6, date.year / 100);
    two_digits(text + 8, date.year % 100);
    two_digits(text + 11, date.hour);
    two_digits(text + 14, date.minute);
    two_digits(text + 17, date.second);
    size_t zone = election->zone_label.len < 40 ? election->zone_label.len : 40;
    memcpy(text + 20, election->zone_label.at, zone);
    put(row, span_of(text, 20 + zone));
}

static void put_hash(struct row *row, const struct sheet *sheet)
{
    char hex[65];
    if (!sheet->has_image) {
        put_str(row, "N/A");
        return;
    }
    hex_print(hex, sheet->image, sizeof sheet->image);
    put(row, span_of(hex, 64));
}

/* First component: what it is and of which moment. */
static void write_title(const struct fold *fold, uint32_t contest, const struct cut_facts *facts,
                        struct buf *out)
{
    struct date date = date_at(facts->time_ms, fold->election->offset_min);
    csv_field(out, fold->election->contests[contest].name, true);
    csv_end(out);
    buf_printf(out, "%02d/%02d/%04d %02d:%02d %.*s\n\n", date.day, date.month, date.year, date.hour,
               date.minute, SPAN_ARG(fold->election->zone_label));
}

/* Second component (LEEME-G, fields 1 to 13). */
static void write_header(const struct count *count, bool last, struct buf *out)
{
    struct row row = {.out = out, .first = true};
    uint64_t plain = count->votes - count->votes_special;
    uint64_t participation = count_participation(count, last);
    char percent[32];
    buf_str(out, "ACTAS_ESPERADAS,ACTAS_REGISTRADAS,ACTAS_FUERA_CATALOGO,ACTAS_CAPTURADAS,"
                 "PORCENTAJE_ACTAS_CAPTURADAS,ACTAS_CONTABILIZADAS,PORCENTAJE_ACTAS_CONTABILIZADAS,"
                 "PORCENTAJE_ACTAS_CON_INCONSISTENCIAS,ACTAS_NO_CONTABILIZADAS,"
                 "LISTA_NOMINAL_ACTAS_CONTABILIZADAS,TOTAL_VOTOS_C_CS,TOTAL_VOTOS_S_CS,"
                 "PORCENTAJE_PARTICIPACION_CIUDADANA\n");
    put_u64(&row, count->expected);
    put_u64(&row, count_registered(count));
    put_u64(&row, count->out_of_catalogue);
    put_u64(&row, count->captured);
    put_percent(&row, count->captured, count->expected);
    put_u64(&row, count->counted);
    put_percent(&row, count->counted, count->expected);
    put_percent(&row, count->inconsistent, count->expected);
    put_u64(&row, count->not_counted);
    put_u64(&row, count->nominal_counted);
    put_u64(&row, count->votes);
    put_u64(&row, plain);
    snprintf(percent, sizeof percent, "%" PRIu64 ".%04" PRIu64, participation / 10000, participation % 10000);
    put_str(&row, percent);
    csv_end(out);
    buf_char(out, '\n');
}

/* Names of the third component. Boroughs are named by number and name, districts by number (LEEME-A 5 and 6).
 */
static void write_names(const struct contest *contest, struct buf *out)
{
    buf_str(out, "CLAVE_CASILLA,CLAVE_ACTA,ID_ENTIDAD,ENTIDAD,");
    buf_str(out, contest->area_kind == AREA_BOROUGH ? "ID_ALCALDIA,ALCALDIA," : "ID_DISTRITO_LOCAL,");
    buf_str(
        out,
        "SECCION,ID_CASILLA,TIPO_CASILLA,EXT_CONTIGUA,UBICACION_CASILLA,TIPO_ACTA,TOTAL_BOLETAS_SOBRANTES,"
        "TOTAL_PERSONAS_VOTARON,TOTAL_REP_PARTIDO_CI_VOTARON,TOTAL_VOTOS_SACADOS,");
    for (int i = 0; i < contest->n_columns; i++) {
        csv_field(out, contest->columns[i].code, true);
        buf_char(out, ',');
    }
    buf_str(out,
            "TOTAL_VOTOS_ASENTADO,TOTAL_VOTOS_CALCULADO,LISTA_NOMINAL,REPRESENTANTES_PP_CI,OBSERVACIONES,"
            "CONTABILIZADA,MECANISMOS_TRASLADO,CODIGO_INTEGRIDAD,FECHA_HORA_ACOPIO,FECHA_HORA_CAPTURA,"
            "FECHA_HORA_VERIFICACION,ORIGEN,DIGITALIZACION,TIPO_DOCUMENTO\n");
}

static void put_entity(struct row *row, const struct election *election)
{
    put_padded(row, election->entity, 2);
    put(row, election->entity_name);
}

/* `area` is an index, AREA_NONE: cannot be tied to one. */
static void put_area(struct row *row, const struct election *election, enum area_kind kind, uint16_t area)
{
    if (area == AREA_NONE) {
        put_str(row, "N/A");
    } else {
        put_padded(row, election->areas[area].id, 3);
    }
    if (kind == AREA_BOROUGH) {
        put(row, area == AREA_NONE ? SPAN("N/A") : election->areas[area].name);
    }
}

/* Where the acta was made: fields 5 to 10. Voting modes have no place (LEEME, "N/A"). */
static void put_place(struct row *row, const struct election *election, enum area_kind kind,
                      const struct station *station)
{
    const char type[2] = {station->type, 0};
    if (station_is_mode(station)) {
        put_area(row, election, kind, AREA_NONE);
        put_str(row, "N/A");
        put_str(row, "N/A");
    } else {
        put_area(row, election, kind, kind == AREA_BOROUGH ? station->borough : station->district);
        put_padded(row, station->section, 4);
        put_padded(row, station->number, 2);
    }
    put_str(row, type);
    put_padded(row, station->extension, 2);
    put_u64(row, station->location);
}

/* Third component from the votes on. `mode`: leftover ballots and representatives do not apply. */
static void put_sheet(struct row *row, const struct contest *contest, const struct record *record, bool mode)
{
    const struct sheet *sheet = &record->sheet;
    for (int i = FIELD_LEFTOVER; i <= FIELD_DRAWN; i++) {
        if (mode && sheet->no_acta == NO_ACTA_NONE && (i == FIELD_LEFTOVER || i == FIELD_REPS)) {
            put_str(row, "N/A");
        } else {
            put_cell(row, &sheet->fields[i]);
        }
    }
    for (int i = 0; i < contest->n_columns; i++) {
        put_cell(row, &sheet->votes[i]);
    }
    put_cell(row, &sheet->fields[FIELD_WRITTEN]);
    if (sheet->no_acta != NO_ACTA_NONE) {
        put(row, cell_word(CELL_NO_ACTA));
    } else {
        put_u64(row, record->judgement.computed);
    }
}

/* OBSERVACIONES and what follows it. */
static void put_process(struct row *row, const struct election *election, const struct record *record,
                        struct buf *words)
{
    const struct sheet *sheet = &record->sheet;
    buf_clear(words);
    judgement_print(record->judgement, (enum no_acta)sheet->no_acta, words);
    put(row, buf_as_span(words));
    put_u64(row, record->judgement.counted);
    put(row, span_of(&sheet->transport, sheet->transport == 0 ? 0 : 1));
    put_hash(row, sheet);
    put_time(row, election, sheet->received_ms);
    put_time(row, election, sheet->captured_ms);
    put_time(row, election, sheet->verified_ms);
    put(row, origin_word((enum origin)sheet->origin));
    put(row, means_word((enum means)sheet->means));
    put(row, document_word((enum document)sheet->document));
}

static void write_acta(const struct fold *fold, uint32_t acta, struct buf *words, struct buf *out)
{
    const struct election *election = fold->election;
    const struct acta *row_of = &election->actas[acta];
    const struct contest *contest = &election->contests[row_of->contest];
    const struct station *station = &election->stations[row_of->station];
    const struct record *record = fold->records[acta];
    struct row row = {.out = out, .first = true};
    put(&row, span_of(station->key, STATION_KEY_LEN));
    put_str(&row, row_of->key);
    put_entity(&row, election);
    put_place(&row, election, contest->area_kind, station);
    put(&row, acta_form(row_of));
    put_sheet(&row, contest, record, station_is_mode(station));
    put_u64(&row, station->nominal);
    if (station_is_mode(station)) {
        put_str(&row, "N/A");
    } else {
        put_u64(&row, station->reps);
    }
    put_process(&row, election, record, words);
    csv_end(out);
}

/* An acta outside the catalogue: what its key says of itself, as far as it can be read (LEEME-G 1, 10, 11,
 * 38). */
static void write_outside(const struct fold *fold, const struct outside *outside, struct buf *words,
                          struct buf *out)
{
    const struct election *election = fold->election;
    const struct contest *contest = &election->contests[outside->contest];
    struct row row = {.out = out, .first = true};
    struct station station = {.district = AREA_NONE, .borough = AREA_NONE};
    uint16_t entity = 0;
    struct span stated = outside->stated.len == 0 ? SPAN("-") : outside->stated;
    struct span place = span_of(stated.at, stated.len < STATION_KEY_LEN ? stated.len : STATION_KEY_LEN);
    bool legible = station_parse_key(place, &station, &entity) == OK;
    put(&row, place);
    put(&row, stated);
    put_entity(&row, election);
    if (legible) {
        station.location = 3;
        put_place(&row, election, contest->area_kind, &station);
    } else {
        put_area(&row, election, contest->area_kind, AREA_NONE);
        put_str(&row, "N/A"); /* SECCION, ID_CASILLA, TIPO_CASILLA, EXT_CONTIGUA */
        put_str(&row, "N/A");
        put_str(&row, "N/A");
        put_str(&row, "N/A");
        put_str(&row, "3");
    }
    put_str(&row, "0");
    put_sheet(&row, contest, &outside->record, false);
    put_str(&row, "N/A");
    put_str(&row, "N/A");
    put_process(&row, election, &outside->record, words);
    csv_end(out);
}

/* Votes from abroad first, then the other modes, then the catalogue's order (LEEME, treatment of the modes).
 */
enum row_group { GROUP_ABROAD, GROUP_MODES, GROUP_PLACES, ROW_GROUPS };

static enum row_group group_of(const struct station *station)
{
    return station->type == 'M' ? GROUP_ABROAD : station_is_mode(station) ? GROUP_MODES : GROUP_PLACES;
}

void render_csv(const struct fold *fold, uint32_t contest, const struct cut_facts *facts, struct buf *out)
{
    const struct election *election = fold->election;
    struct buf words = {0};
    write_title(fold, contest, facts, out);
    write_header(fold_count(fold, contest, 0), facts->last, out);
    write_names(&election->contests[contest], out);
    for (int group = 0; group < ROW_GROUPS; group++) {
        for (uint32_t i = 0; i < election->n_actas; i++) {
            const struct record *record = fold->records[i];
            if (election->actas[i].contest == contest && record->entry != ENTRY_NONE && !record->in_review &&
                (int)group_of(&election->stations[election->actas[i].station]) == group) {
                write_acta(fold, i, &words, out);
            }
        }
    }
    for (uint32_t i = 0; i < fold->n_outsides; i++) {
        if (fold->outsides[i].contest == contest && !fold->outsides[i].record.in_review) {
            write_outside(fold, &fold->outsides[i], &words, out);
        }
    }
    buf_done(&words);
}

/* The column that stands for a candidacy: the one with most parties of its own ("PAN_PRI_PRD"). */
static struct span candidacy_label(const struct contest *contest, const struct candidacy *candidacy)
{
    struct span label = SPAN("");
    int most = -1;
    for (int i = 0; i < contest->n_columns; i++) {
        int members = __builtin_popcountll(contest->columns[i].members);
        if (candidacy->columns >> i & 1 && members > most) {
            most = members;
            label = contest->columns[i].code;
        }
    }
    return label;
}

void render_candidacies_csv(const struct fold *fold, uint32_t contest, struct buf *out)
{
    const struct election *election = fold->election;
    const struct contest *of = &election->contests[contest];
    static const char *const areas[AREA_KINDS] = {
        [AREA_ENTITY] = "", [AREA_DISTRICT] = "ID_DISTRITO_LOCAL,", [AREA_BOROUGH] = "ID_ALCALDIA,ALCALDIA,"};
    const char *area_names = areas[of->area_kind] == NULL ? "" : areas[of->area_kind];
    buf_printf(out, "ID_ENTIDAD,%sPARTIDO_CSP,CANDIDATURA_PROPIETARIA,CANDIDATURA_SUPLENTE\n", area_names);
    for (uint32_t i = 0; i < of->n_candidacies; i++) {
        const struct candidacy *candidacy = &of->candidacies[i];
        struct row row = {.out = out, .first = true};
        put_padded(&row, election->entity, 2);
        if (area_names[0] != 0) {
            put_area(&row, election, of->area_kind, candidacy->area);
        }
        put(&row, candidacy_label(of, candidacy));
        put(&row, candidacy->name);
        put(&row, candidacy->substitute);
        csv_end(out);
    }
}

/* A definition written as its files, one spelling: what election_parse reads back as the same definition. */
#include "formats/election_def.h"

#include "base/date.h"
#include "wire/csv.h"

static void print_key(struct buf *out, const char *name, struct span value)
{
    buf_printf(out, "%s = ", name);
    buf_span(out, value);
    buf_char(out, '\n');
}

static void print_moment(struct buf *out, const char *name, int64_t ms)
{
    char text[DATE_ISO_LEN + 1];
    date_print_iso(text, ms);
    print_key(out, name, span_str(text));
}

static void print_contest(struct buf *out, const struct contest *contest)
{
    buf_printf(out, "\n[contest %.*s]\n", SPAN_ARG(contest->id));
    print_key(out, "code", contest->code);
    print_key(out, "name", contest->name);
    print_key(out, "name_en", contest->name_en);
    print_key(out, "area", span_str(area_kind_names[contest->area_kind]));
    print_key(out, "share_area", span_str(area_kind_names[contest->share_kind]));
    if (contest->proportional.len > 0) {
        print_key(out, "proportional_forms", contest->proportional);
    }
}

static void print_ini(const struct election *election, struct buf *out)
{
    buf_str(out, "[election]\nformat = 1\n");
    print_key(out, "id", election->id);
    print_key(out, "name", election->name);
    print_key(out, "name_en", election->name_en);
    print_key(out, "authority", election->authority);
    print_key(out, "origin", election->origin);
    buf_printf(out, "entity = %u\n", election->entity);
    print_key(out, "entity_name", election->entity_name);
    print_key(out, "package_code", election->package_code);
    print_key(out, "drill", span_str(election->drill ? "yes" : "no"));
    buf_str(out, "\n[hours]\n");
    print_moment(out, "opening", election->opening_ms);
    print_moment(out, "closing", election->closing_ms);
    buf_printf(out, "utc_offset_minutes = %d\n", election->offset_min);
    print_key(out, "zone_label", election->zone_label);
    for (uint32_t i = 0; i < election->n_contests; i++) {
        print_contest(out, &election->contests[i]);
    }
}

static void print_names(struct buf *out, const struct def_table *table)
{
    for (unsigned i = 0; i < table->n_columns; i++) {
        csv_field(out, span_str(table->columns[i]), i == 0);
    }
    csv_end(out);
}

static void print_areas(const struct election *election, struct buf *out)
{
    print_names(out, &def_areas);
    for (uint32_t i = 0; i < election->n_areas; i++) {
        const struct area *area = &election->areas[i];
        csv_field(out, span_str(area_kind_names[area->kind]), true);
        csv_field_u64(out, area->id, false);
        csv_field(out, area->name, false);
        csv_end(out);
    }
}

/* "PAN+PRI" as a field that is not the first one. */
static void print_bits(struct buf *out, const struct contest *contest, uint64_t bits)
{
    char separator = ',';
    for (int i = 0; i < contest->n_columns; i++) {
        if (bits >> i & 1) {
            buf_char(out, separator);
            buf_span(out, contest->columns[i].code);
            separator = '+';
        }
    }
    if (separator == ',') {
        buf_char(out, ',');
    }
}

static void print_columns(const struct election *election, struct buf *out)
{
    print_names(out, &def_columns);
    for (uint32_t c = 0; c < election->n_contests; c++) {
        const struct contest *contest = &election->contests[c];
        for (int i = 0; i < contest->n_columns; i++) {
            const struct column *column = &contest->columns[i];
            bool joint = column->kind == COLUMN_COALITION || column->kind == COLUMN_COMMON;
            csv_field(out, contest->id, true);
            csv_field(out, column->code, false);
            csv_field(out, span_str(column_kind_names[column->kind]), false);
            print_bits(out, contest, joint ? column->members : 0);
            csv_field(out, column->name, false);
            buf_printf(out, ",#%06x", column->color & 0xffffff);
            csv_end(out);
        }
    }
}

static void print_area(struct buf *out, const struct election *election, uint16_t area)
{
    if (area == AREA_NONE) {
        csv_field(out, SPAN("*"), false);
        return;
    }
    const struct area *place = &election->areas[area];
    buf_printf(out, ",%s:%u", area_kind_names[place->kind], place->id);
}

static void print_percents(struct buf *out, const struct contest *contest, const struct share_rule *rule)
{
    char separator = ',';
    uint64_t members = contest->columns[rule->column].members;
    for (int i = 0; i < contest->n_columns; i++) {
        if (members >> i & 1) {
            unsigned part = rule->hundredths[i];
            buf_printf(out, "%c%.*s=%u", separator, SPAN_ARG(contest->columns[i].code), part / 100);
            if (part % 100 != 0) {
                buf_printf(out, ".%02u", part % 100);
            }
            separator = '+';
        }
    }
    csv_field(out, contest->columns[rule->remainder].code, false);
}

static void print_shares(const struct election *election, struct buf *out)
{
    print_names(out, &def_shares);
    for (uint32_t c = 0; c < election->n_contests; c++) {
        const struct contest *contest = &election->contests[c];
        for (uint32_t i = 0; i < contest->n_rules; i++) {
            const struct share_rule *rule = &contest->rules[i];
            csv_field(out, contest->id, true);
            print_area(out, election, rule->area);
            csv_field(out, contest->columns[rule->column].code, false);
            csv_field(out, span_str(share_kind_names[rule->kind]), false);
            if (rule->kind == SHARE_PERCENT) {
                print_percents(out, contest, rule);
            } else {
                buf_str(out, ",,");
            }
            csv_end(out);
        }
    }
}

static void print_candidacies(const struct election *election, struct buf *out)
{
    print_names(out, &def_candidacies);
    for (uint32_t c = 0; c < election->n_contests; c++) {
        const struct contest *contest = &election->contests[c];
        for (uint32_t i = 0; i < contest->n_candidacies; i++) {
            const struct candidacy *candidacy = &contest->candidacies[i];
            csv_field(out, contest->id, true);
            print_area(out, election, candidacy->area);
            print_bits(out, contest, candidacy->columns);
            csv_field(out, candidacy->name, false);
            csv_field(out, candidacy->substitute, false);
            csv_field(out, candidacy->parties, false);
            csv_end(out);
        }
    }
}

static void print_place(struct buf *out, const struct election *election, uint16_t area)
{
    if (area == AREA_NONE) {
        buf_char(out, ',');
    } else {
        csv_field_u64(out, election->areas[area].id, false);
    }
}

static void print_stations(const struct election *election, struct buf *out)
{
    print_names(out, &def_stations);
    for (uint32_t i = 0; i < election->n_stations; i++) {
        const struct station *station = &election->stations[i];
        csv_field(out, span_str(station->key), true);
        print_place(out, election, station->district);
        print_place(out, election, station->borough);
        csv_field_u64(out, station->location, false);
        csv_field_u64(out, station->nominal, false);
        csv_field_u64(out, station->ballots, false);
        csv_field_u64(out, station->reps, false);
        csv_end(out);
    }
}

static void print_actas(const struct election *election, struct buf *out)
{
    print_names(out, &def_actas);
    for (uint32_t i = 0; i < election->n_actas; i++) {
        const struct acta *acta = &election->actas[i];
        csv_field(out, span_str(election->stations[acta->station].key), true);
        csv_field(out, election->contests[acta->contest].id, false);
        csv_field(out, acta_form(acta), false);
        csv_end(out);
    }
}

static void print_signers(const struct election *election, struct buf *out)
{
    print_names(out, &def_signers);
    for (uint32_t i = 0; i < election->n_signers; i++) {
        const struct signer *signer = &election->signers[i];
        csv_field(out, signer->name, true);
        csv_field(out, span_str(signer_kind_names[signer->kind]), false);
        csv_field(out, signer->vkey, false);
        csv_end(out);
    }
}

void election_print(const struct election *election, struct election_files *out)
{
    static void (*const printers[ELECTION_FILES])(const struct election *, struct buf *) = {
        print_ini,         print_areas,    print_columns, print_shares,
        print_candidacies, print_stations, print_actas,   print_signers,
    };
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        buf_clear(&out->bytes[i]);
        printers[i](election, &out->bytes[i]);
    }
}

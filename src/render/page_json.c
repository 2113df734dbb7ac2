/* The data twins of the pages. Percentages are numbers with exactly four decimals; votes are null where no
 * sheet speaks yet. */
#include "render/page.h"

#include "base/codec.h"
#include "base/date.h"
#include "wire/text.h"

static void put_time(struct json *json, const char *key, int64_t ms)
{
    json_key(json, key);
    if (ms < 0) {
        json_null(json);
        return;
    }
    char iso[DATE_ISO_LEN + 1];
    date_print_iso(iso, ms);
    json_str(json, iso);
}

static void put_number(struct json *json, const char *key, uint64_t number)
{
    json_key(json, key);
    json_u64(json, number);
}

static void put_text(struct json *json, const char *key, struct span text)
{
    json_key(json, key);
    json_span(json, text);
}

static void put_percent(struct json *json, const char *key, uint64_t part, uint64_t whole, bool speaks)
{
    json_key(json, key);
    if (!speaks) {
        json_null(json);
        return;
    }
    struct buf text;
    buf_init(&text, 0);
    percent4_print(&text, part, whole);
    json_raw(json, buf_as_span(&text));
    buf_done(&text);
}

static void put_votes(struct json *json, uint64_t votes, uint64_t whole, bool speaks)
{
    json_key(json, "votes");
    if (speaks) {
        json_u64(json, votes);
    } else {
        json_null(json);
    }
    put_percent(json, "percent", votes, whole, speaks);
}

static void put_figures(struct json *json, const struct count *count, bool last, bool speaks)
{
    json_key(json, "figures");
    json_open(json, '{');
    put_number(json, "expected", count->expected);
    put_number(json, "registered", count_registered(count));
    put_number(json, "out_of_catalogue", count->out_of_catalogue);
    put_number(json, "captured", count->captured);
    put_percent(json, "captured_percent", count->captured, count->expected, true);
    put_number(json, "counted", count->counted);
    put_percent(json, "counted_percent", count->counted, count->expected, true);
    put_number(json, "not_counted", count->not_counted);
    put_number(json, "inconsistent", count->inconsistent);
    put_percent(json, "inconsistent_percent", count->inconsistent, count->expected, true);
    put_number(json, "no_acta", count->no_acta);
    put_number(json, "in_review", count->in_review);
    put_number(json, "urban_counted", count->urban_counted);
    put_number(json, "not_urban_counted", count->rural_counted);
    put_number(json, "nominal_counted", count->nominal_counted);
    put_number(json, "votes", count->votes);
    put_number(json, "votes_without_special", count->votes - count->votes_special);
    put_percent(json, "participation_percent", last ? count->votes : count->votes - count->votes_special,
                count->nominal_counted, speaks && count->nominal_counted > 0);
    json_close(json);
}

static void put_facts(struct json *json, const struct fold *fold, const struct cut_facts *facts)
{
    put_number(json, "format", 1);
    put_text(json, "election", fold->election->id);
    put_number(json, "cut", facts->number);
    put_time(json, "time", facts->time_ms);
    put_time(json, "next", facts->next_ms);
    json_key(json, "last");
    json_bool(json, facts->last);
    json_key(json, "drill");
    json_bool(json, fold->election->drill);
    put_number(json, "log_size", fold->log_size);
}

static void put_package(struct json *json, const struct cut_facts *facts)
{
    json_key(json, "package");
    if (facts->package_ms < 0) {
        json_null(json);
        return;
    }
    struct buf path;
    buf_init(&path, 0);
    buf_printf(&path, "package/%u/", (unsigned)facts->package);
    json_open(json, '{');
    put_number(json, "number", facts->package);
    put_text(json, "path", buf_as_span(&path));
    put_time(json, "time", facts->package_ms);
    json_close(json);
    buf_done(&path);
}

static const char *const column_kinds[] = {
    [COLUMN_PARTY] = "party", [COLUMN_COALITION] = "coalition",     [COLUMN_COMMON] = "common",
    [COLUMN_NULL] = "null",   [COLUMN_INDEPENDENT] = "independent", [COLUMN_WRITE_IN] = "write_in",
};

static void put_columns(struct json *json, const struct contest *contest, const struct count *count,
                        uint64_t there, bool speaks)
{
    json_key(json, "columns");
    json_open(json, '[');
    for (uint32_t i = 0; i < contest->n_columns; i++) {
        if ((there >> i & 1) == 0 && count->columns[i] == 0) {
            continue;
        }
        json_open(json, '{');
        put_text(json, "code", contest->columns[i].code);
        json_key(json, "kind");
        json_str(json, column_kinds[contest->columns[i].kind]);
        put_votes(json, count->columns[i], count->votes, speaks);
        json_close(json);
    }
    json_close(json);
}

static void put_codes(struct json *json, const struct contest *contest, uint64_t columns)
{
    json_key(json, "columns");
    json_open(json, '[');
    for (uint32_t i = 0; i < contest->n_columns; i++) {
        if ((columns >> i & 1) != 0) {
            json_span(json, contest->columns[i].code);
        }
    }
    json_close(json);
}

static void put_candidacies_json(struct json *json, const struct contest *contest, const struct count *count,
                                 uint16_t area, bool speaks)
{
    json_key(json, "candidacies");
    json_open(json, '[');
    for (uint32_t i = 0; i < contest->n_candidacies; i++) {
        const struct candidacy *candidacy = &contest->candidacies[i];
        if (!candidacy_in(candidacy, area)) {
            continue;
        }
        json_open(json, '{');
        put_text(json, "name", candidacy->name);
        put_text(json, "parties", candidacy->parties);
        put_codes(json, contest, candidacy->columns);
        put_votes(json, count_candidacy(count, candidacy), count->votes, speaks);
        json_close(json);
    }
    json_close(json);
}

static void put_parties_json(struct json *json, const struct fold *fold, uint32_t c, uint16_t area,
                             bool speaks)
{
    const struct contest *contest = &fold->election->contests[c];
    uint64_t there = contest_parties_in(contest, area == 0 ? AREA_NONE : area);
    uint64_t parties[COLUMNS_MAX];
    fold_by_party(fold, c, area, parties);
    json_key(json, "parties");
    json_open(json, '[');
    for (uint32_t i = 0; i < contest->n_columns; i++) {
        enum column_kind kind = contest->columns[i].kind;
        bool stands = kind == COLUMN_PARTY || kind == COLUMN_INDEPENDENT;
        if (((there >> i & 1) == 0 && parties[i] == 0) || !stands) {
            continue;
        }
        json_open(json, '{');
        put_text(json, "code", contest->columns[i].code);
        put_text(json, "name", contest->columns[i].name);
        put_votes(json, parties[i], fold_count(fold, c, area)->votes, speaks);
        json_close(json);
    }
    json_close(json);
}

static const char *const area_kinds[AREA_KINDS] = {[AREA_ENTITY] = "entity",
                                                   [AREA_DISTRICT] = "district",
                                                   [AREA_BOROUGH] = "borough",
                                                   [AREA_SECTION] = "section"};

static void put_area(struct json *json, const struct area *area)
{
    json_key(json, "kind");
    json_str(json, area_kinds[area->kind]);
    put_number(json, "id", area->id);
    put_text(json, "name", area->name);
}

/* The areas of a contest that have pages of their own, in short. */
static void put_areas(struct json *json, const struct fold *fold, uint32_t contest)
{
    const struct election *election = fold->election;
    json_key(json, "areas");
    json_open(json, '[');
    for (uint32_t i = 0; i < election->n_areas; i++) {
        if (!area_has_page(election, &election->contests[contest], (uint16_t)i)) {
            continue;
        }
        const struct count *count = fold_count(fold, contest, i);
        char path[24];
        struct buf file;
        area_path(&election->areas[i], path);
        buf_init(&file, 0);
        buf_printf(&file, "%s.json", path);
        json_open(json, '{');
        put_text(json, "path", buf_as_span(&file));
        put_area(json, &election->areas[i]);
        put_number(json, "expected", count->expected);
        put_number(json, "captured", count->captured);
        put_number(json, "counted", count->counted);
        json_key(json, "votes");
        if (count->counted > 0) {
            json_u64(json, count->votes);
        } else {
            json_null(json);
        }
        json_close(json);
        buf_done(&file);
    }
    json_close(json);
}

void json_area(struct buf *out, const struct fold *fold, const struct cut_facts *facts, uint32_t c,
               uint16_t area)
{
    const struct election *election = fold->election;
    const struct contest *contest = &election->contests[c];
    const struct count *count = fold_count(fold, c, area);
    uint64_t there = contest_columns_in(contest, area == 0 ? AREA_NONE : area);
    bool speaks = count_speaks(count, area);
    struct json json;
    json_init(&json, out);
    json_open(&json, '{');
    put_facts(&json, fold, facts);
    put_text(&json, "contest", contest->id);
    put_text(&json, "contest_name", contest->name);
    json_key(&json, "area");
    json_open(&json, '{');
    put_area(&json, &election->areas[area]);
    json_close(&json);
    json_key(&json, "state");
    json_str(&json, count->captured == 0                ? "no-actas"
                    : count->captured < count->expected ? "partial"
                                                        : "complete");
    put_figures(&json, count, facts->last, speaks);
    if (area != 0 || contest->area_kind == AREA_ENTITY) {
        put_candidacies_json(&json, contest, count, area, speaks);
    }
    put_parties_json(&json, fold, c, area, speaks);
    put_columns(&json, contest, count, there, speaks);
    if (area == 0) {
        put_areas(&json, fold, c);
    }
    json_close(&json);
    buf_char(out, '\n');
}

void json_cut(struct buf *out, const struct fold *fold, const struct cut_facts *facts)
{
    const struct election *election = fold->election;
    struct json json;
    json_init(&json, out);
    json_open(&json, '{');
    put_facts(&json, fold, facts);
    put_text(&json, "name", election->name);
    put_text(&json, "authority", election->authority);
    put_time(&json, "opening", election->opening_ms);
    put_package(&json, facts);
    put_number(&json, "corrections", fold->corrections);
    json_key(&json, "contests");
    json_open(&json, '[');
    for (uint32_t i = 0; i < election->n_contests; i++) {
        json_open(&json, '{');
        put_text(&json, "id", election->contests[i].id);
        put_text(&json, "code", election->contests[i].code);
        put_text(&json, "name", election->contests[i].name);
        put_figures(&json, fold_count(fold, i, 0), facts->last, true);
        json_close(&json);
    }
    json_close(&json);
    json_key(&json, "notices");
    json_open(&json, '[');
    for (uint32_t i = 0; i < fold->n_notices; i++) {
        json_open(&json, '{');
        put_time(&json, "time", fold->notices[i].time_ms);
        put_text(&json, "text", fold->notices[i].text);
        json_close(&json);
    }
    json_close(&json);
    json_close(&json);
    buf_char(out, '\n');
}

void json_flow(struct buf *out, const struct fold *fold, const struct cut_facts *facts)
{
    static const char *const stages[FLOW_STAGES] = {"received", "captured", "verified"};
    struct flow_view view;
    struct json json;
    flow_view(fold, -1, facts->time_ms, &view);
    json_init(&json, out);
    json_open(&json, '{');
    put_facts(&json, fold, facts);
    put_time(&json, "start", fold->election->opening_ms);
    put_number(&json, "minutes", view.width);
    json_key(&json, "stages");
    json_open(&json, '{');
    for (uint32_t stage = 0; stage < FLOW_STAGES; stage++) {
        if (view.sum[stage] == 0) {
            continue;
        }
        json_key(&json, stages[stage]);
        json_open(&json, '[');
        for (uint32_t i = 0; i < view.n; i++) {
            json_u64(&json, view.bars[stage][i]);
        }
        json_close(&json);
    }
    json_close(&json);
    json_close(&json);
    buf_char(out, '\n');
}

static void put_latest_contests(struct json *json, const struct fold *fold)
{
    json_key(json, "contests");
    json_open(json, '{');
    for (uint32_t i = 0; i < fold->election->n_contests; i++) {
        const struct count *count = fold_count(fold, i, 0);
        char id[16];
        bool fits = span_copy(fold->election->contests[i].id, id, sizeof id);
        json_key(json, fits ? id : "");
        json_open(json, '{');
        put_number(json, "expected", count->expected);
        put_number(json, "captured", count->captured);
        put_number(json, "counted", count->counted);
        put_number(json, "votes", count->votes);
        json_close(json);
    }
    json_close(json);
}

void render_latest(const struct fold *fold, const struct cut_facts *facts, const uint8_t manifest[32],
                   struct buf *out)
{
    struct json json;
    struct buf path;
    char hex[65];
    hex_print(hex, manifest, 32);
    buf_init(&path, 0);
    buf_printf(&path, "cut/%u/", (unsigned)facts->number);
    json_init(&json, out);
    json_open(&json, '{');
    put_number(&json, "format", 1);
    put_number(&json, "cut", facts->number);
    put_text(&json, "path", buf_as_span(&path));
    put_time(&json, "time", facts->time_ms);
    put_time(&json, "next", facts->next_ms);
    json_key(&json, "last");
    json_bool(&json, facts->last);
    json_key(&json, "drill");
    json_bool(&json, fold->election->drill);
    json_key(&json, "offset_min");
    json_i64(&json, fold->election->offset_min);
    put_number(&json, "log_size", fold->log_size);
    json_key(&json, "manifest_sha256");
    json_str(&json, hex);
    put_package(&json, facts);
    put_latest_contests(&json, fold);
    json_close(&json);
    buf_char(out, '\n');
    buf_done(&path);
}

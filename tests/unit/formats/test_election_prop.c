/* Definitions made up at random, up to the limits: what is printed is read back as the same definition. */
#include "formats/election.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t seed;

/* xorshift64*: the same cases in every run. */
static uint32_t below(uint32_t bound)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (uint32_t)((seed * UINT64_C(0x2545F4914F6CDD1D)) >> 33) % bound;
}

static struct span code(struct election *e, const char *prefix, uint32_t n)
{
    char text[32];
    snprintf(text, sizeof text, "%s%u", prefix, n);
    return arena_copy(&e->arena, span_str(text));
}

/* Text for people: commas, quotes, accents, semicolons, but no blank at its ends. */
static struct span words(struct election *e)
{
    static const char *const some[] = {"A",      "Ñandú, el",        "\"Así\"", "x;y", "de la Peña",
                                       "O'Hara", "=1+1 (no cuenta)", "日本",    "ü"};
    char text[200] = "";
    for (uint32_t n = 1 + below(3); n > 0; n--) {
        strcat(text, some[below(9)]);
        strcat(text, n > 1 ? " " : "");
    }
    return arena_copy(&e->arena, span_str(text));
}

static void add_areas(struct election *e)
{
    uint32_t districts = 1 + below(40);
    uint32_t boroughs = 1 + below(20);
    uint32_t first = 1 + below(5);
    e->areas = arena_array(&e->arena, 1 + districts + boroughs, sizeof *e->areas);
    e->areas[e->n_areas++] = (struct area){AREA_ENTITY, 0, e->entity_name};
    for (uint32_t i = 0; i < districts; i++) {
        e->areas[e->n_areas++] = (struct area){AREA_DISTRICT, (uint16_t)(1 + i), words(e)};
    }
    for (uint32_t i = 0; i < boroughs; i++) {
        e->areas[e->n_areas++] = (struct area){AREA_BOROUGH, (uint16_t)(first + i), words(e)};
    }
}

static uint16_t some_area(const struct election *e, enum area_kind kind)
{
    for (;;) {
        uint32_t area = below(e->n_areas);
        if (e->areas[area].kind == kind) {
            return (uint16_t)area;
        }
    }
}

static uint64_t some_members(uint32_t parties)
{
    uint64_t members = 0;
    while (__builtin_popcountll(members) < 2) {
        members = ((uint64_t)below(1U << 30) << 30 | below(1U << 30)) & ((UINT64_C(1) << parties) - 1);
    }
    return members;
}

/* Parties first; then whatever the dice say. */
static void add_columns(struct election *e, struct contest *contest)
{
    uint32_t parties = 2 + below(30);
    contest->n_columns = (uint8_t)(parties + 2 + below(COLUMNS_MAX - parties - 1));
    contest->columns = arena_array(&e->arena, COLUMNS_MAX, sizeof *contest->columns);
    for (uint32_t i = 0; i < contest->n_columns; i++) {
        struct column *column = &contest->columns[i];
        *column = (struct column){
            .code = code(e, i % 2 ? "P_" : "p", i), .name = words(e), .color = below(1 << 24)};
        if (i < parties) {
            column->kind = COLUMN_PARTY;
            column->members = UINT64_C(1) << i;
        } else if (i + 2 >= contest->n_columns) {
            column->kind = i + 1 == contest->n_columns ? COLUMN_NULL : COLUMN_WRITE_IN;
        } else if (below(5) == 0) {
            column->kind = COLUMN_INDEPENDENT;
        } else {
            column->kind = below(2) ? COLUMN_COALITION : COLUMN_COMMON;
            column->members = some_members(parties);
        }
    }
}

static struct share_rule some_rule(const struct contest *contest, uint8_t column, uint16_t area)
{
    struct share_rule rule = {.area = area, .column = column, .kind = (uint8_t)below(3)};
    unsigned left = 10000;
    for (unsigned i = 0; rule.kind == SHARE_PERCENT && i < COLUMNS_MAX; i++) {
        uint64_t later = contest->columns[column].members >> i;
        if (later & 1) {
            rule.hundredths[i] = (uint16_t)(later == 1 ? left : below(left + 1));
            left -= rule.hundredths[i];
            rule.remainder = (uint8_t)i;
        }
    }
    return rule;
}

static void add_rules(struct election *e, struct contest *contest)
{
    contest->rules = arena_array(&e->arena, (size_t)contest->n_columns * 2, sizeof *contest->rules);
    for (uint8_t i = 0; i < contest->n_columns; i++) {
        enum column_kind kind = contest->columns[i].kind;
        if (kind != COLUMN_COALITION && kind != COLUMN_COMMON) {
            continue;
        }
        if (below(2)) {
            contest->rules[contest->n_rules++] = some_rule(contest, i, some_area(e, contest->share_kind));
        }
        if (below(2)) {
            contest->rules[contest->n_rules++] = some_rule(contest, i, AREA_NONE);
        }
    }
}

/* Every column but the last two is somebody's: one candidacy a column, everywhere or in one area. */
static void add_candidacies(struct election *e, struct contest *contest)
{
    contest->candidacies = arena_array(&e->arena, contest->n_columns, sizeof *contest->candidacies);
    for (unsigned i = 0; i + 2 < contest->n_columns; i++) {
        contest->candidacies[contest->n_candidacies++] =
            (struct candidacy){.area = below(2) ? AREA_NONE : some_area(e, contest->area_kind),
                               .columns = UINT64_C(1) << i,
                               .name = words(e),
                               .substitute = below(2) ? words(e) : SPAN(""),
                               .parties = below(2) ? words(e) : SPAN("")};
    }
}

static void add_contests(struct election *e)
{
    e->n_contests = 1 + below(CONTESTS_MAX);
    e->contests = arena_array(&e->arena, CONTESTS_MAX, sizeof *e->contests);
    for (uint32_t i = 0; i < e->n_contests; i++) {
        struct contest *contest = &e->contests[i];
        contest->id = code(e, "c", i);
        contest->code = code(e, "COD_", i);
        contest->name = code(e, "ELECCIÓN ", i);
        contest->name_en = code(e, "Contest ", i);
        contest->area_kind = (enum area_kind)below(3);
        contest->share_kind = (enum area_kind)below(3);
        contest->proportional = below(2) ? SPAN("A1+B2RP") : SPAN("");
        add_columns(e, contest);
        add_rules(e, contest);
        add_candidacies(e, contest);
    }
}

static void add_places(struct election *e)
{
    e->n_stations = 1 + below(200);
    e->stations = arena_array(&e->arena, e->n_stations, sizeof *e->stations);
    e->actas = arena_array(&e->arena, (size_t)e->n_stations * CONTESTS_MAX, sizeof *e->actas);
    for (uint32_t i = 0; i < e->n_stations; i++) {
        struct station *s = &e->stations[i];
        char key[32];
        uint16_t entity = 0;
        snprintf(key, sizeof key, "%02u%04u%c%02u%02u", e->entity % 100U, i, STATION_TYPES[below(8)],
                 below(100), below(100));
        assert_int_equal(station_parse_key(span_str(key), s, &entity), OK);
        bool nowhere = station_is_mode(s) && below(2);
        s->district = nowhere ? AREA_NONE : some_area(e, AREA_DISTRICT);
        s->borough = nowhere ? AREA_NONE : some_area(e, AREA_BOROUGH);
        s->location = (uint8_t)(1 + below(2));
        s->nominal = s->type == 'S' ? 0 : below(1000000);
        s->ballots = 1 + below(999999);
        s->reps = station_is_mode(s) ? 0 : (uint16_t)below(10000);
        for (uint32_t c = 0; c < e->n_contests; c++) {
            struct acta *acta = &e->actas[e->n_actas++];
            acta->station = i;
            acta->contest = (uint8_t)c;
            int len = snprintf(acta->key, sizeof acta->key, "%.11s%c%u", key, 'A' + (int)c, below(100000000));
            acta->form_len = (uint8_t)(len - STATION_KEY_LEN);
        }
        s->acta = e->n_actas - 1;
    }
}

static void make_up(struct election *e)
{
    *e = (struct election){.drill = below(2),
                           .entity = (uint16_t)below(100),
                           .offset_min = (int)below(1560) - 720,
                           .opening_ms = (int64_t)below(2000000000) * 1000};
    e->closing_ms = e->opening_ms + 1000 * (1 + (int64_t)below(100000));
    arena_init(&e->arena, 0);
    e->id = code(e, "id-", below(1000));
    e->origin = code(e, e->drill ? "simulacro.mx/" : "prep.mx/", below(1000));
    e->package_code = code(e, "PK_", below(1000));
    e->name = code(e, "PROCESO ", below(1000));
    e->name_en = code(e, "Election ", below(1000));
    e->authority = code(e, "INSTITUTO Ñ ", below(1000));
    e->entity_name = words(e);
    while (memmem(e->entity_name.at, e->entity_name.len, " ;", 2) != NULL) {
        e->entity_name = words(e);
    }
    e->zone_label = SPAN("(UTC-6)");
    add_areas(e);
    add_contests(e);
    add_places(e);
}

static enum err parse(const struct election_files *owned, struct election *out, struct why *why)
{
    struct election_file files[ELECTION_FILES];
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        files[i] = (struct election_file){span_str(election_file_names[i]), buf_as_span(&owned->bytes[i])};
    }
    return election_parse(files, ELECTION_FILES, out, why);
}

static void contests_are_same(const struct election *a, const struct election *b)
{
    assert_int_equal(a->n_contests, b->n_contests);
    for (uint32_t c = 0; c < a->n_contests; c++) {
        const struct contest *x = &a->contests[c];
        const struct contest *y = &b->contests[c];
        assert_true(span_equal(x->id, y->id) && span_equal(x->name, y->name));
        assert_int_equal(x->area_kind, y->area_kind);
        assert_int_equal(x->share_kind, y->share_kind);
        assert_int_equal(x->n_columns, y->n_columns);
        assert_int_equal(x->n_rules, y->n_rules);
        assert_int_equal(x->n_candidacies, y->n_candidacies);
        for (int i = 0; i < x->n_columns; i++) {
            assert_true(span_equal(x->columns[i].code, y->columns[i].code));
            assert_true(span_equal(x->columns[i].name, y->columns[i].name));
            assert_int_equal(x->columns[i].kind, y->columns[i].kind);
            assert_true(x->columns[i].members == y->columns[i].members);
            assert_int_equal(x->columns[i].color, y->columns[i].color);
        }
        for (uint32_t i = 0; i < x->n_rules; i++) {
            assert_int_equal(x->rules[i].area, y->rules[i].area);
            assert_int_equal(x->rules[i].kind, y->rules[i].kind);
            assert_int_equal(x->rules[i].remainder, y->rules[i].remainder);
            assert_memory_equal(x->rules[i].hundredths, y->rules[i].hundredths,
                                sizeof x->rules[i].hundredths);
        }
        for (uint32_t i = 0; i < x->n_candidacies; i++) {
            assert_int_equal(x->candidacies[i].area, y->candidacies[i].area);
            assert_true(x->candidacies[i].columns == y->candidacies[i].columns);
            assert_true(span_equal(x->candidacies[i].substitute, y->candidacies[i].substitute));
        }
    }
}

static void places_are_same(const struct election *a, const struct election *b)
{
    assert_int_equal(a->n_areas, b->n_areas);
    for (uint32_t i = 0; i < a->n_areas; i++) {
        assert_int_equal(a->areas[i].id, b->areas[i].id);
        assert_true(span_equal(a->areas[i].name, b->areas[i].name));
    }
    assert_int_equal(a->n_stations, b->n_stations);
    assert_memory_equal(a->stations, b->stations, a->n_stations * sizeof *a->stations);
    assert_int_equal(a->n_actas, b->n_actas);
    for (uint32_t i = 0; i < a->n_actas; i++) {
        assert_string_equal(a->actas[i].key, b->actas[i].key);
        assert_int_equal(a->actas[i].contest, b->actas[i].contest);
        assert_int_equal(a->actas[i].station, b->actas[i].station);
        assert_int_equal(election_acta(b, span_str(a->actas[i].key)), i);
    }
    assert_int_equal(a->entity, b->entity);
    assert_int_equal(a->offset_min, b->offset_min);
    assert_int_equal(a->drill, b->drill);
    assert_true(a->opening_ms == b->opening_ms && a->closing_ms == b->closing_ms);
    assert_true(span_equal(a->authority, b->authority) && span_equal(a->origin, b->origin));
}

static void what_is_made_up_comes_back(void **unused)
{
    (void)unused;
    struct election_files first;
    struct election_files second;
    election_files_init(&first);
    election_files_init(&second);
    for (uint64_t round = 1; round <= 300; round++) {
        seed = round * UINT64_C(0x9E3779B97F4A7C15);
        struct election made;
        struct election read = {0};
        struct why why = {{0}};
        make_up(&made);
        election_print(&made, &first);
        if (parse(&first, &read, &why) != OK) {
            fail_msg("round %llu: %s", (unsigned long long)round, why.text);
        }
        contests_are_same(&made, &read);
        places_are_same(&made, &read);
        election_print(&read, &second);
        for (size_t i = 0; i < ELECTION_FILES; i++) {
            assert_true(span_equal(buf_as_span(&first.bytes[i]), buf_as_span(&second.bytes[i])));
        }
        election_done(&read);
        election_done(&made);
    }
    election_files_done(&first);
    election_files_done(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_made_up_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

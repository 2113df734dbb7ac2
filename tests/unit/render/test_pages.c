/* The pages of a cut: whole, escaped, equal in both languages, small, and the same bytes every time. */
#include "city/city.h"
#include "doors/latest.h"
#include "files.h"
#include "formats/election.h"
#include "night.h"
#include "render/assets.h"
#include "render/page.h"
#include "tally/count.h"
#include "wire/squeeze.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include <cmocka.h>

enum { HOUR = 3600000 };

struct night {
    struct election election;
    struct fold *fold;
    uint32_t came;
};

static void open_night(struct night *night)
{
    struct why why = {{0}};
    night->came = 0;
    enum err err = election_load("tests/vectors/election/small", &night->election, &why);
    if (err != OK) {
        fail_msg("%s", why.text);
    }
    assert_int_equal(fold_new(&night->election, &night->fold), OK);
    night_open(night->fold);
}

static void close_night(struct night *night)
{
    fold_free(night->fold);
    election_done(&night->election);
}

static struct cut_facts facts_at(const struct night *night, uint32_t number, bool last)
{
    int64_t now_ms = night->election.opening_ms + (int64_t)number * HOUR;
    return (struct cut_facts){.number = number,
                              .time_ms = now_ms,
                              .next_ms = last ? -1 : now_ms + HOUR,
                              .package = number,
                              .package_ms = number > 0 ? now_ms : -1,
                              .last = last};
}

/* A night with everything in it: observations, records set aside, actas outside, a silent district, a notice. */
static struct files *full_cut(struct night *night, struct cut_facts *facts)
{
    open_night(night);
    night_arrive(night->fold, &night->came, 12, night->election.opening_ms + HOUR, true);
    night_arrive(night->fold, &night->came, 24, night->election.opening_ms + 2 * HOUR, false);
    night_notice(night->fold, night->election.opening_ms + 2 * HOUR);
    *facts = facts_at(night, 3, false);
    return files_new(night->fold, facts);
}

static uint32_t times(const char *text, const char *what)
{
    uint32_t n = 0;
    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what)) {
        n++;
    }
    return n;
}

static void numbers_are_spelled_for_people(void **state)
{
    (void)state;
    static const struct {
        uint64_t number;
        const char *want;
    } rows[] = {
        {0, "0"}, {7, "7"}, {999, "999"}, {1000, "1,000"}, {123456, "123,456"}, {5516482, "5,516,482"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out;
        buf_init(&out, 0);
        number_print(&out, rows[i].number);
        assert_string_equal(buf_cstr(&out), rows[i].want);
        buf_done(&out);
    }
}

static void every_phrase_is_there_in_both_languages(void **state)
{
    (void)state;
    for (int i = 0; i < PHRASES_N; i++) {
        for (int lang = LANG_ES; lang <= LANG_EN; lang++) {
            const char *text = phrase_of((enum lang)lang, (enum phrase)i);
            assert_true(strlen(text) > 0);
            assert_null(strpbrk(text, "<>&\""));
        }
    }
}

static void every_page_is_whole(void **state)
{
    (void)state;
    struct night night;
    struct cut_facts facts;
    struct files *files = full_cut(&night, &facts);
    for (uint32_t i = 0; i < files->n; i++) {
        char reason[256] = "";
        if (!ends_with(files->at[i].path, ".html")) {
            continue;
        }
        const char *text = buf_cstr(&files->at[i].bytes);
        if (!html_nests(&files->at[i], reason, sizeof reason)) {
            fail_msg("%s", reason);
        }
        bool en = strstr(files->at[i].path, "/en/") != NULL;
        assert_memory_equal(text, "<!doctype html>\n<html lang=\"", 28);
        assert_memory_equal(text + 28, en ? "en" : "es", 2);
        assert_int_equal(times(text, "<h1"), 1);
        assert_int_equal(times(text, "<main id=\"contenido\""), 1);
        assert_int_equal(times(text, "class=\"skip\" href=\"#contenido\""), 1);
        assert_int_equal(times(text, "<caption>"), times(text, "<table"));
        assert_int_equal(times(text, " style="), 0);
        assert_int_equal(times(text, "://"), 0);
        assert_non_null(strstr(text, en ? "without legal effect" : "sin efectos jurídicos"));
        assert_non_null(strstr(text, en ? "<strong>DRILL</strong>" : "<strong>SIMULACRO</strong>"));
    }
    files_free(files);
    close_night(&night);
}

static void nobody_wins(void **state)
{
    (void)state;
    struct night night;
    struct cut_facts facts;
    struct files *files = full_cut(&night, &facts);
    static const char *const words[] = {"anador", "inner", "triunf", "lect@", "ictori"};
    for (uint32_t i = 0; i < files->n; i++) {
        for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
            assert_null(strstr(buf_cstr(&files->at[i].bytes), words[w]));
        }
    }
    files_free(files);
    close_night(&night);
}

/* "cut/3/jg/x.html" + "../index.html" -> "cut/3/index.html" */
static void resolve(const char *from, struct span link, char *out, size_t size)
{
    size_t len = (size_t)(strrchr(from, '/') == NULL ? 0 : strrchr(from, '/') + 1 - from);
    while (span_starts(link, SPAN("../"))) {
        link = span_from(link, 3);
        assert_true(len > 0);
        for (len--; len > 0 && from[len - 1] != '/'; len--) {
        }
    }
    snprintf(out, size, "%.*s%.*s", (int)len, from, SPAN_ARG(link));
}

/* What a page may point to that the pages do not make: the cut's other makers do. */
static bool made_elsewhere(const char *path)
{
    static const char *const ends[] = {
        "/manifest", "/manifest.minisig", "log/cut.vkey", "log/minisign.pub", ".csv", ".zip", "/SHA256SUMS"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (ends_with(path, ends[i])) {
            return true;
        }
    }
    return strcmp(path, "difusores") == 0 || strcmp(path, "codigo") == 0 || strncmp(path, "acta/", 5) == 0;
}

static void check_link(const struct files *files, const struct file *page, struct span link)
{
    char path[PAGE_PATH_MAX], whole[PAGE_PATH_MAX + 16];
    struct span rest = link, target = span_cut(&rest, '#');
    if (target.len == 0 || span_is(link, "data:,")) {
        return;
    }
    resolve(page->path, target, path, sizeof path);
    snprintf(whole, sizeof whole, "%s%s", path, ends_with(path, "/") ? "index.html" : "");
    const struct file *file = files_find(files, whole);
    if (file == NULL && !made_elsewhere(whole)) {
        fail_msg("%s points to %s, which is not there", page->path, whole);
    }
    if (rest.at != NULL) {
        char anchor[64];
        assert_non_null(file);
        snprintf(anchor, sizeof anchor, " id=\"%.*s\"", SPAN_ARG(rest));
        struct buf bytes;
        buf_init(&bytes, 0);
        buf_span(&bytes, buf_as_span(&file->bytes));
        assert_non_null(strstr(buf_cstr(&bytes), anchor));
        buf_done(&bytes);
    }
}

static void every_link_leads_somewhere(void **state)
{
    (void)state;
    struct night night;
    struct cut_facts facts;
    struct files *files = full_cut(&night, &facts);
    uint32_t links = 0;
    for (uint32_t i = 0; i < files->n; i++) {
        if (!ends_with(files->at[i].path, ".html")) {
            continue;
        }
        for (const char *at = buf_cstr(&files->at[i].bytes); (at = strpbrk(at, "hs")) != NULL; at++) {
            size_t skip = strncmp(at, "href=\"", 6) == 0 ? 6 : strncmp(at, "src=\"", 5) == 0 ? 5 : 0;
            if (skip > 0) {
                struct span link = span_of(at + skip, strcspn(at + skip, "\""));
                check_link(files, &files->at[i], link);
                links++;
            }
        }
    }
    assert_true(links > 500);
    files_free(files);
    close_night(&night);
}

static void hostile_names_stay_text(void **state)
{
    (void)state;
    struct night night;
    open_night(&night);
    struct span hostile = SPAN("<script>alert(1)</script>\"'&<!--");
    struct contest *contest = &night.election.contests[0];
    contest->name = contest->name_en = hostile;
    contest->columns[0].name = contest->columns[0].code = hostile;
    contest->candidacies[0].name = contest->candidacies[0].parties = hostile;
    night.election.authority = night.election.name = night.election.entity_name = hostile;
    night.election.zone_label = hostile;
    for (uint32_t i = 1; i < night.election.n_areas; i++) {
        night.election.areas[i].name = hostile;
    }
    night_arrive(night.fold, &night.came, 20, night.election.opening_ms + HOUR, false);
    struct cut_facts facts = facts_at(&night, 1, false);
    struct files *files = files_new(night.fold, &facts);
    for (uint32_t i = 0; i < files->n; i++) {
        char reason[256] = "";
        const char *text = buf_cstr(&files->at[i].bytes);
        if (ends_with(files->at[i].path, ".js") || ends_with(files->at[i].path, ".css")) {
            continue;
        }
        assert_null(strstr(text, "<script>"));
        assert_null(strstr(text, "<!--"));
        if (ends_with(files->at[i].path, ".html") && !html_nests(&files->at[i], reason, sizeof reason)) {
            fail_msg("%s", reason);
        }
    }
    files_free(files);
    close_night(&night);
}

static void zeros_are_said_before_the_opening(void **state)
{
    (void)state;
    struct night night;
    open_night(&night);
    struct cut_facts facts = facts_at(&night, 0, false);
    facts.time_ms = night.election.opening_ms - HOUR;
    struct files *files = files_new(night.fold, &facts);
    const char *jg = files_text(files, "cut/0/jg/index.html");
    assert_non_null(strstr(jg, "Todavía no hay actas."));
    assert_non_null(strstr(
        jg, "La publicación comienza: <time datetime=\"2027-06-07T02:00:00Z\">6 jun 2027, 20:00</time>"));
    assert_non_null(strstr(jg, "sin actas todavía"));
    assert_non_null(strstr(jg, "<td>0</td><td>0.0000 %</td>"));
    const char *area = files_text(files, "cut/0/jg/district-01.html");
    assert_non_null(strstr(area, "<td>—</td><td>—</td>"));
    assert_null(strstr(area, "<td>0</td>"));
    assert_non_null(strstr(files_text(files, "cut/0/en/jg/index.html"), "No tally sheets yet."));
    files_free(files);
    close_night(&night);
}

static void an_area_without_news_shows_no_zero(void **state)
{
    (void)state;
    struct night night;
    open_night(&night);
    night_arrive(night.fold, &night.came, 30, night.election.opening_ms + HOUR, true);
    struct cut_facts facts = facts_at(&night, 1, false);
    struct files *files = files_new(night.fold, &facts);
    assert_int_equal(fold_count(night.fold, 0, election_area(&night.election, AREA_DISTRICT, 2))->captured,
                     0);
    const char *silent = files_text(files, "cut/1/jg/district-02.html");
    assert_non_null(strstr(silent, "Todavía no hay actas."));
    assert_null(strstr(silent, "<td>0</td>"));
    assert_non_null(strstr(files_text(files, "cut/1/jg/district-02.json"), "\"state\":\"no-actas\""));
    assert_non_null(strstr(files_text(files, "cut/1/jg/district-02.json"), "\"votes\":null"));
    assert_null(strstr(files_text(files, "cut/1/jg/district-01.html"), "Todavía no hay actas."));
    files_free(files);
    close_night(&night);
}

static void the_last_cut_and_the_drill_are_declared(void **state)
{
    (void)state;
    struct night night;
    open_night(&night);
    night.election.drill = false;
    night_arrive(night.fold, &night.came, 20, night.election.opening_ms + HOUR, false);
    struct cut_facts facts = facts_at(&night, 4, true);
    struct files *files = files_new(night.fold, &facts);
    const char *text = files_text(files, "cut/4/index.html");
    assert_non_null(strstr(text, "<strong>Último corte.</strong>"));
    assert_non_null(strstr(text, "Ninguno: este es el último corte"));
    assert_non_null(
        strstr(text, "<b>Corte 4</b> · <time datetime=\"2027-06-07T06:00:00Z\">7 jun 2027, 00:00</time>"));
    for (uint32_t i = 0; i < files->n; i++) {
        assert_null(strstr(buf_cstr(&files->at[i].bytes), "class=\"drill\""));
    }
    assert_non_null(strstr(files_text(files, "cut/4/en/index.html"), "<strong>Last update.</strong>"));
    files_free(files);
    close_night(&night);
}

static void what_is_set_aside_and_outside_is_listed(void **state)
{
    (void)state;
    struct night night;
    struct cut_facts facts;
    struct files *files = full_cut(&night, &facts);
    const char *text = files_text(files, "cut/3/jg/actas.html");
    for (uint32_t i = 0; i < night.election.n_actas; i++) {
        char anchor[64];
        snprintf(anchor, sizeof anchor, ".html#%s\"", night.election.actas[i].key);
        bool listed = night.fold->records[i]->in_review && night.election.actas[i].contest == 0;
        assert_int_equal(strstr(text, anchor) != NULL, listed);
    }
    assert_true(night.fold->n_in_review > 0 && night.fold->n_outsides > 0);
    assert_non_null(strstr(text, "Actas fuera de catálogo: 3"));
    assert_non_null(
        strstr(files_text(files, "cut/3/jg/index.html"), "&lt;b&gt;Esto es texto&lt;/b&gt; &amp; nada más."));
    files_free(files);
    close_night(&night);
}

/* The pages say what the fold counted: header figures, candidacies, parties. */
static void figures_are_the_folds(void **state)
{
    (void)state;
    struct night night;
    struct cut_facts facts;
    struct files *files = full_cut(&night, &facts);
    const struct contest *contest = &night.election.contests[0];
    const struct count *count = fold_count(night.fold, 0, 0);
    const char *text = files_text(files, "cut/3/jg/index.html");
    uint64_t parties[COLUMNS_MAX];
    struct buf want;
    buf_init(&want, 0);
    fold_by_party(night.fold, 0, 0, parties);
    for (uint32_t i = 0; i < contest->n_columns; i++) {
        if (contest->columns[i].kind == COLUMN_PARTY) {
            buf_clear(&want);
            buf_printf(&want, "<b>%.*s</b>", SPAN_ARG(contest->columns[i].code));
            const char *row = strstr(text, buf_cstr(&want));
            assert_non_null(row);
            buf_clear(&want);
            buf_str(&want, "</th><td>");
            number_print(&want, parties[i]);
            buf_str(&want, "</td><td>");
            percent4_print(&want, parties[i], count->votes);
            buf_str(&want, " %</td>");
            assert_memory_equal(strstr(row, "</th>"), buf_cstr(&want), want.len);
        }
    }
    buf_clear(&want);
    buf_str(&want, "<b>");
    percent4_print(&want, count->captured, count->expected);
    buf_str(&want, " %</b><progress");
    assert_non_null(strstr(text, buf_cstr(&want)));
    buf_done(&want);
    files_free(files);
    close_night(&night);
}

static void both_languages_say_the_same_figures(void **state)
{
    (void)state;
    struct night night;
    struct cut_facts facts;
    struct files *files = full_cut(&night, &facts);
    struct buf es, en;
    uint32_t pairs = 0;
    buf_init(&es, 0);
    buf_init(&en, 0);
    for (uint32_t i = 0; i < files->n; i++) {
        const struct file *file = &files->at[i];
        char twin[PAGE_PATH_MAX + 8];
        bool page = strncmp(file->path, "cut/3/", 6) == 0 && ends_with(file->path, ".html");
        if (!page || strncmp(file->path, "cut/3/en/", 9) == 0) {
            continue;
        }
        snprintf(twin, sizeof twin, "cut/3/en/%s", file->path + 6);
        assert_non_null(files_find(files, twin));
        buf_clear(&es);
        buf_clear(&en);
        html_figures(file, &es);
        html_figures(files_find(files, twin), &en);
        assert_string_equal(buf_cstr(&es), buf_cstr(&en));
        pairs++;
    }
    assert_true(pairs > 10);
    buf_done(&es);
    buf_done(&en);
    files_free(files);
    close_night(&night);
}

static void data_is_json_and_agrees(void **state)
{
    (void)state;
    struct night night;
    struct cut_facts facts;
    struct files *files = full_cut(&night, &facts);
    uint32_t n = 0;
    for (uint32_t i = 0; i < files->n; i++) {
        if (ends_with(files->at[i].path, ".json")) {
            json_error_t error;
            json_t *json =
                json_loadb(files->at[i].bytes.at, files->at[i].bytes.len, JSON_REJECT_DUPLICATES, &error);
            if (json == NULL) {
                fail_msg("%s: %s", files->at[i].path, error.text);
            }
            assert_int_equal(json_integer_value(json_object_get(json, "cut")), 3);
            json_decref(json);
            n++;
        }
    }
    assert_true(n > 8);
    json_t *jg = json_loads(files_text(files, "cut/3/jg/index.json"), 0, NULL);
    uint64_t sum = 0;
    size_t index;
    json_t *row;
    json_array_foreach(json_object_get(jg, "columns"), index, row)
    {
        sum += (uint64_t)json_integer_value(json_object_get(row, "votes"));
    }
    assert_int_equal(sum, fold_count(night.fold, 0, 0)->votes);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(jg, "figures"), "votes")), sum);
    json_decref(jg);
    files_free(files);
    close_night(&night);
}

static void latest_is_read_back(void **state)
{
    (void)state;
    struct night night;
    open_night(&night);
    night_arrive(night.fold, &night.came, 20, night.election.opening_ms + HOUR, false);
    struct cut_facts facts = facts_at(&night, 7, false);
    uint8_t manifest[32] = {1, 2, 3};
    struct buf out;
    struct latest latest;
    struct why why = {{0}};
    buf_init(&out, 0);
    render_latest(night.fold, &facts, manifest, &out);
    if (latest_parse(buf_as_span(&out), &latest, &why) != OK) {
        fail_msg("%s", why.text);
    }
    assert_int_equal(latest.cut, 7);
    assert_int_equal(latest.time_ms, facts.time_ms);
    assert_int_equal(latest.next_ms, facts.next_ms);
    assert_int_equal(latest.log_size, night.fold->log_size);
    assert_memory_equal(latest.manifest, manifest, 32);
    assert_int_equal(latest.contests[0].votes, fold_count(night.fold, 0, 0)->votes);
    buf_done(&out);
    close_night(&night);
}

static void the_same_state_gives_the_same_bytes(void **state)
{
    (void)state;
    struct night night;
    struct cut_facts facts;
    struct files *one = full_cut(&night, &facts);
    setenv("TZ", "Asia/Kathmandu", 1);
    struct files *two = files_new(night.fold, &facts);
    unsetenv("TZ");
    assert_int_equal(one->n, two->n);
    for (uint32_t i = 0; i < one->n; i++) {
        assert_string_equal(one->at[i].path, two->at[i].path);
        assert_true(span_equal(buf_as_span(&one->at[i].bytes), buf_as_span(&two->at[i].bytes)));
    }
    files_free(one);
    files_free(two);
    close_night(&night);
}

/* A whole city, through its files, as a program would read it. */
static void load_city(struct election *election)
{
    const struct city_plan plan = {.seed = 7,
                                   .scale = CITY_CDMX,
                                   .opening_ms = 1812333600000,
                                   .closing_ms = 1812333600000 + 24 * (int64_t)HOUR};
    struct election city;
    struct election_files files;
    struct election_file parts[ELECTION_FILES];
    struct why why = {{0}};
    memset(&city, 0, sizeof city);
    city_make(&plan, &city);
    election_files_init(&files);
    election_print(&city, &files);
    for (size_t i = 0; i < ELECTION_FILES; i++) {
        parts[i] = (struct election_file){span_str(election_file_names[i]), buf_as_span(&files.bytes[i])};
    }
    if (election_parse(parts, ELECTION_FILES, election, &why) != OK) {
        fail_msg("%s", why.text);
    }
    election_files_done(&files);
    election_done(&city);
}

/* What it takes to show a page: itself, the style and even the script, which is not needed for it. */
static void totals_pages_fit_in_14_kilobytes(void **state)
{
    (void)state;
    struct night night = {.came = 0};
    load_city(&night.election);
    assert_int_equal(fold_new(&night.election, &night.fold), OK);
    night_open(night.fold);
    night_arrive(night.fold, &night.came, 20000, night.election.opening_ms + 6 * (int64_t)HOUR, false);
    struct cut_facts facts = facts_at(&night, 7, false);
    struct files *files = files_new(night.fold, &facts);
    struct squeezer *squeezer = squeezer_new(6, 5);
    struct buf gz, br;
    buf_init(&gz, 0);
    buf_init(&br, 0);
    static const char *const paths[] = {"index.html", "jg/index.html", "cut/7/dip/index.html",
                                        "cut/7/en/alc/index.html"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct file *parts[] = {files_find(files, paths[i]), files_find(files, asset_style.path),
                                      files_find(files, asset_script.path)};
        size_t all_gz = 0, all_br = 0;
        for (size_t p = 0; p < 3; p++) {
            buf_clear(&gz);
            buf_clear(&br);
            squeeze_gzip(squeezer, buf_as_span(&parts[p]->bytes), &gz);
            squeeze_brotli(squeezer, buf_as_span(&parts[p]->bytes), &br);
            all_gz += gz.len;
            all_br += br.len;
        }
        print_message("%s with style and script: gzip %zu, brotli %zu bytes\n", paths[i], all_gz, all_br);
        assert_in_range(all_gz, 1, 14 * 1024);
        assert_in_range(all_br, 1, 14 * 1024);
    }
    buf_done(&gz);
    buf_done(&br);
    squeezer_free(squeezer);
    files_free(files);
    close_night(&night);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_spelled_for_people),
        cmocka_unit_test(every_phrase_is_there_in_both_languages),
        cmocka_unit_test(every_page_is_whole),
        cmocka_unit_test(nobody_wins),
        cmocka_unit_test(every_link_leads_somewhere),
        cmocka_unit_test(hostile_names_stay_text),
        cmocka_unit_test(zeros_are_said_before_the_opening),
        cmocka_unit_test(an_area_without_news_shows_no_zero),
        cmocka_unit_test(the_last_cut_and_the_drill_are_declared),
        cmocka_unit_test(what_is_set_aside_and_outside_is_listed),
        cmocka_unit_test(figures_are_the_folds),
        cmocka_unit_test(both_languages_say_the_same_figures),
        cmocka_unit_test(data_is_json_and_agrees),
        cmocka_unit_test(latest_is_read_back),
        cmocka_unit_test(the_same_state_gives_the_same_bytes),
        cmocka_unit_test(totals_pages_fit_in_14_kilobytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* /codigo and the code in /estado: complete without a script, and never the code of another cut. */
#include "edge/caption.h"
#include "edge/estado.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const struct edge_options options = {.name = "difusor <uno>", .kind = EDGE_MIRROR};

static const char *caption(const struct view_facts *facts, const char *code)
{
    static struct buf page = {0};
    buf_clear(&page);
    caption_print(&options, facts, code, &page);
    return buf_cstr(&page);
}

static bool says(const char *page, const char *words)
{
    return strstr(page, words) != NULL;
}

static void test_caption(void **state)
{
    (void)state;
    struct view_facts facts = {
        .has_cut = 1, .cut = 37, .time_ms = INT64_C(1812334800000), .drill = 1, .offset_min = -360};
    const char *page = caption(&facts, "4OYM-IQUY-7QOB-JGX3");
    assert_true(says(page, "<span>4OYM IQUY</span> <span>7QOB JGX3</span>"));
    assert_true(says(page, "Corte <b>37</b>") && says(page, "(UTC-6)") && says(page, "SIMULACRO"));
    assert_true(says(page, "20:20") && says(page, "06/06/2027"));
    assert_true(says(page, "href=\"log/cut-37.tlog-proof\"") && says(page, "http-equiv=\"refresh\""));
    assert_true(says(page, "difusor &lt;uno&gt;") && !says(page, "<script") && !says(page, "último corte"));
    facts.drill = 0;
    facts.last = 1;
    facts.offset_min = 330;
    page = caption(&facts, "");
    assert_true(says(page, "(UTC+5:30)") && says(page, "último corte") && !says(page, "SIMULACRO"));
    assert_true(says(page, "cuando el registro firma") && !says(page, "class=\"code\""));
    page = caption(NULL, "");
    assert_true(says(page, "Todavía no hay cortes") && !says(page, "tlog-proof"));
    assert_true(says(caption_rules(), "style-src 'sha256-") && !says(caption_rules(), "unsafe"));
}

static void test_estado(void **state)
{
    (void)state;
    struct view_facts facts = {.has_cut = 1, .cut = 37, .next_ms = -1};
    struct buf out = {0};
    struct loader_notice notice = {.public_notice = {.time_ms = 1812326400000, .len = 6, .text = "\"Hola\""}};
    estado_print(&options, &facts, FEED_NONE, 0, "4OYM-IQUY-7QOB-JGX3", &notice, 0, &out);
    assert_true(
        says(buf_cstr(&out), "\"notice\":{\"time\":\"2027-06-07T00:00:00Z\",\"text\":\"\\\"Hola\\\"\"}"));
    assert_true(says(buf_cstr(&out), "\"code\":\"4OYM-IQUY-7QOB-JGX3\""));
    buf_clear(&out);
    notice.public_notice.len = 0;
    estado_print(&options, &facts, FEED_NONE, 0, "", &notice, 0, &out);
    assert_true(says(buf_cstr(&out), "\"notice\":null"));
    assert_true(says(buf_cstr(&out), "\"code\":null"));
    buf_done(&out);
}

static void test_modes(void **state)
{
    (void)state;
    const struct view_facts none = {0}, some = {.has_cut = 1};
    static const struct loader_notice well = {.has_view = 1}, nothing = {0},
                                      down = {.has_view = 1, .site_down = 1};
    static const struct loader_notice refused = {.has_view = 1, .alarm = "corte rechazado"};
    const struct {
        enum edge_kind kind;
        const struct view_facts *facts;
        enum feed_state feed;
        const struct loader_notice *notice;
        const char *mode;
    } rows[] = {
        {EDGE_RESULTS, &some, FEED_NONE, &well, "normal"},
        {EDGE_RESULTS, NULL, FEED_NONE, &nothing, "waiting"},
        {EDGE_RESULTS, &none, FEED_NONE, &well, "waiting"},
        {EDGE_RESULTS, &some, FEED_NONE, &refused, "stale"},
        {EDGE_MIRROR, &some, FEED_OK, &well, "normal"},
        {EDGE_MIRROR, &some, FEED_LOST, &well, "stale"},
        {EDGE_MIRROR, &some, FEED_CONFLICT, &well, "stale"},
        {EDGE_MIRROR, &none, FEED_LOST, &well, "waiting"},
        {EDGE_SITE, NULL, FEED_NONE, &nothing, "waiting"},
        {EDGE_SITE, &none, FEED_NONE, &well, "normal"},
        {EDGE_SITE, &none, FEED_NONE, &down, "down"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(estado_mode(rows[i].kind, rows[i].facts, rows[i].feed, rows[i].notice),
                            rows[i].mode);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_caption), cmocka_unit_test(test_estado),
                                       cmocka_unit_test(test_modes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

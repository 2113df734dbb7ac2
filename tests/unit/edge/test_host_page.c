/* /difusores: complete without a script, in both languages, and an address can bring no code into it. */
#include "edge/host_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const int64_t CUT_MS = INT64_C(1812334800000); /* 2027-06-07T02:20:00Z */

static const struct edge_options options = {
    .name = "difusor <uno>",
    .kind = EDGE_MIRROR,
    .results = "https://resultados.example/",
    .mirrors = {{.name = "difusor-2", .url = "http://dos.example/?a=1&b=\"2\""},
                {.name = "malo", .url = "javascript:alert(1)"}},
    .n_mirrors = 2,
};

static const char *page_of(const struct view_facts *facts, enum feed_state feed, int64_t age_s,
                           const char *code)
{
    static struct buf page = {0};
    buf_clear(&page);
    host_page_print(&options, facts, feed, age_s, code, CUT_MS + 3 * 3600000 + 21 * 60000, &page);
    return buf_cstr(&page);
}

static bool says(const char *page, const char *words)
{
    return strstr(page, words) != NULL;
}

static void test_a_mirror_that_is_well(void **state)
{
    (void)state;
    struct view_facts facts = {.has_cut = 1,
                               .cut = 37,
                               .time_ms = CUT_MS,
                               .next_ms = CUT_MS + 60000,
                               .drill = 1,
                               .offset_min = -360};
    const char *page = page_of(&facts, FEED_OK, 0, "4OYM-IQUY-7QOB-JGX3");
    assert_true(says(page, "<a href=\"./\">37</a>") && says(page, "20:20</time> (UTC-6) · 06/06/2027"));
    assert_true(says(page, "<dd>3 h 21 min</dd>") && says(page, "20:21</time>") &&
                says(page, "23:41</time>"));
    assert_true(says(page, "<a href=\"codigo\">4OYM-IQUY-7QOB-JGX3</a>") && says(page, "SIMULACRO"));
    assert_true(says(page, "difusor &lt;uno&gt;: un difusor <span lang=\"en\">· a mirror"));
    assert_true(says(page, "contesta") && !says(page, "class=\"old\"") && !says(page, "último corte"));
    assert_true(says(page, "<a href=\"https://resultados.example/\">"));
    assert_false(says(page, "<script"));
}

static void test_what_is_wrong_is_said(void **state)
{
    (void)state;
    struct view_facts facts = {.has_cut = 1, .cut = 37, .time_ms = CUT_MS, .next_ms = -1, .last = 1};
    const char *page = page_of(&facts, FEED_LOST, 75, "");
    assert_true(says(page, "no alcanza su fuente desde hace 1 min:") && says(page, "último corte"));
    assert_false(says(page, "Corte siguiente") || says(page, "SIMULACRO") ||
                 says(page, "Código del corte <span"));
    assert_true(says(page_of(&facts, FEED_CONFLICT, 0, ""), "contradice"));
    assert_true(says(page_of(NULL, FEED_NONE, 0, ""), "todavía ninguno"));
}

static void test_addresses_are_only_addresses(void **state)
{
    (void)state;
    const char *page = page_of(NULL, FEED_NONE, 0, "");
    assert_true(says(page, "href=\"http://dos.example/?a=1&amp;b=&quot;2&quot;\"") ||
                says(page, "href=\"http://dos.example/?a=1&amp;b=&#34;2&#34;\""));
    assert_false(says(page, "href=\"javascript"));
    assert_true(says(page, "<li>malo javascript:alert(1)</li>"));
    assert_true(says(host_page_rules(), "style-src 'sha256-") && !says(host_page_rules(), "unsafe"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_mirror_that_is_well),
                                       cmocka_unit_test(test_what_is_wrong_is_said),
                                       cmocka_unit_test(test_addresses_are_only_addresses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

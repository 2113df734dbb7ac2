/* Views: what is put in is found; a block that was tampered with is refused before anything is looked up. */
#include "edge/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void build(struct buf *out, int n_paths)
{
    struct view_builder builder;
    const uint64_t key[2] = {1, 2};
    const struct view_facts facts = {.has_cut = 1, .cut = 7, .next_ms = -1};
    view_builder_init(&builder);
    uint32_t object = view_add_object(&builder, 99);
    for (int i = 0; i < n_paths; i++) {
        char path[32];
        int len = snprintf(path, sizeof path, "/cut/7/p%d.html", i);
        struct head_plan plan = {.status = 200, .type = "text/html; charset=utf-8", .length = 10};
        plan.etag = SPAN("\"0123456789abcdef0123456789abcdef\"");
        uint32_t reps[ENC_COUNT] = {view_add_rep(&builder, &plan, object, (uint64_t)i * 10), VIEW_NONE,
                                    VIEW_NONE};
        view_add_route(&builder, span_of(path, (size_t)len), reps, 0);
    }
    view_print(&builder, &facts, key, out);
    view_builder_done(&builder);
}

static void what_is_put_in_is_found(void **state)
{
    (void)state;
    struct buf block;
    struct view_map view;
    buf_init(&block, 0);
    build(&block, 500);
    assert_int_equal(view_open(buf_as_span(&block), &view, NULL), OK);
    assert_int_equal(view.top->facts.cut, 7);
    for (int i = 0; i < 500; i++) {
        char path[32];
        int len = snprintf(path, sizeof path, "/cut/7/p%d.html", i);
        const struct view_route *route = view_find(&view, span_of(path, (size_t)len));
        assert_non_null(route);
        assert_int_equal(view.reps[route->reps[ENC_IDENTITY]].offset, i * 10);
    }
    assert_null(view_find(&view, SPAN("/cut/7/p500.html")));
    assert_null(view_find(&view, SPAN("/cut/7/p1.htm")));
    assert_null(view_find(&view, SPAN("")));
    buf_done(&block);
}

static void the_first_route_of_a_path_wins(void **state)
{
    (void)state;
    struct view_builder builder;
    struct buf block;
    struct view_map view;
    const uint64_t key[2] = {3, 4};
    const struct view_facts facts = {0};
    view_builder_init(&builder);
    for (uint64_t i = 0; i < 2; i++) {
        struct head_plan plan = {.status = 200, .length = 0};
        uint32_t reps[ENC_COUNT] = {view_add_rep(&builder, &plan, VIEW_NONE, i), VIEW_NONE, VIEW_NONE};
        view_add_route(&builder, SPAN("/"), reps, 0);
    }
    buf_init(&block, 0);
    view_print(&builder, &facts, key, &block);
    view_builder_done(&builder);
    assert_int_equal(view_open(buf_as_span(&block), &view, NULL), OK);
    assert_int_equal(view_find(&view, SPAN("/"))->reps[ENC_IDENTITY], 0);
    buf_done(&block);
}

/* Every 32-bit word set to all ones, one after the other: refused, or harmless. */
static void tampered_blocks_lead_nowhere(void **state)
{
    (void)state;
    struct buf block;
    struct view_map view;
    buf_init(&block, 0);
    build(&block, 20);
    int refused = 0;
    for (size_t at = 0; at + 4 <= block.len; at += 4) {
        char held[4];
        memcpy(held, block.at + at, 4);
        memset(block.at + at, 0xff, 4);
        if (view_open(buf_as_span(&block), &view, NULL) != OK) {
            refused++;
        } else {
            const struct view_route *route = view_find(&view, SPAN("/cut/7/p3.html"));
            if (route != NULL) {
                const struct view_rep *rep = &view.reps[route->reps[ENC_IDENTITY]];
                struct span head = view_head(&view, rep);
                assert_true(head.at >= block.at && head.at + head.len <= block.at + block.len);
            }
        }
        memcpy(block.at + at, held, 4);
    }
    assert_true(refused > 50);
    for (size_t len = 0; len < block.len; len += 7) {
        assert_int_not_equal(view_open(span_of(block.at, len), &view, NULL), OK);
    }
    buf_done(&block);
}

static void heads_come_in_three_parts(void **state)
{
    (void)state;
    struct buf out;
    uint16_t lead = 0;
    uint16_t meta = 0;
    struct head_plan plan = {.status = 200, .keep = KEEP_FOREVER, .type = "text/html; charset=utf-8"};
    plan.encoding = "br";
    plan.vary = true;
    plan.length = 42;
    plan.etag = SPAN("\"0123456789abcdef0123456789abcdef\"");
    buf_init(&out, 0);
    head_print(&plan, &out, &lead, &meta);
    struct span head = buf_as_span(&out);
    assert_true(span_equal(span_of(head.at, lead), SPAN("HTTP/1.1 200 OK\r\nContent-Length: 42\r\n")));
    assert_true(span_equal(span_of(head.at + lead, (size_t)meta - lead),
                           SPAN("Content-Type: text/html; charset=utf-8\r\nContent-Encoding: br\r\n")));
    const char *text = buf_cstr(&out);
    assert_non_null(strstr(text, "Cache-Control: public, max-age=31536000, immutable\r\n"));
    assert_non_null(strstr(text, "Vary: Accept-Encoding\r\n"));
    assert_non_null(strstr(text, "Content-Security-Policy: default-src 'none'"));
    assert_non_null(strstr(text, "X-Content-Type-Options: nosniff\r\n"));
    buf_done(&out);
}

static void media_types(void **state)
{
    (void)state;
    assert_string_equal(media_type(SPAN("/a/b.html")), "text/html; charset=utf-8");
    assert_string_equal(media_type(SPAN("/cut/3/manifest")), "text/plain; charset=utf-8");
    assert_string_equal(media_type(SPAN("/x.csv")), "text/csv; charset=utf-8");
    assert_string_equal(media_type(SPAN("/x.csv.gz")), "application/gzip");
    assert_string_equal(media_type(SPAN("/log/tile/entries/000")), "application/octet-stream");
    assert_true(media_is_text("application/json"));
    assert_true(media_is_text("image/svg+xml"));
    assert_false(media_is_text("image/png"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_in_is_found),
        cmocka_unit_test(the_first_route_of_a_path_wins),
        cmocka_unit_test(tampered_blocks_lead_nowhere),
        cmocka_unit_test(heads_come_in_three_parts),
        cmocka_unit_test(media_types),
    };
    return cmocka_run_group_tests_name("edge_view", tests, NULL, NULL);
}

/* Requests in, heads out: routes, conditions, methods, refusals. The view is built by hand; no sockets. */
#include "edge/respond.h"

#include "edge/feed_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TAG "\"0123456789abcdef0123456789abcdef\""

static struct buf block;
static struct view_map view;
static struct worker_row row;
static struct edge_shelf shelf;
static struct buf out;
static struct reply reply;

static uint32_t rep_of(struct view_builder *builder, uint32_t object, const char *encoding, uint64_t length)
{
    struct head_plan plan = {.status = 200, .keep = KEEP_ENTRY, .type = "text/html; charset=utf-8"};
    plan.encoding = encoding;
    plan.vary = true;
    plan.ranges = true;
    plan.etag = SPAN(TAG);
    plan.length = length;
    return view_add_rep(builder, &plan, object, 1000);
}

static int set_up(void **state)
{
    (void)state;
    struct view_builder builder;
    const uint64_t key[2] = {5, 6};
    const struct view_facts facts = {.has_cut = 1};
    view_builder_init(&builder);
    uint32_t object = view_add_object(&builder, 1);
    uint32_t page[ENC_COUNT] = {rep_of(&builder, object, NULL, 500), rep_of(&builder, object, "gzip", 90),
                                rep_of(&builder, object, "br", 80)};
    struct head_plan none = {
        .status = 404, .keep = KEEP_BRIEF, .type = "text/html; charset=utf-8", .length = 44};
    uint32_t missing[ENC_COUNT] = {view_add_rep(&builder, &none, object, 2000), VIEW_NONE, VIEW_NONE};
    struct head_plan to = {.status = 308, .keep = KEEP_BRIEF, .location = SPAN("jg/")};
    uint32_t redirect[ENC_COUNT] = {view_add_rep(&builder, &to, VIEW_NONE, 0), VIEW_NONE, VIEW_NONE};
    view_add_route(&builder, SPAN("/"), page, ROUTE_RANGES);
    view_add_route(&builder, SPAN("/jg"), redirect, 0);
    view_add_route(&builder, SPAN(VIEW_NOT_FOUND), missing, 0);
    buf_init(&block, 0);
    view_print(&builder, &facts, key, &block);
    view_builder_done(&builder);
    assert_int_equal(view_open(buf_as_span(&block), &view, NULL), OK);
    shelf = (struct edge_shelf){.view = &view, .folder = -1, .row = &row};
    shelf.estado = SPAN("{}\n");
    shelf.caption = SPAN("<p>XJ4B");
    shelf.date = SPAN("Date: now\r\n");
    buf_init(&out, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_done(&block);
    buf_done(&out);
    return 0;
}

/* The head of the answer to a request line and fields. */
static const char *ask(const char *line, const char *fields)
{
    char text[512];
    static struct http1_request request;
    int status = 0;
    int len = snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: a\r\n%s\r\n", line, fields);
    assert_int_equal(http1_parse_request(span_of(text, (size_t)len), &request, &status, NULL), OK);
    buf_clear(&out);
    respond(&shelf, &request, &out, &reply);
    return buf_cstr(&out);
}

static bool says(const char *text)
{
    return strstr(buf_cstr(&out), text) != NULL;
}

static void pages(void **state)
{
    (void)state;
    ask("GET /", "");
    assert_true(says("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n") && says("Date: now\r\n\r\n"));
    assert_int_equal(reply.len, 500);
    assert_int_equal(reply.offset, 1000);
    assert_false(reply.close);
    ask("GET /?x=../../etc", "");
    assert_int_equal(reply.status, 200);
    ask("GET /", "Accept-Encoding: gzip, br\r\n");
    assert_true(says("Content-Encoding: br\r\n") && reply.len == 80);
    ask("GET /", "Accept-Encoding: gzip\r\nAccept-Encoding: br;q=0.5\r\n");
    assert_true(says("Content-Encoding: gzip\r\n") && reply.len == 90);
    ask("GET /", "Connection: close\r\n");
    assert_true(says("Connection: close\r\n") && reply.close);
}

static void head_is_get_without_the_body(void **state)
{
    (void)state;
    char get[2048];
    (void)snprintf(get, sizeof get, "%s", ask("GET /", ""));
    assert_string_equal(ask("HEAD /", ""), get);
    assert_int_equal(reply.len, 0);
}

static void conditions(void **state)
{
    (void)state;
    ask("GET /", "If-None-Match: " TAG "\r\n");
    assert_int_equal(reply.status, 304);
    assert_int_equal(reply.len, 0);
    assert_true(says("ETag: " TAG) && says("Cache-Control") && says("Vary") && !says("\r\nContent-Length") &&
                !says("\r\nContent-Type"));
    ask("GET /", "If-None-Match: \"other\"\r\nIf-None-Match: W/" TAG "\r\n");
    assert_int_equal(reply.status, 304);
    ask("GET /", "If-None-Match: \"other\"\r\n");
    assert_int_equal(reply.status, 200);
}

static void parts(void **state)
{
    (void)state;
    ask("GET /", "Range: bytes=10-19\r\n");
    assert_int_equal(reply.status, 206);
    assert_true(says("Content-Range: bytes 10-19/500\r\n") && says("Content-Length: 10\r\n"));
    assert_int_equal(reply.offset, 1010);
    assert_int_equal(reply.len, 10);
    ask("GET /", "Range: bytes=500-\r\n");
    assert_int_equal(reply.status, 416);
    assert_true(says("Content-Range: bytes */500\r\n") && reply.len == 0);
    ask("GET /", "Range: bytes=0-1\r\nIf-Range: \"other\"\r\n");
    assert_int_equal(reply.status, 200);
    ask("GET /", "Range: bytes=0-1\r\nIf-Range: " TAG "\r\n");
    assert_int_equal(reply.status, 206);
    ask("GET /", "Range: bytes=0-1\r\nIf-None-Match: " TAG "\r\n");
    assert_int_equal(reply.status, 304);
    ask("HEAD /", "Range: bytes=0-1\r\n");
    assert_int_equal(reply.status, 200);
}

static void redirects_are_relative(void **state)
{
    (void)state;
    ask("GET /jg", "");
    assert_int_equal(reply.status, 308);
    assert_true(says("HTTP/1.1 308 ") && says("Location: jg/\r\n"));
    ask("GET //evil.example/..", "");
    assert_int_equal(reply.status, 404);
    assert_false(says("Location"));
}

static void what_is_missing(void **state)
{
    (void)state;
    ask("GET /nope", "Range: bytes=0-1\r\nIf-None-Match: *\r\n");
    assert_int_equal(reply.status, 404);
    assert_true(says("HTTP/1.1 404 Not Found\r\nContent-Length: 44\r\n") && reply.len == 44);
    assert_false(reply.close);
    ask("GET /%20404", ""); /* the page's own name cannot be asked for */
    assert_int_equal(reply.status, 404);
    shelf.view = NULL;
    ask("GET /", "");
    assert_int_equal(reply.status, 503);
    assert_true(says("Retry-After: 5\r\n"));
    shelf.is_feed = true; /* a mirror looks before the first cut: that is nobody's error */
    ask("GET /latest.json", "");
    assert_int_equal(reply.status, 404);
    assert_true(says("Retry-After: 5\r\n"));
    shelf.is_feed = false;
    shelf.view = &view;
}

/* What follows from the view alone may be remembered; what may be there in a moment, or is a connection's last, may not. */
static void what_may_be_remembered(void **state)
{
    (void)state;
    ask("GET /nada", "");
    assert_int_equal(reply.status, 404);
    assert_true(span_starts(reply.formed, SPAN("HTTP/1.1 404 Not Found\r\n")));
    ask("GET /jg", "");
    assert_true(span_starts(reply.formed, SPAN("HTTP/1.1 308 ")));
    ask("GET /nada", "Connection: close\r\n");
    assert_null(reply.formed.at);
    shelf.folder = 1000; /* of none that is open */
    ask("GET /log/checkpoint", "");
    assert_int_equal(reply.status, 404);
    assert_null(reply.formed.at);
    shelf.folder = -1;
    ask("GET /", "If-None-Match: " TAG "\r\n");
    assert_null(reply.formed.at);
}

/* Heads of our own answers lie ready after the first: the same again, each its own, and of each plane its own. */
static void refusals_are_the_same_again(void **state)
{
    (void)state;
    static const int all[] = {400, 408, 414, 431, 501, 503, 505};
    char first[sizeof all / sizeof *all][1024];
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
            char line[32];
            buf_clear(&out);
            respond_error(&shelf, all[i], &out, &reply);
            (void)snprintf(line, sizeof line, "HTTP/1.1 %d ", all[i]);
            assert_true(span_starts(buf_as_span(&out), span_str(line)));
            assert_true(says("Connection: close\r\n\r\n") && says("Access-Control-Allow-Origin: *\r\n"));
            if (round == 0) {
                (void)snprintf(first[i], sizeof first[i], "%s", buf_cstr(&out));
            }
            assert_string_equal(buf_cstr(&out), first[i]);
        }
    }
    buf_clear(&out);
    respond_busy(&shelf, &out, &reply);
    assert_true(says("Retry-After: 30\r\n"));
    shelf.is_site = true;
    buf_clear(&out);
    respond_error(&shelf, 400, &out, &reply);
    assert_false(says("Access-Control-Allow-Origin"));
    shelf.is_site = false;
    ask("POST /", "");
    assert_true(says("HTTP/1.1 405 ") && says("Allow: GET, HEAD, OPTIONS\r\n"));
}

static void estado(void **state)
{
    (void)state;
    ask("GET /estado?t=1", "");
    assert_true(says("Cache-Control: no-store\r\n") && says("application/json") && says("\r\n\r\n{}\n"));
    ask("HEAD /estado", "");
    assert_false(says("{}"));
    assert_true(says("Content-Length: 3\r\n"));
}

static void methods_and_bodies(void **state)
{
    (void)state;
    ask("POST /", "Content-Length: 5\r\n");
    assert_int_equal(reply.status, 405);
    assert_true(says("Allow: GET, HEAD, OPTIONS\r\n") && reply.close);
    ask("DELETE /", "");
    assert_int_equal(reply.status, 405);
    assert_false(reply.close);
    ask("GET /", "Content-Length: 5\r\n");
    assert_int_equal(reply.status, 413);
    assert_true(reply.close);
    ask("GET /", "Transfer-Encoding: chunked\r\n");
    assert_int_equal(reply.status, 413);
    ask("GET /", "Content-Length: 0\r\n");
    assert_int_equal(reply.status, 200);
    assert_false(reply.close);
    ask("OPTIONS *", "");
    assert_int_equal(reply.status, 204);
    assert_true(says("Access-Control-Allow-Methods") && says("Access-Control-Allow-Origin: *") &&
                !says("Content-Length"));
}

static void hostile_paths(void **state)
{
    (void)state;
    static const char *const lines[] = {"GET /../x",  "GET /%2e%2e/x", "GET /a%00",
                                        "GET /a%2fb", "GET /a\\b",     "GET /%"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        ask(lines[i], "");
        assert_int_equal(reply.status, 400);
        assert_true(reply.close);
    }
}

static void paths_that_come_from_the_folder(void **state)
{
    (void)state;
    enum keep_class keep;
    char path[128];
    static const char hex[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    (void)snprintf(path, sizeof path, "/acta/%s.jpg", hex);
    assert_string_equal(disk_type(span_str(path), &keep), "image/jpeg");
    assert_int_equal(keep, KEEP_FOREVER);
    (void)snprintf(path, sizeof path, "/acta/%s.png", hex);
    assert_string_equal(disk_type(span_str(path), &keep), "image/png");
    assert_non_null(disk_type(SPAN("/log/tile/entries/x001/234"), &keep));
    assert_int_equal(keep, KEEP_FOREVER);
    assert_non_null(disk_type(SPAN("/log/tile/entries/x001/234.p/17"), &keep));
    assert_int_equal(keep, KEEP_FOREVER);
    assert_non_null(disk_type(SPAN("/cut/3/manifest"), &keep));
    assert_non_null(disk_type(SPAN("/cut/3/manifest.minisig"), &keep));
    assert_non_null(disk_type(SPAN("/log/tile/0/x001/234"), &keep));
    assert_string_equal(disk_type(SPAN("/log/cut-12.tlog-proof"), &keep), "text/plain; charset=utf-8");
    assert_int_equal(keep, KEEP_FOREVER);
    assert_non_null(disk_type(SPAN("/log/evidence/0123456789abcdef.checkpoint"), &keep));
    assert_string_equal(disk_type(SPAN("/log/vkey"), &keep), "text/plain; charset=utf-8");
    assert_int_equal(keep, KEEP_KEY);
    assert_non_null(disk_type(SPAN("/log/checkpoint"), &keep));
    assert_int_equal(keep, KEEP_POINTER);
    static const char *const others[] = {
        "/log/tile/",
        "/log/tile/000",
        "/log/tile/123/000",
        "/log/tile/../x",
        "/log/tile/0/",
        "/log/checkpoint/",
        "/acta/../x.jpg",
        "/acta/0123.jpg",
        "/log/tile/entries/",
        "/log/tile/entries/..",
        "/log/tile/entries/a",
        "/cut/3/index.html",
        "/cut//manifest",
        "/cut/x/manifest",
        "/log/cut.vkey",
        "/log/cut-.tlog-proof",
        "/log/evidence/0123456789abcde.checkpoint",
        "/log/evidence/0123456789abcdeg.checkpoint",
        "/log/evidence/.checkpoint",
        "/log/cut-1.tlog-prooff",
        "/log/cut-x.tlog-proof",
        "/log/cut-1/.tlog-proof",
        "/log/cut-12345678901.tlog-proof",
        "/keys/cut.key",
        "/",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_null(disk_type(span_str(others[i]), &keep));
    }
}

static void feed_states(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum feed_state want;
        int64_t age_s;
    } rows[] = {
        {"ok 1970-01-01T00:00:10Z\n", FEED_OK, 90},
        {"lost 1970-01-01T00:01:00Z\n", FEED_LOST, 40},
        {"lost -\n", FEED_LOST, 0},
        {"conflict 1970-01-01T00:01:00Z\n", FEED_CONFLICT, 40},
        {"ok 1970-01-01T01:00:00Z\n", FEED_OK, 0},
        {"", FEED_LOST, 0},
        {"okay 1970-01-01T00:00:10Z\n", FEED_LOST, 90},
        {"\n\n", FEED_LOST, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum feed_state got;
        int64_t age_s;
        feed_state_parse(span_str(rows[i].text), 100000, &got, &age_s);
        assert_int_equal(got, rows[i].want);
        assert_int_equal(age_s, rows[i].age_s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages),
        cmocka_unit_test(head_is_get_without_the_body),
        cmocka_unit_test(conditions),
        cmocka_unit_test(parts),
        cmocka_unit_test(redirects_are_relative),
        cmocka_unit_test(what_is_missing),
        cmocka_unit_test(what_may_be_remembered),
        cmocka_unit_test(refusals_are_the_same_again),
        cmocka_unit_test(estado),
        cmocka_unit_test(methods_and_bodies),
        cmocka_unit_test(hostile_paths),
        cmocka_unit_test(paths_that_come_from_the_folder),
        cmocka_unit_test(feed_states),
    };
    return cmocka_run_group_tests_name("edge_respond", tests, set_up, tear_down);
}

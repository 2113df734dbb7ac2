/* What is remembered of requests: the very bytes, from the very view, and only after the second time. */
#include "edge/memo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct memo memo;
static struct view_top tops[2] = {{.key = {11, 12}}, {.key = {21, 22}}};
static const struct view_map views[2] = {{.top = &tops[0]}, {.top = &tops[1]}};
static const char head[] = "GET /cut/7/x.html HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\n\r\n";

static int set_up(void **state)
{
    (void)state;
    memset(&memo, 0, sizeof memo);
    return 0;
}

static void keep(const struct view_map *view, struct span bytes, uint64_t len)
{
    static struct http1_request request;
    int status = 0;
    struct reply reply = {
        .status = 200, .object = 3, .offset = 40, .len = len, .formed = SPAN("HTTP/1.1 200 OK\r\n")};
    assert_int_equal(http1_parse_request(bytes, &request, &status, NULL), OK);
    memo_keep(&memo, view, bytes, &request, &reply);
}

static void the_second_time(void **state)
{
    (void)state;
    struct span bytes = span_str(head);
    assert_null(memo_find(&memo, &views[0], bytes));
    keep(&views[0], bytes, 5);
    assert_null(memo_find(&memo, &views[0], bytes));
    keep(&views[0], bytes, 5);
    const struct memo_entry *known = memo_find(&memo, &views[0], bytes);
    assert_non_null(known);
    assert_int_equal(known->object, 3);
    assert_int_equal(known->offset, 40);
    assert_int_equal(known->body_len, 5);
    assert_int_equal(known->status, 200);
    assert_int_equal(known->n_fields, 2);
    assert_int_equal(known->method, HTTP_GET);
    assert_memory_equal(known->head + known->target_at, "/cut/7/x.html", known->target_len);
}

static void of_its_view_alone(void **state)
{
    (void)state;
    struct span bytes = span_str(head);
    keep(&views[0], bytes, 5);
    keep(&views[0], bytes, 5);
    assert_null(memo_find(&memo, &views[1], bytes));
    assert_null(memo_find(&memo, NULL, bytes));
    keep(&views[1], bytes, 9);
    assert_int_equal(memo_find(&memo, &views[1], bytes)->body_len, 9);
    assert_null(memo_find(&memo, &views[0], bytes));
}

static void every_byte_counts(void **state)
{
    (void)state;
    char other[sizeof head];
    keep(&views[0], span_str(head), 5);
    keep(&views[0], span_str(head), 5);
    for (size_t i = 0; i < sizeof head - 1; i++) {
        memcpy(other, head, sizeof head);
        other[i] ^= 1;
        assert_null(memo_find(&memo, &views[0], span_of(other, sizeof head - 1)));
    }
    for (size_t len = 0; len < sizeof head - 1; len++) {
        assert_null(memo_find(&memo, &views[0], span_of(head, len)));
    }
    /* two requests together are two requests */
    char two[2 * sizeof head] = "";
    strcat(strcat(two, head), head);
    assert_null(memo_find(&memo, &views[0], span_str(two)));
}

static void what_was_made_at_the_moment_is_not_kept(void **state)
{
    (void)state;
    static struct http1_request request;
    int status = 0;
    struct reply reply = {.status = 200, .object = VIEW_NONE, .fd = 7};
    assert_int_equal(http1_parse_request(span_str(head), &request, &status, NULL), OK);
    for (int i = 0; i < 3; i++) {
        memo_keep(&memo, &views[0], span_str(head), &request, &reply);
    }
    assert_null(memo_find(&memo, &views[0], span_str(head)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_second_time, set_up),
        cmocka_unit_test_setup(of_its_view_alone, set_up),
        cmocka_unit_test_setup(every_byte_counts, set_up),
        cmocka_unit_test_setup(what_was_made_at_the_moment_is_not_kept, set_up),
    };
    return cmocka_run_group_tests_name("edge_memo", tests, NULL, NULL);
}

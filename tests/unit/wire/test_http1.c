/* HTTP/1 by named vectors: each whole, and fed in pieces split at every byte. */
#include "vectors.h"
#include "wire/http1.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void body_word(char *out, size_t size, enum http1_body body, uint64_t length, const char *none)
{
    if (body == HTTP1_BODY_LENGTH) {
        (void)snprintf(out, size, "length=%llu", (unsigned long long)length);
    } else {
        (void)snprintf(out, size, "%s", body == HTTP1_BODY_CHUNKED ? "chunked" : none);
    }
}

static enum err judge_request(struct span bytes, char *out, size_t size)
{
    static struct http1_request request;
    int status = 0;
    struct why why = {0};
    enum err err = http1_parse_request(bytes, &request, &status, &why);
    char body[40];
    if (err == OK) {
        body_word(body, sizeof body, request.body, request.content_length, "none");
        (void)snprintf(out, size, "ok,%.*s,%s,%s", SPAN_ARG(request.target),
                       request.keep_alive ? "keep" : "close", body);
        assert_true(request.head_len <= bytes.len);
        assert_memory_equal(bytes.at + request.head_len - 4, "\r\n\r\n", 4);
    } else if (err == ERR_AGAIN) {
        (void)snprintf(out, size, "again");
    } else {
        (void)snprintf(out, size, "%d", status);
        assert_true(why.text[0] != 0);
    }
    return err;
}

static enum err judge_response(struct span bytes, char *out, size_t size)
{
    static struct http1_response response;
    struct why why = {0};
    enum err err = http1_parse_response(bytes, &response, &why);
    char body[40];
    if (err == OK) {
        body_word(body, sizeof body, response.body, response.content_length, "until-close");
        assert_int_equal(response.until_close, response.body == HTTP1_BODY_NONE);
        (void)snprintf(out, size, "ok,%d,%s,%s", response.status, response.keep_alive ? "keep" : "close",
                       body);
    } else {
        (void)snprintf(out, size, "%s", err == ERR_AGAIN ? "again" : "bad");
    }
    return err;
}

typedef enum err (*head_judge)(struct span bytes, char *out, size_t size);

/* Every piece from the start is either not enough or has the verdict of the whole. */
static void check_head(const struct vector *vector, head_judge judge)
{
    char verdict[128];
    struct span whole = buf_as_span(&vector->bytes);
    (void)judge(whole, verdict, sizeof verdict);
    if (strcmp(verdict, vector->verdict) != 0) {
        fail_msg("%s: %s, not %s", vector->name, verdict, vector->verdict);
    }
    for (size_t len = 0; len < whole.len; len++) {
        char part[128];
        if (judge(span_of(whole.at, len), part, sizeof part) != ERR_AGAIN && strcmp(part, verdict) != 0) {
            fail_msg("%s: %s after %zu bytes, %s whole", vector->name, part, len, verdict);
        }
    }
}

static void request_vector(const struct vector *vector)
{
    check_head(vector, judge_request);
}

static void response_vector(const struct vector *vector)
{
    check_head(vector, judge_response);
}

static enum err feed(const struct vector *vector, size_t split, struct buf *out, size_t *taken)
{
    struct http1_chunked chunked = {0};
    struct span whole = buf_as_span(&vector->bytes);
    size_t used = 0;
    enum err err = http1_chunked_feed(&chunked, span_of(whole.at, split), &used, out);
    *taken = used;
    if (err != ERR_AGAIN) {
        return err;
    }
    assert_int_equal(used, split);
    err = http1_chunked_feed(&chunked, span_from(whole, split), &used, out);
    *taken += used;
    return err;
}

static void chunked_vector(const struct vector *vector)
{
    size_t taken_whole = 0;
    for (size_t split = 0; split <= vector->bytes.len; split++) {
        struct buf body;
        buf_init(&body, 100);
        size_t taken = 0;
        enum err err = feed(vector, split, &body, &taken);
        const char *verdict = err == OK ? "ok=" : err == ERR_AGAIN ? "again" : "bad";
        char text[160];
        (void)snprintf(text, sizeof text, "%s%s", verdict, err == OK ? buf_cstr(&body) : "");
        if (strcmp(text, vector->verdict) != 0) {
            fail_msg("%s split at %zu: %s, not %s", vector->name, split, text, vector->verdict);
        }
        taken_whole = split == 0 ? taken : taken_whole;
        assert_int_equal(taken, taken_whole);
        buf_done(&body);
    }
}

static void requests(void **state)
{
    (void)state;
    assert_true(vectors_each("tests/vectors/http1/request.txt", request_vector) > 120);
}

static void responses(void **state)
{
    (void)state;
    assert_true(vectors_each("tests/vectors/http1/response.txt", response_vector) > 20);
}

static void chunked_bodies(void **state)
{
    (void)state;
    assert_true(vectors_each("tests/vectors/http1/chunked.txt", chunked_vector) > 25);
}

static void left_over_bytes_stay(void **state)
{
    (void)state;
    struct http1_chunked chunked = {0};
    struct buf body;
    buf_init(&body, 0);
    size_t used = 0;
    assert_int_equal(http1_chunked_feed(&chunked, SPAN("1\r\na\r\n0\r\n\r\nGET /"), &used, &body), OK);
    assert_int_equal(used, 11);
    assert_int_equal(http1_chunked_feed(&chunked, SPAN("GET /"), &used, &body), OK);
    assert_int_equal(used, 0);
    assert_int_equal(body.len, 1);
    buf_done(&body);
}

static void fields_are_found_in_any_case(void **state)
{
    (void)state;
    static struct http1_request request;
    int status = 0;
    struct span head = SPAN("GET / HTTP/1.1\r\nhOsT: a\r\nX-One:  first \r\nx-one: second\r\n\r\n");
    assert_int_equal(http1_parse_request(head, &request, &status, NULL), OK);
    assert_true(span_is(http1_field(request.fields, request.n_fields, "x-one"), "first"));
    assert_true(span_is(http1_field(request.fields, request.n_fields, "Host"), "a"));
    assert_null(http1_field(request.fields, request.n_fields, "x-on").at);
    assert_int_equal(request.n_fields, 3);
}

static void status_lines_and_dates(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 0);
    http1_status_line(&out, 404);
    http1_date(&out, INT64_C(1811728800000) + 999);
    http1_date(&out, 0);
    assert_string_equal(buf_cstr(&out), "HTTP/1.1 404 Not Found\r\n"
                                        "Mon, 31 May 2027 02:00:00 GMT"
                                        "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_string_equal(http1_reason(299), "Unknown");
    buf_done(&out);
}

/* The verdict on `before`, `len` letters with one byte among them and perhaps a tab before it, `after`. */
static bool accepts(const char *before, size_t len, size_t at, int c, bool tab, const char *after)
{
    static struct http1_request request;
    char text[160];
    size_t start = strlen(before);
    assert_true(start + len + strlen(after) <= sizeof text);
    memcpy(text, before, start);
    memset(text + start, 'g', len);
    if (tab) {
        text[start + at / 2] = '\t';
    }
    text[start + at] = (char)c;
    memcpy(text + start + len, after, strlen(after));
    int status = 0;
    return http1_parse_request(span_of(text, start + len + strlen(after)), &request, &status, NULL) == OK;
}

/* What may stand in a target and in a value is the same in every place, however many bytes are looked at together. */
static void every_byte_in_every_place(void **state)
{
    (void)state;
    static const char field[] = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    for (size_t len = 1; len <= 40; len++) {
        for (size_t at = 0; at < len; at++) {
            for (int c = 0; c < 256; c++) {
                bool in_target = c > 0x20 && c < 0x7f && c != '#';
                bool in_value = c == '\t' || (c >= 0x20 && c != 0x7f);
                assert_int_equal(accepts("GET /", len, at, c, false, " HTTP/1.1\r\nHost: a\r\n\r\n"),
                                 in_target);
                assert_int_equal(accepts(field, len, at, c, false, "\r\n\r\n"), in_value);
                assert_int_equal(accepts(field, len, at, c, true, "\r\n\r\n"), in_value);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(responses),
        cmocka_unit_test(chunked_bodies),
        cmocka_unit_test(left_over_bytes_stay),
        cmocka_unit_test(fields_are_found_in_any_case),
        cmocka_unit_test(every_byte_in_every_place),
        cmocka_unit_test(status_lines_and_dates),
    };
    return cmocka_run_group_tests_name("wire_http1", tests, NULL, NULL);
}

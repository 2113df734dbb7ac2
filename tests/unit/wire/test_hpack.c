/* HPACK with the examples of RFC 7541, appendix C; frames by their rules. */
#include "base/codec.h"
#include "wire/h2_frame.h"
#include "wire/hpack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct hpack_list list;

static struct span bytes_of(const char *hex)
{
    static uint8_t room[512];
    size_t len = strlen(hex) / 2;
    assert_int_equal(hex_parse(span_str(hex), room, len), OK);
    return span_of((const char *)room, len);
}

/* "name: value" lines of what was decoded. */
static void expect(struct hpack_table *table, const char *hex, const char *lines)
{
    struct buf text;
    buf_init(&text, 0);
    assert_int_equal(hpack_decode(table, bytes_of(hex), &list), OK);
    for (uint32_t i = 0; i < list.n; i++) {
        buf_printf(&text, "%.*s: %.*s\n", SPAN_ARG(list.fields[i].name), SPAN_ARG(list.fields[i].value));
    }
    assert_string_equal(buf_cstr(&text), lines);
    buf_done(&text);
}

/* C.3 and C.4: three requests on one connection, plain and Huffman-coded. */
static void requests(void **state)
{
    (void)state;
    static const char *const coded[2][3] = {{"828684410f7777772e6578616d706c652e636f6d",
                                             "828684be58086e6f2d6361636865",
                                             "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565"},
                                            {"828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf",
                                             "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"}};
    for (int i = 0; i < 2; i++) {
        struct hpack_table table;
        hpack_init(&table);
        expect(&table, coded[i][0], ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\n");
        assert_int_equal(table.size, 57);
        expect(
            &table, coded[i][1],
            ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\ncache-control: no-cache\n");
        assert_int_equal(table.size, 110);
        expect(&table, coded[i][2],
               ":method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\ncustom-key: "
               "custom-value\n");
        assert_int_equal(table.size, 164);
        hpack_done(&table);
    }
}

/* C.5: a table of 256 bytes, from which entries fall. */
static void eviction(void **state)
{
    (void)state;
    struct hpack_table table;
    hpack_init(&table);
    table.limit = 256;
    expect(
        &table,
        "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e17687474"
        "70733a2f2f7777772e6578616d706c652e636f6d",
        ":status: 302\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\nlocation: "
        "https://www.example.com\n");
    assert_int_equal(table.size, 222);
    expect(&table, "4803333037c1c0bf",
           ":status: 307\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\nlocation: "
           "https://www.example.com\n");
    assert_int_equal(table.size, 222);
    assert_int_equal(table.n, 4);
    hpack_done(&table);
}

static void refusals(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "80",                               /* index 0 */
        "be",                               /* past the table */
        "8220",                             /* size update after a field */
        "3fe21f",                           /* and above the setting */
        "0085f2b24a84ff84",                 /* ends in the middle */
        "ffffffffffffff0f",                 /* an integer without end */
        "0085f2b24a84ff8449509fff",         /* padding of 8 ones */
        "0085f2b24a84ff83495090",           /* padding of zeros */
        "0085f2b24a84ff8849509ffffffffa7f", /* the end of string */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct hpack_table table;
        hpack_init(&table);
        assert_int_equal(hpack_decode(&table, bytes_of(wrong[i]), &list), ERR_SYNTAX);
        hpack_done(&table);
    }
}

/* What we print, we read. */
static void answers(void **state)
{
    (void)state;
    struct hpack_table table;
    struct buf out;
    char value[301];
    memset(value, 'v', 300);
    value[300] = '\0';
    hpack_init(&table);
    buf_init(&out, 0);
    hpack_put_status(&out, 200);
    hpack_put_status(&out, 431);
    hpack_put(&out, SPAN("content-type"), SPAN("text/html"));
    hpack_put(&out, SPAN("repr-digest"), span_str(value));
    assert_int_equal(hpack_decode(&table, buf_as_span(&out), &list), OK);
    assert_int_equal(list.n, 4);
    assert_true(span_is(list.fields[0].value, "200") && span_is(list.fields[1].value, "431"));
    assert_true(span_is(list.fields[2].name, "content-type") && span_is(list.fields[3].value, value));
    assert_int_equal(table.n, 0);
    buf_done(&out);
    hpack_done(&table);
}

/* Every byte alone and between others, and RFC 7541 C.4.1's host as it codes it. */
static void huffman(void **state)
{
    (void)state;
    struct buf coded;
    buf_init(&coded, 0);
    hpack_huffman_put(&coded, SPAN("www.example.com"));
    assert_true(span_equal(buf_as_span(&coded), bytes_of("f1e3c2e5f23a6ba0ab90f4ff")));
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t place = 0; place < 9; place++) {
            char text[9] = "aZ0~ x;/";
            char back[16];
            size_t len = 0;
            text[place] = (char)byte;
            struct span whole = span_of(text, place + 1);
            buf_clear(&coded);
            hpack_huffman_put(&coded, whole);
            assert_int_equal(coded.len, hpack_huffman_len(whole));
            assert_int_equal(hpack_huffman(buf_as_span(&coded), back, sizeof back, &len), OK);
            assert_true(span_equal(span_of(back, len), whole));
            assert_int_equal(hpack_huffman(buf_as_span(&coded), back, place, &len), ERR_TOO_BIG);
        }
    }
    buf_done(&coded);
}

static void frames(void **state)
{
    (void)state;
    static const struct {
        struct h2_head head;
        enum h2_error error;
    } rows[] = {
        {{.len = H2_FRAME_MAX, .type = H2_DATA, .stream = 1}, H2_NO_ERROR},
        {{.len = H2_FRAME_MAX + 1, .type = H2_DATA, .stream = 1}, H2_FRAME_SIZE_ERROR},
        {{.len = 1, .type = H2_DATA}, H2_PROTOCOL_ERROR},
        {{.len = 6, .type = H2_SETTINGS}, H2_NO_ERROR},
        {{.len = 5, .type = H2_SETTINGS}, H2_FRAME_SIZE_ERROR},
        {{.len = 6, .type = H2_SETTINGS, .flags = H2_ACK}, H2_FRAME_SIZE_ERROR},
        {{.len = 8, .type = H2_PING, .stream = 1}, H2_PROTOCOL_ERROR},
        {{.len = 4, .type = H2_WINDOW_UPDATE}, H2_NO_ERROR},
        {{.len = 3, .type = H2_RST_STREAM, .stream = 1}, H2_FRAME_SIZE_ERROR},
        {{.len = 3, .type = 200}, H2_NO_ERROR},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(h2_head_check(&rows[i].head), rows[i].error);
    }
    struct buf out;
    buf_init(&out, 0);
    h2_head_put(&out, 0x123456, H2_DATA, H2_END_STREAM, 0x7fffffff);
    struct h2_head head = h2_head_parse(out.at);
    assert_true(head.len == 0x123456 && head.stream == 0x7fffffff && head.flags == H2_END_STREAM);
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests), cmocka_unit_test(eviction), cmocka_unit_test(refusals),
        cmocka_unit_test(answers),  cmocka_unit_test(huffman),  cmocka_unit_test(frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

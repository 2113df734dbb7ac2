/* Segments of hits: what is printed is read back; every other byte is refused. Hostile segments by name, each made from a
 * good one by one change, its check put right so that the rule itself is what speaks. */
#include "doors/hits.h"

#include "seal/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = HITS_HEAD_BYTES, WORDS = BLOCK + 312 };

static const struct hits_word words[] = {
    {HITS_PLANE, 0, {"site", 4}},  {HITS_PROTOCOL, 0, {"http1", 5}},  {HITS_METHOD, 1, {"GET", 3}},
    {HITS_PATH, 0, {"entry", 5}},  {HITS_DECISION, 0, {"served", 6}}, {HITS_DECISION, 1, {"refused", 7}},
    {HITS_REASON, 0, {"none", 4}}, {HITS_HTTP, 1, {"h1.1;n=3", 8}},
};

static void address(uint8_t out[16], uint8_t c, uint8_t d)
{
    const uint8_t begin[16] = {[10] = 0xff, [11] = 0xff, [12] = 127, [14] = c, [15] = d};
    memcpy(out, begin, 16);
}

static void make(struct buf *out, int blocks)
{
    const struct hits_head head = {.opened_ms = 1000, .offset_ms = -7, .error_us = 12, .name = "site"};
    struct hits_row rows[2] = {{.bits = 120, .requests = 2, .cost_ns = 30, .bytes = 5},
                               {.bits = 128, .refused = 1, .requests = 1, .cost_ns = 10}};
    struct hit hits[2] = {{.time_ms = 1500,
                           .bytes = 5,
                           .cost_ns = 20,
                           .rate = 2,
                           .source_port = 9,
                           .dest_port = 80,
                           .status = 200},
                          {.time_ms = 1600, .number = 2, .cost_ns = 10, .rate = 2, .status = 0}};
    struct hits_block block = {.from_ms = 1000, .to_ms = 2000, .rate = 2, .words = words, .rows = rows};
    block.totals = (struct hits_totals){.seen = 3, .lost = 4, .cost_ns = 40, .bytes = 5};
    block.totals.by_decision[0] = 2;
    block.totals.by_decision[1] = 1;
    block.totals.by_status[0] = 1;
    block.totals.by_status[2] = 2;
    block.totals.by_cost[4] = 3;
    block.records = hits;
    block.n_rows = 2;
    block.n_records = 2;
    address(rows[0].net, 1, 0);
    address(rows[1].net, 2, 9);
    address(hits[0].source, 1, 7);
    address(hits[1].source, 2, 9);
    hits[0].id[HITS_METHOD] = hits[1].id[HITS_METHOD] = 1;
    hits[0].id[HITS_HTTP] = 1;
    hits[1].id[HITS_DECISION] = 1;
    hits_head_print(&head, out);
    for (int i = 0; i < blocks; i++) {
        block.n_words = i == 0 ? sizeof words / sizeof *words : 0;
        hits_block_print(&block, out);
        block.from_ms = block.to_ms;
        block.to_ms += 1000;
    }
}

static void test_print_and_read(void **state)
{
    (void)state;
    static struct hits_reader reader;
    struct hits_view view;
    struct why why = {{0}};
    struct buf out;
    buf_init(&out, 0);
    make(&out, 2);
    assert_int_equal(hits_open(&reader, buf_as_span(&out), &why), OK);
    assert_int_equal(reader.head.offset_ms, -7);
    assert_string_equal(reader.head.name, "site");
    assert_int_equal(hits_next(&reader, &view, &why), OK);
    assert_int_equal(view.totals.lost, 4);
    assert_int_equal(view.totals.by_cost[4], 3);
    assert_int_equal(hits_row_at(&view, 0).requests, 2);
    assert_int_equal(hits_row_at(&view, 1).bits, 128);
    struct hit hit = hits_record_at(&view, 0);
    assert_int_equal(hit.source_port, 9);
    assert_int_equal(hit.dest_port, 80);
    assert_int_equal(hit.rate, 2);
    assert_int_equal(hit.source[15], 7);
    assert_true(span_is(hits_name(&reader, HITS_HTTP, hit.id[HITS_HTTP]), "h1.1;n=3"));
    assert_true(
        span_is(hits_name(&reader, HITS_DECISION, hits_record_at(&view, 1).id[HITS_DECISION]), "refused"));
    assert_true(span_is(hits_name(&reader, HITS_TLS, 0), "-"));
    assert_int_equal(hits_next(&reader, &view, &why), OK);
    assert_int_equal(view.from_ms, 2000);
    assert_int_equal(hits_next(&reader, &view, &why), ERR_MISSING);
    buf_done(&out);
}

/* Whatever is cut off, the blocks before it are read and the rest is "not yet". */
static void test_torn_end(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 0);
    make(&out, 2);
    size_t block = (out.len - HITS_HEAD_BYTES);
    for (size_t len = 0; len < out.len; len++) {
        static struct hits_reader reader;
        struct hits_view view;
        enum err err = hits_open(&reader, span_of(out.at, len), NULL);
        int n = 0;
        while (err == OK && (err = hits_next(&reader, &view, NULL)) == OK) {
            n++;
        }
        assert_true(err == ERR_AGAIN || (err == ERR_MISSING && (n == 1 || len == HITS_HEAD_BYTES)));
        assert_true(n <= 1);
    }
    assert_true(block > 0);
    buf_done(&out);
}

/* Every single byte of the block counts: the check covers it, or the length does. */
static void test_every_byte_counts(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 0);
    make(&out, 1);
    for (size_t i = 0; i < out.len; i++) {
        static struct hits_reader reader;
        struct hits_view view;
        bool free_number = i >= 16 && i < 36; /* moments and error of the head say what they say */
        bool name = i >= 40 && i < 44;
        out.at[i] ^= 1;
        enum err err = hits_open(&reader, buf_as_span(&out), NULL);
        err = err == OK ? hits_next(&reader, &view, NULL) : err;
        assert_true(err != OK || free_number || name);
        out.at[i] ^= 1;
    }
    buf_done(&out);
}

struct change {
    const char *name;
    size_t at; /* in the segment */
    uint8_t byte;
    const char *says;
};

static size_t words_len(void)
{
    size_t len = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        len += 4 + words[i].text.len;
    }
    return len;
}

static void test_hostile(void **state)
{
    (void)state;
    size_t rows = WORDS + words_len();
    size_t records = rows + 2 * HITS_ROW_BYTES;
    const struct change changes[] = {
        {"ends before it begins", BLOCK + 17, 0, "before the one before"},
        {"seen more than the rows", BLOCK + 24, 4, "add up"},
        {"cost that no row has", BLOCK + 40, 41, "add up"},
        {"a decision too many", BLOCK + 56, 3, "add up"},
        {"a status too many", BLOCK + 120, 2, "add up"},
        {"a cost class too many", BLOCK + 168 + 4, 1, "add up"},
        {"more words than there are", BLOCK + 296, 200, "y"},
        {"more rows than there are", BLOCK + 300, 3, "longer or shorter"},
        {"more records than there are", BLOCK + 304, 3, "rate"},
        {"rate of zero", BLOCK + 308, 0, "rate"},
        {"rate of three", BLOCK + 308, 3, "rate"},
        {"kind that is none", WORDS, HITS_KINDS, "dictionary"},
        {"id past the table", WORDS + 3, 2, "dictionary"},
        {"control byte in a name", WORDS + 4, '\n', "dictionary"},
        {"ids out of order", WORDS, HITS_TLS, "out of order"},
        {"host bits in a network", rows + 15, 1, "bits after"},
        {"network of 129 bits", rows + 16, 129, "bits after"},
        {"byte beside the bits", rows + 18, 1, "bits after"},
        {"networks out of order", rows + 14, 3, "out of order"},
        {"row of nobody", rows + 24, 0, "nobody"},
        {"row that refuses more than came", rows + 20, 3, "refuses"},
        {"sum that wraps", rows + 31, 255, "add up"},
        {"record of another rate", records + 52, 1, "another rate"},
        {"status of no class", records + 61, 9, "status"},
        {"method that nobody named", records + 68, 7, "dictionary"},
        {"fingerprint that nobody named", records + 64, 2, "dictionary"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        static struct hits_reader reader;
        struct hits_view view;
        struct why why = {{0}};
        struct buf out;
        uint8_t check[DIGEST_LEN];
        buf_init(&out, 0);
        make(&out, 1);
        out.at[changes[i].at] = (char)changes[i].byte;
        digest_of(span_of(out.at + BLOCK, out.len - BLOCK - 8), check);
        memcpy(out.at + out.len - 8, check, 8);
        assert_int_equal(hits_open(&reader, buf_as_span(&out), &why), OK);
        enum err err = hits_next(&reader, &view, &why);
        if (err == OK || err == ERR_MISSING || err == ERR_AGAIN ||
            strstr(why.text, changes[i].says) == NULL) {
            fail_msg("%s: %s \"%s\"", changes[i].name, err_name(err), why.text);
        }
        buf_done(&out);
    }
}

static void test_cost_classes(void **state)
{
    (void)state;
    assert_int_equal(hits_cost_class(0), 0);
    assert_int_equal(hits_cost_class(1), 1);
    assert_int_equal(hits_cost_class(1023), 10);
    assert_int_equal(hits_cost_class(1024), 11);
    assert_int_equal(hits_cost_class(UINT32_MAX), HITS_COSTS - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print_and_read),    cmocka_unit_test(test_torn_end),
        cmocka_unit_test(test_every_byte_counts), cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_cost_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

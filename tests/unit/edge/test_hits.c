/* The ring: nothing is lost while it is read, an overrun is counted and never read half. The book: exact rows and a bounded,
 * even sample. */
#include "edge/hits_book.h"
#include "edge/hits_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct hits_slot slots[HITS_RING];

static struct hits_ring *open_ring(struct hits_pen *pen)
{
    struct hits_ring *ring = NULL;
    int fd = hits_ring_new();
    assert_true(fd >= 0);
    assert_int_equal(hits_pen_open(pen, fd, NULL), OK);
    assert_int_equal(hits_ring_map(fd, false, &ring, NULL), OK);
    return ring;
}

static void write_some(struct hits_pen *pen, uint64_t from, uint64_t n)
{
    struct conn conn = {.port = 9};
    for (uint64_t i = 0; i < n; i++) {
        struct finished finished = {.conn = &conn, .reason = COUNTERS, .bytes = from + i, .status = 200};
        hits_pen_write(pen, &finished, hits_path_of(finished.target));
    }
}

static void test_ring(void **state)
{
    (void)state;
    struct hits_pen pen;
    const struct hits_ring *ring = open_ring(&pen);
    uint64_t at = 0, lost = 0;
    assert_int_equal(hits_ring_read(ring, &at, slots, HITS_RING, &lost), 0);
    write_some(&pen, 0, HITS_HANDFUL - 1);
    assert_int_equal(hits_ring_read(ring, &at, slots, HITS_RING, &lost), 0); /* not yet published */
    hits_pen_flush(&pen);
    assert_int_equal(hits_ring_read(ring, &at, slots, HITS_RING, &lost), HITS_HANDFUL - 1);
    assert_int_equal(slots[HITS_HANDFUL - 2].bytes, HITS_HANDFUL - 2);
    uint64_t next = HITS_HANDFUL - 1;
    for (int i = 0; i < 40; i++, next += 1000) {
        write_some(&pen, next, 1000);
        hits_pen_flush(&pen);
        assert_int_equal(hits_ring_read(ring, &at, slots, HITS_RING, &lost), 1000);
        assert_int_equal(slots[0].bytes, next);
        assert_int_equal(slots[999].bytes, next + 999);
    }
    assert_int_equal(lost, 0);
}

static void test_overrun(void **state)
{
    (void)state;
    struct hits_pen pen;
    const struct hits_ring *ring = open_ring(&pen);
    uint64_t at = 0, lost = 0;
    write_some(&pen, 0, 3 * HITS_RING + 7);
    hits_pen_flush(&pen);
    uint32_t n = hits_ring_read(ring, &at, slots, HITS_RING, &lost);
    assert_int_equal(n + lost, 3 * HITS_RING + 7);
    assert_int_equal(slots[0].bytes, lost);
    assert_int_equal(slots[n - 1].bytes, 3 * HITS_RING + 6);
    /* A count that goes back, or leaps, is not believed and not followed for ever. */
    atomic_store(&pen.ring->head, 5);
    assert_int_equal(hits_ring_read(ring, &at, slots, HITS_RING, &lost), 0);
    assert_int_equal(at, 5);
    atomic_store(&pen.ring->head, UINT64_MAX);
    assert_true(hits_ring_read(ring, &at, slots, 10, &lost) <= 10);
}

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        enum hits_path path;
    } cases[] = {{"", HITS_PATH_NONE},
                 {"/", HITS_PATH_ENTRY},
                 {"/cut/7/x.json", HITS_PATH_CUT},
                 {"/chunk/ab", HITS_PATH_CHUNK},
                 {"/latest.json", HITS_PATH_STATE},
                 {"/log/vkey", HITS_PATH_LOG},
                 {"/x", HITS_PATH_OTHER},
                 {"*", HITS_PATH_OTHER},
                 {"/c", HITS_PATH_OTHER}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(hits_path_of(span_str(cases[i].target)), cases[i].path);
    }
}

static void test_book(void **state)
{
    (void)state;
    static struct hits_book book;
    static const uint64_t key[2] = {1, 2};
    assert_int_equal(book_init(&book, 100, key), OK);
    for (uint32_t i = 0; i < 300000; i++) {
        struct hit hit = {
            .source = {[10] = 0xff, [11] = 0xff}, .number = i, .cost_ns = 3, .bytes = 2, .status = 200};
        hit.source[12] = (uint8_t)(i % 7);
        hit.source[13] = (uint8_t)(i >> 16);
        hit.source[14] = (uint8_t)(i >> 8);
        hit.source[15] = (uint8_t)i;
        book_add(&book, &hit, i % 2 == 0);
    }
    struct hits_block block = {.from_ms = 0, .to_ms = 1};
    book_block(&book, &block);
    uint64_t sum = 0;
    uint32_t refused = 0;
    for (uint32_t i = 0; i < block.n_rows; i++) {
        sum += block.rows[i].requests;
        refused += block.rows[i].refused;
    }
    assert_int_equal(sum, 300000);
    assert_int_equal(refused, 150000);
    assert_true(block.n_rows <= BOOK_ROWS);
    assert_int_equal(block.rate, 4096);
    assert_int_equal(block.n_records, (300000 + 4095) / 4096);
    for (uint32_t i = 0; i < block.n_records; i++) {
        assert_int_equal(block.records[i].number, i * 4096);
    }
    /* And what it gives is what the format takes. */
    static const struct hits_word words[] = {{HITS_PLANE, 0, {"p", 1}},    {HITS_PROTOCOL, 0, {"p", 1}},
                                             {HITS_METHOD, 0, {"m", 1}},   {HITS_PATH, 0, {"p", 1}},
                                             {HITS_DECISION, 0, {"d", 1}}, {HITS_REASON, 0, {"r", 1}}};
    static struct hits_reader reader;
    const struct hits_head head = {.name = "x"};
    struct hits_view view;
    struct why why = {{0}};
    struct buf out;
    buf_init(&out, 0);
    block.words = words;
    block.n_words = 6;
    hits_head_print(&head, &out);
    hits_block_print(&block, &out);
    assert_int_equal(hits_open(&reader, buf_as_span(&out), &why), OK);
    assert_int_equal(hits_next(&reader, &view, &why), OK);
    assert_int_equal(view.totals.seen, 300000);
    buf_done(&out);
    book_done(&book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ring),
        cmocka_unit_test(test_overrun),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_book),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

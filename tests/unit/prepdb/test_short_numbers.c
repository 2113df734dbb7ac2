/* Numbers read four at a time are those read one by one, and what is no short number is said to be odd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "prepdb/cells.h"
#include "prepdb/short_numbers.h"

enum { FIELDS_MAX = 64, ROUNDS = 20000 };

static uint32_t state = 1;

static unsigned chance(unsigned n)
{
    state = state * 1664525 + 1013904223;
    return (state >> 8) % n;
}

/* Mostly digits; also what lies just beside them. */
static void put_cell(struct buf *out)
{
    static const char bytes[] = "0123456789012345678901234567890123456789/:-A \x01\xb0\xff";
    for (unsigned len = chance(8) == 0 ? chance(9) : 1 + chance(4); len > 0; len--) {
        buf_char(out, bytes[chance(chance(4) == 0 ? sizeof bytes - 1 : 40)]);
    }
}

static void check_row(short_numbers_reader read, const struct csv_row *row, const struct short_numbers *which)
{
    const unsigned n = which->n;
    uint32_t out[SHORT_NUMBERS_MAX];
    uint32_t sums[SHORT_NUMBERS_MAX] = {0};
    uint64_t odd = read(row, which, out);
    uint64_t sum = 0;
    for (unsigned i = 0; i < n; i++) {
        struct span cell = csv_cell(row, which->at[i]);
        uint32_t value = 0;
        bool is_short = cell.len <= 4 && cell_number(cell, &value);
        assert_int_equal(odd >> i & 1, !is_short);
        assert_int_equal(out[i], is_short ? value : 0);
        sum += out[i];
    }
    assert_true(n == SHORT_NUMBERS_MAX || odd >> n == 0);
    assert_int_equal(short_numbers_sum(out, n), sum);
    short_numbers_add(sums, out, n);
    assert_memory_equal(sums, out, n * sizeof *out);
}

/* Runs of cells that follow one another, as in real databases, and any. */
static void put_places(struct short_numbers *which, unsigned fields)
{
    for (unsigned i = 0; i < which->n; i++) {
        bool follow = i > 0 && which->at[i - 1] + 1U < fields && chance(9) > 0;
        which->at[i] = (uint16_t)(follow ? which->at[i - 1] + 1U : chance(fields));
    }
    short_numbers_prepare(which);
}

static void as_one_by_one(void **unused)
{
    (void)unused;
    const char *stops[FIELDS_MAX + 1];
    struct csv_row row = {.stops = stops, .max = FIELDS_MAX};
    struct buf text;
    buf_init(&text, 0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned fields = 1 + chance(FIELDS_MAX);
        struct short_numbers which = {.n = chance(SHORT_NUMBERS_MAX + 1)};
        buf_clear(&text);
        for (unsigned i = 0; i < fields; i++) {
            put_cell(&text);
            buf_char(&text, i + 1 < fields ? ',' : '\n');
        }
        buf_add(&text, "behind the row there is more", 28);
        struct csv_reader reader;
        csv_reader_init(&reader, buf_as_span(&text), ',');
        assert_int_equal(csv_next_row(&reader, &row), OK);
        assert_int_equal(row.n, fields);
        put_places(&which, fields);
        check_row(short_numbers_read, &row, &which);
        check_row(short_numbers_best(), &row, &which);
        csv_reader_done(&reader);
    }
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_one_by_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

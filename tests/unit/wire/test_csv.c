/* CSV rows: separators, row ends, quotes, and what a reader must not trip over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/csv_plain.h"

enum { MAX = 8 };

/* Reads all of `text` and prints it as [a|b][c] with '!' after a row that was not ended. */
static void check(const char *text, char separator, const char *expected)
{
    size_t len = strlen(text);
    char *exact = malloc(len + 1); /* an allocation of its own, so that ASan sees one byte too far */
    memcpy(exact, text, len);
    char *tight = realloc(exact, len == 0 ? 1 : len);
    struct csv_reader reader;
    csv_reader_init(&reader, span_of(tight, len), separator);
    struct buf out;
    buf_init(&out, 0);
    struct span fields[MAX];
    size_t n = 0;
    while (csv_read_row(&reader, fields, MAX, &n) == OK) {
        buf_char(&out, '[');
        for (size_t i = 0; i < n && i < MAX; i++) {
            if (i > 0) {
                buf_char(&out, '|');
            }
            buf_span(&out, fields[i]);
        }
        buf_char(&out, ']');
        if (reader.unterminated) {
            buf_char(&out, '!');
        }
    }
    assert_string_equal(buf_cstr(&out), expected);
    buf_done(&out);
    csv_reader_done(&reader);
    free(tight);
}

static void rows_and_row_ends(void **state)
{
    (void)state;
    check("", ',', "");
    check("a,b\nc\n", ',', "[a|b][c]");
    check("a,b\r\nc\r\n", ',', "[a|b][c]");
    check("a,b\rc\r", ',', "[a|b][c]");
    check("a,b\nc", ',', "[a|b][c]!");
    check("\n\na", ',', "[][][a]!");
    check(",\n", ',', "[|]");
    check("a|b;c,d\n", '|', "[a|b;c,d]");
    check("a|b;c,d\n", ';', "[a|b|c,d]");
}

static void quotes(void **state)
{
    (void)state;
    check("\"a,b\",c\n", ',', "[a,b|c]");
    check("\"a\nb\",c\n", ',', "[a\nb|c]");
    check("\"say \"\"yes\"\" twice\",c\n", ',', "[say \"yes\" twice|c]");
    check("\"\",\"\"\"\"\n", ',', "[|\"]");
    check("a \"b\" c,d\n", ',', "[a \"b\" c|d]");
    check("\"a\"b,c\n", ',', "[ab|c]");
    check("\"a\"b\"c,d\n", ',', "[ab\"c|d]");
    check("\"a", ',', "[a]!");
    check("x,\"a\"\"", ',', "[x|a\"]!");
    check("\"", ',', "[]!");
    check("\"\t\",\"\t\"\n", ',', "[\t|\t]");
}

/* Fields unescaped early in a row must survive the growth of the scratch buffer later in it. */
static void scratch_moves(void **state)
{
    (void)state;
    enum { LONG = 5000 };
    char text[3 * LONG];
    size_t len = 0;
    for (int field = 0; field < 3; field++) {
        text[len++] = '"';
        for (int i = 0; i < LONG / 4; i++) {
            text[len++] = (char)('a' + field);
            text[len++] = '"';
            text[len++] = '"';
        }
        text[len++] = '"';
        text[len++] = field < 2 ? ',' : '\n';
    }
    struct csv_reader reader;
    csv_reader_init(&reader, span_of(text, len), ',');
    struct span fields[MAX];
    size_t n = 0;
    assert_int_equal(csv_read_row(&reader, fields, MAX, &n), OK);
    assert_int_equal(n, 3);
    for (size_t field = 0; field < 3; field++) {
        assert_int_equal(fields[field].len, LONG / 4 * 2);
        for (size_t i = 0; i < fields[field].len; i += 2) {
            assert_int_equal(fields[field].at[i], 'a' + (int)field);
            assert_int_equal(fields[field].at[i + 1], '"');
        }
    }
    csv_reader_done(&reader);
}

/* The same rows must come out wherever they fall in the reader's blocks of 64 bytes. */
static void every_offset(void **state)
{
    (void)state;
    for (size_t pad = 0; pad < 140; pad++) {
        char text[400];
        memset(text, 'x', pad);
        size_t len =
            pad + (size_t)sprintf(text + pad, ",1,\"q,\"\"\r\",,%s\r\nlast;,\"z\"", pad % 2 ? "22" : "");
        struct csv_reader reader;
        char *exact = malloc(len);
        memcpy(exact, text, len);
        csv_reader_init(&reader, span_of(exact, len), ',');
        struct span fields[MAX];
        size_t n = 0;
        assert_int_equal(csv_read_row(&reader, fields, MAX, &n), OK);
        assert_int_equal(n, 5);
        assert_int_equal(fields[0].len, pad);
        assert_true(span_is(fields[1], "1"));
        assert_true(span_is(fields[2], "q,\"\r"));
        assert_int_equal(fields[3].len, 0);
        assert_true(span_is(fields[4], pad % 2 ? "22" : ""));
        assert_int_equal(csv_read_row(&reader, fields, MAX, &n), OK);
        assert_int_equal(n, 2);
        assert_true(span_is(fields[0], "last;"));
        assert_true(span_is(fields[1], "z"));
        assert_true(reader.unterminated);
        assert_int_equal(csv_read_row(&reader, fields, MAX, &n), ERR_AGAIN);
        assert_int_equal(reader.row, 2);
        csv_reader_done(&reader);
        free(exact);
    }
}

static void more_fields_than_room(void **state)
{
    (void)state;
    struct csv_reader reader;
    csv_reader_init(&reader, SPAN("a,b,c,\"d\"\"\"\ne\n"), ',');
    struct span fields[2];
    size_t n = 0;
    assert_int_equal(csv_read_row(&reader, fields, 2, &n), OK);
    assert_int_equal(n, 4);
    assert_true(span_is(fields[1], "b"));
    assert_int_equal(csv_read_row(&reader, fields, 2, &n), OK);
    assert_int_equal(n, 1);
    csv_reader_done(&reader);
}

static bool never_plain(struct csv_reader *reader, struct csv_row *row, const char *end)
{
    (void)reader, (void)row, (void)end;
    return false;
}

/* Prints what a reader makes of a text. */
static void print_rows(struct span text, csv_plain_reader plain, size_t least, struct buf *out)
{
    struct csv_reader reader;
    const char *stops[MAX + 1];
    struct csv_row row = {.stops = stops, .max = MAX, .least = least};
    csv_reader_init(&reader, text, ',');
    reader.plain_row = plain;
    while (csv_next_row(&reader, &row) == OK) {
        buf_printf(out, "%zu of %zu%s%s:", row.n, text.len - reader.rest.len, reader.unterminated ? "!" : "",
                   reader.open_quote ? "?" : "");
        size_t there = row.n > least ? row.n : least;
        for (size_t i = 0; i < there && i < MAX; i++) {
            buf_char(out, '[');
            buf_span(out, csv_cell(&row, i));
            buf_char(out, ']');
        }
        buf_char(out, '\n');
    }
    csv_reader_done(&reader);
}

/* Rows taken 64 bytes at a time are those put together byte by byte, whatever the text, with any processor. */
static void all_readers_agree(void **state)
{
    (void)state;
    static const char bytes[] = "abc,,,,,\"\"\"\n\r";
    uint32_t random = 1;
    for (unsigned round = 0; round < 30000; round++) {
        char text[300];
        size_t len = round % sizeof text;
        unsigned quiet =
            round / 7 % 40; /* long texts without quotes too, and quotes around whole fields only */
        for (size_t i = 0; i < len; i++) {
            random = random * 1664525 + 1013904223;
            unsigned pick = random >> 16;
            text[i] = pick % 40 < quiet ? 'x' : bytes[pick / 64 % (sizeof bytes - 1)];
            bool whole = i > 0 && text[i] == '"' && text[i - 1] != ',' && text[i - 1] != '\n';
            text[i] = (char)(whole && round % 3 == 0 ? ',' : text[i]);
        }
        struct span all = span_of(text, len);
        struct buf slow;
        struct buf fast;
        buf_init(&slow, 0);
        buf_init(&fast, 0);
        print_rows(all, never_plain, round % 4, &slow);
        print_rows(all, csv_plain_row, round % 4, &fast);
        assert_string_equal(buf_cstr(&fast), buf_cstr(&slow));
        buf_clear(&fast);
        print_rows(all, csv_plain_best(), round % 4, &fast);
        assert_string_equal(buf_cstr(&fast), buf_cstr(&slow));
        buf_done(&slow);
        buf_done(&fast);
    }
}

static void writer(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 0);
    csv_field(&out, SPAN("plain text"), true);
    csv_field(&out, SPAN("a,b"), false);
    csv_field(&out, SPAN("\"q\""), false);
    csv_field(&out, SPAN(""), false);
    csv_field_u64(&out, 38707, false);
    csv_end(&out);
    assert_string_equal(buf_cstr(&out), "plain text,\"a,b\",\"\"\"q\"\"\",,38707\n");
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_row_ends),
        cmocka_unit_test(quotes),
        cmocka_unit_test(scratch_moves),
        cmocka_unit_test(every_offset),
        cmocka_unit_test(more_fields_than_room),
        cmocka_unit_test(all_readers_agree),
        cmocka_unit_test(writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

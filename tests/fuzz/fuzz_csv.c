/* CSV rows: whatever the bytes, the reader ends, its rows cover the text, and what the writer prints of them reads back
 * the same. */
#include "wire/csv.h"

#include <assert.h>

enum { MAX = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Prints a row in the house's dialect and reads it again. */
static void print_and_read(const struct span *fields, size_t n)
{
    struct buf out;
    buf_init(&out, 0);
    for (size_t i = 0; i < n; i++) {
        csv_field(&out, fields[i], i == 0);
    }
    csv_end(&out);
    struct csv_reader reader;
    struct span again[MAX];
    size_t m = 0;
    csv_reader_init(&reader, buf_as_span(&out), ',');
    enum err err = csv_read_row(&reader, again, MAX, &m);
    assert(err == OK && m == n && reader.rest.len == 0 && !reader.unterminated);
    for (size_t i = 0; i < n; i++) {
        assert(span_equal(fields[i], again[i]));
    }
    csv_reader_done(&reader);
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char separators[] = {',', '|', ';', '\t'};
    if (size == 0) {
        return 0;
    }
    struct span text = span_of((const char *)data + 1, size - 1);
    struct csv_reader reader;
    struct span fields[MAX];
    size_t n = 0;
    size_t before = text.len;
    csv_reader_init(&reader, text, separators[data[0] % 4]);
    while (csv_read_row(&reader, fields, MAX, &n) == OK) {
        assert(reader.rest.len < before && n > 0);
        before = reader.rest.len;
        print_and_read(fields, n < MAX ? n : MAX);
    }
    assert(before == 0);
    csv_reader_done(&reader);
    return 0;
}

/* ZIP: what is written is read back, by us and by libarchive; and archives that lie are refused with a
 * sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>
#include <locale.h>
#include <stdio.h>

#include "archive/archive.h"

static const struct date night = {2024, 6, 2, 20, 5, 7};

static void three_files(struct buf *out, int level)
{
    char rows[6000];
    for (size_t i = 0; i < sizeof rows; i++) {
        rows[i] = "0123,456,789\n"[i % 13];
    }
    struct zip_writer writer;
    zip_writer_init(&writer, out, night, level);
    zip_writer_add(&writer, SPAN("a.csv"), span_of(rows, sizeof rows));
    zip_writer_add(&writer,
                   SPAN("l\xc3\xa9"
                        "eme.txt"),
                   SPAN("x"));
    zip_writer_add(&writer, SPAN("empty"), SPAN(""));
    zip_writer_done(&writer);
}

static void written_is_read_back(void **state)
{
    (void)state;
    for (int level = 0; level <= 12; level += 6) {
        struct buf out;
        buf_init(&out, 0);
        buf_str(&out, "before"); /* an archive may begin anywhere in its buffer */
        three_files(&out, level);
        struct zip zip;
        struct why why = {""};
        struct span archive = span_from(buf_as_span(&out), 6);
        assert_int_equal(zip_open(&zip, archive, &archive_limits_default, &why), OK);
        struct zip_entry entry;
        struct span plain;
        struct buf room;
        buf_init(&room, 0);
        assert_int_equal(zip_next(&zip, &entry, &why), OK);
        assert_true(span_is(entry.name, "a.csv"));
        assert_int_equal(entry.method, level == 0 ? 0 : 8);
        assert_int_equal(zip_unpack(&zip, &entry, &room, &plain, &why), OK);
        assert_int_equal(plain.len, 6000);
        assert_memory_equal(plain.at + 13, "0123,456,789\n", 13);
        assert_int_equal(zip_next(&zip, &entry, &why), OK);
        assert_int_equal(entry.method, 0); /* one byte cannot shrink */
        assert_int_equal(zip_unpack(&zip, &entry, &room, &plain, &why), OK);
        assert_true(span_is(plain, "x"));
        assert_int_equal(zip_next(&zip, &entry, &why), OK);
        assert_int_equal(zip_unpack(&zip, &entry, &room, &plain, &why), OK);
        assert_int_equal(plain.len, 0);
        assert_int_equal(zip_next(&zip, &entry, &why), ERR_AGAIN);
        buf_done(&room);
        buf_done(&out);
    }
}

static void the_same_inputs_give_the_same_bytes(void **state)
{
    (void)state;
    struct buf one, two;
    buf_init(&one, 0);
    buf_init(&two, 0);
    three_files(&one, 6);
    three_files(&two, 6);
    assert_true(span_equal(buf_as_span(&one), buf_as_span(&two)));
    buf_done(&one);
    buf_done(&two);
}

/* Another implementation reads what we write: names, sizes, dates, bytes. */
static void libarchive_reads_it(void **state)
{
    (void)state;
    setlocale(LC_ALL, "C.UTF-8"); /* or libarchive will not show a name that is not ASCII */
    struct buf out;
    buf_init(&out, 0);
    three_files(&out, 6);
    struct archive *other = archive_read_new();
    archive_read_support_format_zip_seekable(other);
    assert_int_equal(archive_read_open_memory(other, out.at, out.len), ARCHIVE_OK);
    struct archive_entry *entry;
    assert_int_equal(archive_read_next_header(other, &entry), ARCHIVE_OK);
    assert_string_equal(archive_entry_pathname(entry), "a.csv");
    assert_int_equal(archive_entry_size(entry), 6000);
    assert_int_equal(archive_entry_mode(entry) & 07777, 0644);
    char bytes[7000];
    assert_int_equal(archive_read_data(other, bytes, sizeof bytes), 6000);
    assert_memory_equal(bytes + 13, "0123,456,789\n", 13);
    assert_int_equal(archive_read_next_header(other, &entry), ARCHIVE_OK);
    assert_int_equal(archive_read_data(other, bytes, sizeof bytes), 1);
    assert_int_equal(archive_read_next_header(other, &entry), ARCHIVE_OK);
    assert_int_equal(archive_entry_size(entry), 0);
    assert_int_equal(archive_read_next_header(other, &entry), ARCHIVE_EOF);
    archive_read_free(other);
    buf_done(&out);
}

/* Reads everything of an archive; the first error, and its sentence in `why`. */
static enum err read_all(struct span bytes, const struct archive_limits *limits, struct why *why)
{
    struct zip zip;
    TRY(zip_open(&zip, bytes, limits, why));
    struct buf room;
    buf_init(&room, 0);
    struct zip_entry entry;
    enum err err;
    while ((err = zip_next(&zip, &entry, why)) == OK) {
        struct span plain;
        err = zip_unpack(&zip, &entry, &room, &plain, why);
        if (err != OK) {
            break;
        }
    }
    buf_done(&room);
    return err == ERR_AGAIN ? OK : err;
}

/* An archive cut anywhere, or with any one byte changed, is read or refused with a sentence, never more. */
static void cut_and_damaged(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 0);
    three_files(&out, 6);
    for (size_t len = 0; len < out.len; len++) {
        struct why why = {""};
        assert_int_not_equal(read_all(span_of(out.at, len), &archive_limits_default, &why), OK);
        assert_true(why.text[0] != '\0');
    }
    for (size_t i = 0; i < out.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            struct why why = {""};
            out.at[i] = (char)(out.at[i] ^ 1 << bit);
            enum err err = read_all(buf_as_span(&out), &archive_limits_default, &why);
            assert_true(err == OK || why.text[0] != '\0');
            out.at[i] = (char)(out.at[i] ^ 1 << bit);
        }
    }
    buf_done(&out);
}

static void expect(struct span bytes, const struct archive_limits *limits, enum err err, const char *words)
{
    struct why why = {""};
    assert_int_equal(read_all(bytes, limits, &why), err);
    if (strstr(why.text, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", why.text, words);
    }
}

static void bombs_are_refused_before_they_unpack(void **state)
{
    (void)state;
    struct buf zeros, out;
    buf_init(&zeros, 0);
    buf_init(&out, 0);
    size_t big = 3U << 20;
    memset(buf_room(&zeros, big), 0, big);
    buf_grew(&zeros, big);
    struct zip_writer writer;
    zip_writer_init(&writer, &out, night, 6);
    zip_writer_add(&writer, SPAN("zeros"), buf_as_span(&zeros));
    zip_writer_done(&writer);
    expect(buf_as_span(&out), &archive_limits_default, ERR_TOO_BIG, "más de 400 veces");
    struct archive_limits loose = archive_limits_default;
    loose.ratio = 2000;
    expect(buf_as_span(&out), &loose, OK, "");
    loose.entry_bytes = big - 1;
    expect(buf_as_span(&out), &loose, ERR_TOO_BIG, "ocuparía 3145728 bytes");
    loose.entry_bytes = big;
    loose.total_bytes = big - 1;
    expect(buf_as_span(&out), &loose, ERR_TOO_BIG, "desempacado pasaría de");
    loose.entries = 0;
    expect(buf_as_span(&out), &loose, ERR_TOO_BIG, "1 archivos, el límite es 0");
    buf_done(&zeros);
    buf_done(&out);
}

/* Directory entries that all point at the same data: the trick of small bombs with huge totals. */
static void overlapping_entries(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 0);
    struct zip_writer writer;
    zip_writer_init(&writer, &out, night, 0);
    char kilobyte[1024] = "k";
    zip_writer_add(&writer, SPAN("k"), span_of(kilobyte, sizeof kilobyte));
    for (int copy = 0; copy < 9; copy++) {
        struct span first = span_of(writer.directory.at, 47);
        struct buf again;
        buf_init(&again, 0);
        buf_span(&again, first);
        buf_span(&writer.directory, buf_as_span(&again));
        buf_done(&again);
        writer.n++;
    }
    zip_writer_done(&writer);
    expect(buf_as_span(&out), &archive_limits_default, ERR_SYNTAX, "overlap");
    buf_done(&out);
}

static void foreign_features(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 0);
    three_files(&out, 6);
    char *central = NULL;
    for (size_t i = 0; central == NULL && i + 4 <= out.len; i++) {
        central = memcmp(out.at + i, "PK\1\2", 4) == 0 ? out.at + i : NULL;
    }
    assert_non_null(central);
    central[8] |= 1;
    expect(buf_as_span(&out), &archive_limits_default, ERR_REFUSED, "encrypted");
    central[8] &= ~1;
    central[10] = 14;
    expect(buf_as_span(&out), &archive_limits_default, ERR_REFUSED, "método de compresión 14");
    central[10] = 8;
    memset(out.at + out.len - 6, 0xff, 4);
    expect(buf_as_span(&out), &archive_limits_default, ERR_TOO_BIG, "ZIP64");
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_is_read_back),
        cmocka_unit_test(the_same_inputs_give_the_same_bytes),
        cmocka_unit_test(libarchive_reads_it),
        cmocka_unit_test(cut_and_damaged),
        cmocka_unit_test(bombs_are_refused_before_they_unpack),
        cmocka_unit_test(overlapping_entries),
        cmocka_unit_test(foreign_features),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Archives in archives: every file is visited once, with its path, and depth and totals are bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "archive/archive.h"

static const struct date night = {2024, 6, 2, 20, 5, 7};

static enum err note(void *arg, struct span path, struct span bytes)
{
    struct buf *seen = arg;
    buf_printf(seen, "[%.*s: %.*s]", SPAN_ARG(path), SPAN_ARG(bytes));
    return OK;
}

static void check(struct span bytes, const struct archive_limits *limits, enum err err, const char *expected)
{
    struct buf seen;
    buf_init(&seen, 0);
    struct why why = {""};
    assert_int_equal(archive_walk(bytes, limits, note, &seen, &why), err);
    assert_string_equal(err == OK ? buf_cstr(&seen) : why.text, expected);
    buf_done(&seen);
}

static void zip_of(struct buf *out, struct span name, struct span bytes, struct span more)
{
    struct zip_writer writer;
    zip_writer_init(&writer, out, night, 6);
    zip_writer_add(&writer, name, bytes);
    if (more.len > 0) {
        zip_writer_add(&writer, SPAN("leeme.txt"), more);
    }
    zip_writer_done(&writer);
}

static void nested(void **state)
{
    (void)state;
    struct buf inner, outer;
    buf_init(&inner, 0);
    buf_init(&outer, 0);
    zip_of(&inner, SPAN("gub.csv"), SPAN("rows"), SPAN("about"));
    zip_of(&outer, SPAN("any name"), buf_as_span(&inner), SPAN("outer about"));
    check(SPAN("plain"), &archive_limits_default, OK, "[: plain]");
    check(buf_as_span(&inner), &archive_limits_default, OK, "[gub.csv: rows][leeme.txt: about]");
    check(buf_as_span(&outer), &archive_limits_default, OK,
          "[any name > gub.csv: rows][any name > leeme.txt: about][leeme.txt: outer about]");
    struct archive_limits shallow = archive_limits_default;
    shallow.depth = 1;
    check(buf_as_span(&outer), &shallow, ERR_TOO_BIG,
          "archivos dentro de archivos, a más de 1 niveles / archives inside archives, deeper than that");
    shallow = archive_limits_default;
    shallow.total_bytes = 50; /* the inner archive alone is longer */
    check(buf_as_span(&outer), &shallow, ERR_TOO_BIG,
          "ZIP: desempacado pasaría de 50 bytes / unpacked it would be more (a ZIP bomb?)");
    buf_done(&inner);
    buf_done(&outer);
}

/* gzip -9 of the nine bytes "rows,here". */
static const char gzipped[] =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\xca\x2f\x2f\xd6\xc9\x48\x2d\x4a\x05\x00"
    "\xa1\x46\x80\x01\x09\x00\x00\x00";

static void gzip(void **state)
{
    (void)state;
    struct span bytes = span_of(gzipped, sizeof gzipped - 1);
    check(bytes, &archive_limits_default, OK, "[: rows,here]");
    struct archive_limits small = archive_limits_default;
    small.entry_bytes = 8;
    check(bytes, &small, ERR_TOO_BIG,
          "gzip: ocuparía 9 bytes, más del límite / it would unpack to more than the limit");
    char broken[sizeof gzipped];
    memcpy(broken, gzipped, sizeof gzipped);
    broken[sizeof gzipped - 5] = 7; /* says seven bytes, holds nine */
    check(span_of(broken, bytes.len), &archive_limits_default, ERR_SYNTAX,
          "gzip: cortado, dañado o en varias partes / the data is cut, damaged or in several parts");
    broken[sizeof gzipped - 5] = 10;
    check(span_of(broken, bytes.len), &archive_limits_default, ERR_SYNTAX,
          "gzip: cortado, dañado o en varias partes / the data is cut, damaged or in several parts");
}

static void tar(void **state)
{
    (void)state;
    char block[1536] = {0};
    snprintf(block, 100, "presidente.txt");
    snprintf(block + 124, 12, "%011o", 5);
    block[156] = '0';
    memcpy(block + 257, "ustar", 5);
    memcpy(block + 512, "a|b|c", 5);
    check(span_of(block, sizeof block), &archive_limits_default, OK, "[presidente.txt: a|b|c]");
    check(span_of(block, 512), &archive_limits_default, ERR_SYNTAX,
          "tar: una cabecera está rota o el archivo está cortado / a header is broken or the archive is cut");
    block[124] = 'x';
    check(span_of(block, sizeof block), &archive_limits_default, ERR_SYNTAX,
          "tar: una cabecera está rota o el archivo está cortado / a header is broken or the archive is cut");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nested), cmocka_unit_test(gzip),
                                       cmocka_unit_test(tar)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

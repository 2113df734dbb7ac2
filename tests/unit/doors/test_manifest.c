/* One spelling a manifest; every other is refused with the line. */
#include "doors/manifest.h"

#include "base/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define H "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
static const char good[] =
    "prep-manifest/v1\norigin prep.example.mx/2027\ncut 12\ntime 2027-06-07T02:20:00Z\n"
    "log-size 1234\nprevious-manifest -\nfiles 2\n" H " 0 cut/12/index.html\n" H
    " 17 index.html\nencodings 1 libdeflate 1.14, brotli 1.0.9\n" H " 9 index.html.gz\n";

static void test_round(void **state)
{
    (void)state;
    struct manifest manifest;
    struct buf out = {0};
    struct why why = {{0}};
    assert_int_equal(manifest_parse(span_str(good), &manifest, &why), OK);
    assert_int_equal(manifest.cut, 12);
    assert_int_equal(manifest.log_size, 1234);
    assert_false(manifest.has_previous);
    manifest_print(&manifest, &out);
    assert_true(span_equal(buf_as_span(&out), span_str(good)));
    assert_int_equal(manifest_find(&manifest, SPAN("index.html"))->bytes, 17);
    assert_int_equal(manifest_find(&manifest, SPAN("index.html.gz"))->bytes, 9);
    assert_null(manifest_find(&manifest, SPAN("index.html.br")));
    manifest_done(&manifest);
    buf_done(&out);
}

static void test_built(void **state)
{
    (void)state;
    struct manifest manifest = {.origin = SPAN("a/b"), .cut = 3, .has_previous = true};
    struct manifest again;
    struct buf out = {0};
    char paths[100][32];
    for (unsigned i = 0; i < 100; i++) {
        const uint8_t sha256[32] = {(uint8_t)i};
        snprintf(paths[i], sizeof paths[i], "x/%u.html%s", i * 37 % 100, i % 3 == 0 ? ".gz" : "");
        manifest_add(&manifest, span_str(paths[i]), sha256, i);
    }
    manifest_sort(&manifest);
    manifest_print(&manifest, &out);
    assert_int_equal(manifest_parse(buf_as_span(&out), &again, NULL), OK);
    assert_int_equal(again.n_files, manifest.n_files);
    assert_int_equal(again.n_encodings, 34);
    manifest_done(&manifest);
    manifest_done(&again);
    buf_done(&out);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *sentence;
    } rows[] = {
        {"manifest/v1", "manifest/v2", "line 1"},
        {"cut 12", "cut 012", "line 3"},
        {"cut 12", "cut 4294967296", "line 3"},
        {"02:20:00Z", "02:20:00", "line 4"},
        {"log-size 1234", "log-size -1", "line 5"},
        {"previous-manifest -", "previous-manifest " H "0", "line 6"},
        {"files 2", "files 3", "line 10"},
        {"files 2", "files 1", "line 9"},
        {"files 2", "files 200001", "line 7"},
        {" 0 cut/12/index.html", " 0 ../index.html", "line 8"},
        {" 0 cut/12/index.html", " 0 /cut", "line 8"},
        {" 0 cut/12/index.html", " 0 cut//12", "line 8"},
        {" 0 cut/12/index.html", " 0 cut/12/", "line 8"},
        {" 0 cut/12/index.html", " 0 cut/.x", "line 8"},
        {" 0 cut/12/index.html", " 0 cut/12/index.html.br", "line 8"},
        {" 0 cut/12/index.html", " 00 cut/12/index.html", "line 8"},
        {" 0 cut/12/index.html", " 0 z.html", "line 9"},
        {" 0 cut/12/index.html", " 0 index.html", "line 9"},
        {"e3b0c4", "E3b0c4", "line 8"},
        {" 9 index.html.gz", " 9 index.html", "line 11"},
        {" 9 index.html.gz\n", " 9 index.html.gz\n\n", "goes on"},
        {" 9 index.html.gz\n", " 9 index.html.gz", "too early"},
        {"\norigin ", "\r\norigin ", "line 1"},
        {" libdeflate 1.14, brotli 1.0.9", "", "line 10"},
        {" libdeflate 1.14, brotli 1.0.9", " ", "line 10"},
        {" libdeflate 1.14, brotli 1.0.9", "  -", "line 10"},
        {"1.14, brotli", "1.14\t brotli", "line 10"},
        {"origin prep", "origin prep ", "line 2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct manifest manifest;
        struct why why = {{0}};
        char text[2048];
        const char *at = strstr(good, rows[i].from);
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, rows[i].to,
                 at + strlen(rows[i].from));
        assert_int_not_equal(manifest_parse(span_str(text), &manifest, &why), OK);
        if (strstr(why.text, rows[i].sentence) == NULL) {
            fail_msg("row %zu: \"%s\" does not say \"%s\"", i, why.text, rows[i].sentence);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round), cmocka_unit_test(test_built),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

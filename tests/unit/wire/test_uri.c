/* Paths by named vectors: one spelling comes out, or nothing. */
#include "vectors.h"
#include "wire/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void path_vector(const struct vector *vector)
{
    char room[URI_PATH_MAX];
    struct span path = {NULL, 0};
    struct buf want;
    buf_init(&want, 0);
    vector_unescape(span_str(vector->verdict), &want);
    enum err err = uri_path(buf_as_span(&vector->bytes), room, &path, NULL);
    char got[160];
    (void)snprintf(got, sizeof got, err == OK ? "ok=%.*s" : "bad", SPAN_ARG(path));
    if (strcmp(got, buf_cstr(&want)) != 0) {
        fail_msg("%s: %s, not %s", vector->name, got, buf_cstr(&want));
    }
    buf_done(&want);
}

static void paths(void **state)
{
    (void)state;
    assert_true(vectors_each("tests/vectors/http1/path.txt", path_vector) > 30);
}

/* Whatever comes in: what comes out has no dot segment, no NUL, no backslash, and is its own normal form. */
static void random_paths_never_escape(void **state)
{
    (void)state;
    static const char letters[] = "//..%2eE5cC0a\\?f";
    uint64_t seed = 7;
    int accepted = 0;
    for (int round = 0; round < 200000; round++) {
        char text[24] = "/";
        size_t len = 1;
        while (len < sizeof text - 1) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            text[len++] = letters[(seed >> 40) % (sizeof letters - 1)];
        }
        char room[URI_PATH_MAX];
        struct span path;
        if (uri_path(span_of(text, 1 + (seed >> 50) % (len - 1)), room, &path, NULL) != OK) {
            continue;
        }
        accepted++;
        assert_true(path.len >= 1 && path.at[0] == '/');
        assert_null(memchr(path.at, 0, path.len));
        assert_null(memchr(path.at, '\\', path.len));
        struct span rest = path;
        while (rest.at != NULL) {
            struct span segment = span_cut(&rest, '/');
            assert_false(span_is(segment, ".") || span_is(segment, ".."));
        }
    }
    assert_true(accepted > 1000);
}

/* The path of one byte, or of some, amid others: refused exactly if it holds what no path may, wherever that stands. */
static void every_byte_in_every_place(void **state)
{
    (void)state;
    char text[56];
    char room[URI_PATH_MAX];
    struct span path;
    for (size_t len = 2; len <= sizeof text; len++) {
        for (size_t at = 1; at < len; at++) {
            for (int c = 0; c < 256; c++) {
                text[0] = '/';
                memset(text + 1, 'g', len - 1);
                text[at] = (char)c;
                bool good = c >= 0x20 && c != 0x7f && c != '\\' && c != '%';
                assert_int_equal(uri_path(span_of(text, len), room, &path, NULL), good ? OK : ERR_SYNTAX);
                if (good && !(c == '.' && at == 1 && len == 2)) { /* "/." is the root */
                    assert_true(span_equal(path, span_of(text, c == '?' ? at : len)));
                }
            }
        }
    }
}

/* "/./" is found wherever it stands. */
static void a_dot_in_every_place(void **state)
{
    (void)state;
    char text[56];
    char room[URI_PATH_MAX];
    struct span path;
    for (size_t len = 3; len <= sizeof text; len++) {
        for (size_t at = 0; at + 3 <= len; at++) {
            text[0] = '/';
            memset(text + 1, 'g', len - 1);
            memcpy(text + at, "/./", 3);
            assert_int_equal(uri_path(span_of(text, len), room, &path, NULL), OK);
            memmove(text + at, text + at + 2, len - at - 2);
            assert_true(span_equal(path, span_of(text, len - 2)));
        }
    }
}

/* "/a", `n` times `part`, and then `last`: the verdict. */
static enum err repeated(const char *part, int n, const char *last)
{
    struct buf text;
    buf_init(&text, 0);
    buf_str(&text, "/a");
    for (int i = 0; i < n; i++) {
        buf_str(&text, part);
    }
    buf_str(&text, last);
    char room[URI_PATH_MAX];
    struct span path;
    enum err err = uri_path(buf_as_span(&text), room, &path, NULL);
    buf_done(&text);
    return err;
}

/* What takes work to read is bounded; what is plain is bounded by its length alone. */
static void work_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(repeated("%61", URI_ESCAPES_MAX, "b"), OK);
    assert_int_equal(repeated("%61", URI_ESCAPES_MAX, ""), OK);
    assert_int_equal(repeated("%61", URI_ESCAPES_MAX + 1, ""), ERR_TOO_BIG);
    assert_int_equal(repeated("/.", URI_SEGMENTS_MAX - 1, ""), OK);
    assert_int_equal(repeated("/.", URI_SEGMENTS_MAX, ""), ERR_TOO_BIG);
    assert_int_equal(repeated("/b", URI_SEGMENTS_MAX - 2, "/."), OK);
    assert_int_equal(repeated("/b", URI_SEGMENTS_MAX - 1, "/."), ERR_TOO_BIG);
    assert_int_equal(repeated("/b", 1000, ""), OK);
}

static void printed_paths_read_back(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 0);
    uri_print_path(SPAN("/a b/\xc3\xb1?%#.html"), &out);
    assert_string_equal(buf_cstr(&out), "/a%20b/%C3%B1%3F%25%23.html");
    char room[URI_PATH_MAX];
    struct span path;
    assert_int_equal(uri_path(buf_as_span(&out), room, &path, NULL), OK);
    assert_true(span_is(path, "/a b/\xc3\xb1?%#.html"));
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),
        cmocka_unit_test(random_paths_never_escape),
        cmocka_unit_test(every_byte_in_every_place),
        cmocka_unit_test(a_dot_in_every_place),
        cmocka_unit_test(work_is_bounded),
        cmocka_unit_test(printed_paths_read_back),
    };
    return cmocka_run_group_tests_name("wire_uri", tests, NULL, NULL);
}

/* The press: which twins a file gets, that they unpack to it, and what is said of them. */
#include "cut/press.h"

#include "os/file.h"
#include "seal/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LIMIT = 1 << 20 };

static char folder[64];

static int folder_set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/atalaya-press-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int folder_tear_down(void **state)
{
    struct why why;
    (void)state;
    return folder_remove(folder, &why) == OK ? 0 : -1;
}

/* A page's worth of text. */
static void text_make(struct buf *out, unsigned lines)
{
    for (unsigned i = 0; i < lines; i++) {
        buf_printf(out, "<tr><th>%u</th><td>%u</td></tr>\n", i, i * 7919 % 1000);
    }
}

/* The file `name` + `suffix` holds what was said of it, and unpacks to `plain`. */
static void check_written(const char *name, const struct pressed *pressed, unsigned encoding,
                          struct span plain)
{
    char path[FILE_PATH_MAX], full[160];
    struct buf packed = {0}, unpacked = {0};
    struct why why;
    uint8_t sha256[DIGEST_LEN];
    snprintf(full, sizeof full, "%s%s", name, press_suffixes[encoding]);
    assert_int_equal(file_read(path_join(path, folder, full), LIMIT, &packed, &why), OK);
    digest_of(buf_as_span(&packed), sha256);
    assert_int_equal(packed.len, pressed->bytes[encoding]);
    assert_memory_equal(sha256, pressed->sha256[encoding], DIGEST_LEN);
    enum err err = encoding == 0   ? (buf_span(&unpacked, buf_as_span(&packed)), OK)
                   : encoding == 1 ? unsqueeze_gzip(buf_as_span(&packed), LIMIT, &unpacked)
                                   : unsqueeze_brotli(buf_as_span(&packed), LIMIT, &unpacked);
    assert_int_equal(err, OK);
    assert_int_equal(unpacked.len, plain.len);
    assert_memory_equal(unpacked.at, plain.at, plain.len);
    buf_done(&packed);
    buf_done(&unpacked);
}

static void twins_by_kind(void **state)
{
    (void)state;
    static const struct {
        enum press_as as;
        unsigned lines, n;
    } rows[] = {{PRESS_PLAIN, 400, 1},    {PRESS_FRONT, 400, 3}, {PRESS_AREA, 400, 2}, {PRESS_ROWS, 400, 2},
                {PRESS_DATABASE, 400, 3}, {PRESS_FRONT, 3, 1},   {PRESS_ROWS, 0, 1}};
    struct press press;
    struct why why;
    press_init(&press);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf text = {0};
        struct pressed pressed;
        char name[32], path[FILE_PATH_MAX], beyond[FILE_PATH_MAX];
        text_make(&text, rows[i].lines);
        snprintf(name, sizeof name, "below/%zu.html", i);
        press_bytes(&press, buf_as_span(&text), rows[i].as, &pressed);
        assert_int_equal(pressed.n, rows[i].n);
        assert_int_equal(press_encodings(rows[i].as, text.len), rows[i].n);
        assert_int_equal(
            press_write(&press, path_join(path, folder, name), buf_as_span(&text), &pressed, &why), OK);
        for (unsigned k = 0; k < pressed.n; k++) {
            check_written(name, &pressed, k, buf_as_span(&text));
        }
        for (unsigned k = pressed.n; k < ENCODINGS; k++) {
            snprintf(beyond, sizeof beyond, "%.4000s%s", path, press_suffixes[k]);
            assert_false(file_exists(beyond));
        }
        press_unwrite(path);
        assert_false(file_exists(path));
        buf_done(&text);
    }
    press_done(&press);
}

/* What is pressed before does not show in what is pressed after. */
static void same_bytes_again(void **state)
{
    (void)state;
    struct press press;
    struct buf one = {0}, other = {0};
    struct pressed first, between, again, hashed = {0};
    press_init(&press);
    text_make(&one, 300);
    text_make(&other, 900);
    press_bytes(&press, buf_as_span(&one), PRESS_FRONT, &first);
    press_bytes(&press, buf_as_span(&other), PRESS_FRONT, &between);
    press_bytes(&press, buf_as_span(&one), PRESS_FRONT, &again);
    assert_memory_not_equal(first.sha256[2], between.sha256[2], DIGEST_LEN);
    assert_memory_equal(&first, &again, sizeof first);
    digest_of(buf_as_span(&one), hashed.sha256[0]);
    press_hashed(&press, buf_as_span(&one), PRESS_FRONT, &hashed);
    assert_memory_equal(&first, &hashed, sizeof first);
    press_done(&press);
    buf_done(&one);
    buf_done(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(twins_by_kind, folder_set_up, folder_tear_down),
        cmocka_unit_test(same_bytes_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

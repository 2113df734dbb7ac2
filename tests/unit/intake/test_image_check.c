/* Images by structure: what passes, and each way of being none. Every truncation of a good one is refused. */
#include "base/buf.h"
#include "intake/image_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define JPEG_HEAD            "\xff\xd8\xff\xe0\x00\x04\x00\x00"
#define FRAME(height, width) "\xff\xc0\x00\x0b\x08" height width "\x01\x01\x11\x00"
#define SCAN                 "\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
#define JPEG                                                                                                 \
    JPEG_HEAD FRAME("\x00\x10", "\x00\x20") SCAN "ab\xff\x00"                                                \
                                                 "cd\xff\xd0"                                                \
                                                 "ef\xff\xd9"
/* 1 x 1, grey, made by an independent encoder. */
static const unsigned char PNG[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00,
    0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x3a, 0x7e, 0x9b, 0x55, 0x00,
    0x00, 0x00, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x60, 0x00, 0x00, 0x00, 0x02, 0x00, 0x01,
    0x48, 0xaf, 0xa4, 0x71, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};
#define PNG_SPAN ((struct span){(const char *)PNG, sizeof PNG})

static enum err check(struct span bytes)
{
    struct image_about about;
    struct why why = {0};
    enum err err = image_check(bytes, &about, &why);
    assert_true(err == OK || why.text[0] != '\0');
    return err;
}

static void good_images_pass(void **state)
{
    (void)state;
    struct image_about about;
    assert_int_equal(image_check(SPAN(JPEG), &about, NULL), OK);
    assert_string_equal(about.extension, "jpg");
    assert_int_equal(about.width, 32);
    assert_int_equal(about.height, 16);
    struct why why = {0};
    if (image_check(PNG_SPAN, &about, &why) != OK) {
        fail_msg("%s", why.text);
    }
    assert_string_equal(about.extension, "png");
    assert_int_equal(about.width, 1);
    assert_string_equal(image_extension(PNG_SPAN), "png");
    assert_string_equal(image_extension(SPAN(JPEG)), "jpg");
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    struct span images[] = {SPAN(JPEG), PNG_SPAN};
    for (int i = 0; i < 2; i++) {
        for (size_t len = 0; len < images[i].len; len++) {
            assert_int_not_equal(check(span_of(images[i].at, len)), OK);
        }
    }
}

static void hostile_images_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct span bytes;
    } images[] = {
        {"gif", {"GIF89a", 6}},
        {"html", {"<html>", 6}},
        {"jpeg with a tail", {JPEG "tail", sizeof JPEG + 3}},
        {"no frame", {JPEG_HEAD SCAN "ab\xff\xd9", sizeof(JPEG_HEAD SCAN "ab\xff\xd9") - 1}},
        {"no scan",
         {JPEG_HEAD FRAME("\x00\x10", "\x00\x20") "\xff\xd9",
          sizeof(JPEG_HEAD FRAME("\x00\x10", "\x00\x20") "\xff\xd9") - 1}},
        {"no height",
         {JPEG_HEAD FRAME("\x00\x00", "\x00\x20") SCAN "ab\xff\xd9",
          sizeof(JPEG_HEAD FRAME("\x00\x00", "\x00\x20") SCAN "ab\xff\xd9") - 1}},
        {"too wide",
         {JPEG_HEAD FRAME("\x00\x10", "\xff\xff") SCAN "ab\xff\xd9",
          sizeof(JPEG_HEAD FRAME("\x00\x10", "\xff\xff") SCAN "ab\xff\xd9") - 1}},
        {"two frames",
         {JPEG_HEAD FRAME("\x00\x10", "\x00\x20") FRAME("\x00\x10", "\x00\x20") SCAN "ab\xff\xd9",
          sizeof(JPEG_HEAD FRAME("\x00\x10", "\x00\x20") FRAME("\x00\x10", "\x00\x20") SCAN "ab\xff\xd9") -
              1}},
        {"segment of length 1", {"\xff\xd8\xff\xe0\x00\x01\xff\xd9", 8}},
        {"segment past the end", {"\xff\xd8\xff\xe0\xff\xff\xff\xd9", 8}},
        {"restart outside a scan", {"\xff\xd8\xff\xd0\xff\xd9", 6}},
    };
    for (size_t i = 0; i < sizeof images / sizeof images[0]; i++) {
        if (check(images[i].bytes) == OK) {
            fail_msg("%s was taken for an image", images[i].name);
        }
    }
}

static void a_changed_png_is_refused(void **state)
{
    (void)state;
    struct buf copy = {0};
    buf_add(&copy, PNG, sizeof PNG);
    for (size_t i = 0; i < copy.len; i++) {
        copy.at[i] = (char)(copy.at[i] ^ 4);
        assert_int_not_equal(check(buf_as_span(&copy)), OK);
        copy.at[i] = (char)(copy.at[i] ^ 4);
    }
    buf_done(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_images_pass),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(hostile_images_are_refused),
        cmocka_unit_test(a_changed_png_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

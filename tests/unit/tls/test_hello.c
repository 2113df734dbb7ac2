/* The TLS fingerprint: the same program gives the same text whatever it shuffles and throws in, another one another. */
#include "tls/hello.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(text) span_of((text), sizeof(text) - 1)

static const char *print_of(const struct tls_offer *offer)
{
    static char text[TLS_HELLO_TEXT];
    struct tls_hello hello;
    tls_hello_of(offer, &hello);
    size_t len = tls_hello_print(&hello, text);
    assert_int_equal(len, strlen(text));
    assert_true(hello.ciphers != 0 && hello.extensions != 0);
    return text;
}

static const int extensions[] = {0, 16, 43, 13, 51, 10};
static const struct tls_offer usual = {
    .legacy_version = 0x0303,
    .ciphers = {"\x13\x01\x13\x02\xc0\x2b", 6},
    .extensions = extensions,
    .n_extensions = 6,
    .versions = {"\x04\x03\x04\x03\x03", 5},
    .signatures = {"\x00\x04\x04\x03\x08\x04", 6},
    .alpn = {"\x00\x0c\x02h2\x08http/1.1", 14},
};

static void test_what_it_says(void **state)
{
    (void)state;
    assert_memory_equal(print_of(&usual), "t13d0306h2_", 11);
    assert_int_equal(strlen(print_of(&usual)), 11 + 12 + 1 + 12);
    struct tls_offer old = {.legacy_version = 0x0301, .ciphers = BYTES("\xc0\x2b")};
    assert_memory_equal(print_of(&old), "t10i010000_", 11);
    old.legacy_version = 0x7a7a;
    assert_memory_equal(print_of(&old), "t00i010000_", 11);
}

static void test_order_and_grease_do_not_count(void **state)
{
    (void)state;
    static const int shuffled[] = {0x1a1a, 51, 10, 43, 0, 13, 0xfafa, 16};
    char first[TLS_HELLO_TEXT];
    (void)strcpy(first, print_of(&usual));
    struct tls_offer other = usual;
    other.extensions = shuffled;
    other.n_extensions = 8;
    other.ciphers = BYTES("\x2a\x2a\xc0\x2b\x13\x02\x13\x01");
    other.versions = BYTES("\x06\xba\xba\x03\x04\x03\x03");
    assert_string_equal(print_of(&other), first);
    other.signatures = BYTES("\x00\x04\x08\x04\x04\x03"); /* their order does */
    assert_string_not_equal(print_of(&other), first);
    other = usual;
    other.ciphers = BYTES("\x13\x01\x13\x02\xc0\x2c");
    assert_string_not_equal(print_of(&other), first);
}

static void test_whom_and_what_one_asks_for_is_no_part_of_the_hash(void **state)
{
    (void)state;
    static const int bare[] = {43, 13, 51, 10};
    char first[TLS_HELLO_TEXT];
    (void)strcpy(first, print_of(&usual));
    struct tls_offer other = usual;
    other.extensions = bare;
    other.n_extensions = 4;
    other.alpn = SPAN("");
    const char *text = print_of(&other);
    assert_memory_equal(text, "t13i030400_", 11);
    assert_string_equal(text + 11, first + 11);
}

static void test_hostile_lists(void **state)
{
    (void)state;
    static char many[2 * 300];
    static int kinds[400];
    for (int i = 0; i < 300; i++) {
        many[2 * i] = (char)(i >> 8);
        many[2 * i + 1] = (char)i;
    }
    for (int i = 0; i < 400; i++) {
        kinds[i] = i;
    }
    struct tls_offer offer = {.legacy_version = 0x0303, .ciphers = span_of(many, sizeof many)};
    offer.extensions = kinds;
    offer.n_extensions = 400;
    offer.signatures = span_of(many, sizeof many);
    assert_memory_equal(print_of(&offer), "t12d999900_", 11);
    offer.ciphers = BYTES("\x13");      /* half a code */
    offer.versions = BYTES("\xff\x03"); /* says more than there is */
    offer.signatures = BYTES("\xff");
    offer.alpn = BYTES("\x00\x03\xff\n\"");
    assert_memory_equal(print_of(&offer), "t12d009999_", 11);
    offer.alpn = BYTES("\x00");
    assert_memory_equal(print_of(&offer), "t12d009900_", 11);
}

static void test_whatever_the_memory_holds_is_printable(void **state)
{
    (void)state;
    struct tls_hello hello;
    char text[TLS_HELLO_TEXT];
    for (int byte = 0; byte < 256; byte++) {
        memset(&hello, byte, sizeof hello);
        hello.named = (byte & 1) != 0;
        size_t len = tls_hello_print(&hello, text);
        assert_int_equal(len, 36);
        for (size_t i = 0; i < len; i++) {
            assert_in_range(text[i], 0x21, 0x7e);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_it_says),
        cmocka_unit_test(test_order_and_grease_do_not_count),
        cmocka_unit_test(test_whom_and_what_one_asks_for_is_no_part_of_the_hash),
        cmocka_unit_test(test_hostile_lists),
        cmocka_unit_test(test_whatever_the_memory_holds_is_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* PROXY heads: both families, LOCAL, every half of one, and what is none. */
#include "wire/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
static const char v4[] = SIGNATURE "\x21\x11\x00\x0c\xc0\x00\x02\x07\x7f\x00\x00\x01\x30\x39\x00\x50GET /";
static const char v6[] = SIGNATURE "\x21\x21\x00\x27\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09"
                                   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x30\x39\x01\xbb\x04\x00\x00";
static const char local[] = SIGNATURE "\x20\x00\x00\x00";

static void both_families_and_local(void **state)
{
    (void)state;
    struct proxy_head head;
    const uint8_t mapped[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7};
    assert_int_equal(proxy_parse(span_of(v4, sizeof v4 - 1), &head, NULL), OK);
    assert_memory_equal(head.address, mapped, 16);
    assert_int_equal(head.port, 12345);
    assert_int_equal(head.len, 28); /* what follows is the client's */
    assert_int_equal(proxy_parse(span_of(v6, sizeof v6 - 1), &head, NULL), OK);
    assert_int_equal(head.address[0], 0x20);
    assert_int_equal(head.address[15], 9);
    assert_int_equal(head.len, 16 + 39); /* with its extension */
    assert_int_equal(proxy_parse(span_of(local, sizeof local - 1), &head, NULL), OK);
    assert_true(head.local);
}

static void halves_wait(void **state)
{
    (void)state;
    struct proxy_head head;
    for (size_t len = 0; len < 28; len++) {
        assert_int_equal(proxy_parse(span_of(v4, len), &head, NULL), ERR_AGAIN);
    }
}

static void others_are_refused(void **state)
{
    (void)state;
    struct proxy_head head;
    struct why why = {0};
    char changed[sizeof v4];
    assert_int_equal(proxy_parse(SPAN("GET / HTTP/1.1\r\n"), &head, &why), ERR_SYNTAX);
    assert_int_equal(proxy_parse(SPAN("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"), &head, NULL), ERR_SYNTAX);
    for (size_t i = 0; i < 12; i++) {
        memcpy(changed, v4, sizeof v4);
        changed[i] ^= 1;
        assert_int_equal(proxy_parse(span_of(changed, sizeof v4 - 1), &head, NULL), ERR_SYNTAX);
    }
    static const struct {
        int at;
        char byte;
        enum err err;
    } wrong[] = {{12, 0x11, ERR_SYNTAX}, {12, 0x22, ERR_SYNTAX}, {13, 0x12, ERR_SYNTAX},
                 {13, 0x31, ERR_SYNTAX}, {13, 0x00, ERR_SYNTAX}, {15, 0x0b, ERR_SYNTAX},
                 {14, 0x7f, ERR_TOO_BIG}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        memcpy(changed, v4, sizeof v4);
        changed[wrong[i].at] = wrong[i].byte;
        assert_int_equal(proxy_parse(span_of(changed, sizeof v4 - 1), &head, NULL), wrong[i].err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_families_and_local),
        cmocka_unit_test(halves_wait),
        cmocka_unit_test(others_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

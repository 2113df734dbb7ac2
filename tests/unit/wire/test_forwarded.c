/* RFC 7239's own examples, and fields that two readers could take differently. */
#include "wire/forwarded.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* "a b -": the addresses in order, "-" where none is said; "!" for a field that is refused. */
static const char *read_field(const char *field)
{
    static char text[2048];
    struct forwarded_node nodes[FORWARDED_MAX];
    uint32_t n = 0;
    text[0] = '\0';
    if (forwarded_parse(span_str(field), nodes, &n, NULL) != OK) {
        return "!";
    }
    for (uint32_t i = 0; i < n; i++) {
        char one[INET6_ADDRSTRLEN] = "-";
        if (nodes[i].has_address) {
            assert_non_null(inet_ntop(AF_INET6, nodes[i].address, one, sizeof one));
        }
        strcat(strcat(text, i > 0 ? " " : ""), strncmp(one, "::ffff:", 7) == 0 ? one + 7 : one);
    }
    return text;
}

static void good_fields(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"for=\"_gazonk\"", "-"},
        {"For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"},
        {"for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"},
        {"for=192.0.2.43, for=198.51.100.17", "192.0.2.43 198.51.100.17"},
        {"for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown", "192.0.2.43 2001:db8:cafe::17 -"},
        {"for=_hidden, for=_SEVKISEK", "- -"},
        {"for=\"192.0.2.43:47011\"", "192.0.2.43"},
        {"for=\"192.0.2.43:_p-1\"", "192.0.2.43"},
        {"for=\"[2001:db8::1]\"", "2001:db8::1"},
        {"for=\"1\\92.0.2.43\"", "192.0.2.43"},
        {"for=\"[::ffff:192.0.2.9]\"", "192.0.2.9"},
        {"by=_x;host=\"a:8080\";proto=https", "-"},
        {"FOR=192.0.2.1;other=\"a, b; for=1.2.3.4\"", "192.0.2.1"},
        {"for=UNKNOWN", "-"},
        {"for=192.0.2.1\t,\t for=192.0.2.2 ", "192.0.2.1 192.0.2.2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(read_field(rows[i][0]), rows[i][1]);
    }
}

static void refused_fields(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        ",",
        "for",
        "for=",
        "=192.0.2.1",
        "for =192.0.2.1",
        "for= 192.0.2.1",
        "for=192.0.2.1,",
        ",for=192.0.2.1",
        "for=192.0.2.1;",
        ";for=192.0.2.1",
        "for=192.0.2.1; proto=http",
        "for=192.0.2.1 for=192.0.2.2",
        "for=192.0.2.1;for=192.0.2.2",
        "for=192.0.2.1;FOR=192.0.2.1",
        "proto=http;proto=https",
        "for=192.0.2.1:80",  /* a port needs quotes */
        "for=[2001:db8::1]", /* so does IPv6 */
        "for=2001:db8::1",
        "for=\"2001:db8::1\"", /* and brackets */
        "for=\"[192.0.2.1]\"",
        "for=\"[2001:db8::1\"",
        "for=\"[2001:db8::1]x\"",
        "for=\"[2001:db8::1]:\"",
        "for=\"192.0.2.1:\"",
        "for=\"192.0.2.1:123456\"",
        "for=\"192.0.2.1:8o\"",
        "for=\"192.0.2.1",
        "for=\"192.0.2.1\\",
        "for=\"192.0.2.1\"x",
        "for=\"\"",
        "for=\"_\"",
        "for=\"_a b\"",
        "for=a.example",
        "for=192.0.2",
        "for=192.0.2.256",
        "for=192.0.02.1",
        "for=0x7f.0.0.1",
        "for=\"192.0.2.1 \"",
        "for=192.0.2.1, , for=192.0.2.2",
        "for=\"[fe80::1%eth0]\"",
        "for=192.0.2.1;x=\"\x01\"",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(read_field(rows[i]), "!") != 0) {
            fail_msg("taken: %s as %s", rows[i], read_field(rows[i]));
        }
    }
}

static void bounds(void **state)
{
    (void)state;
    char field[1024] = "";
    for (int i = 0; i < FORWARDED_MAX; i++) {
        strcat(field, i > 0 ? ",for=192.0.2.1" : "for=192.0.2.1");
    }
    assert_string_not_equal(read_field(field), "!");
    assert_string_equal(read_field(strcat(field, ",for=192.0.2.1")), "!");
    char zero[] = "for=192.0.2.1\0";
    struct forwarded_node nodes[FORWARDED_MAX];
    uint32_t n = 0;
    assert_int_equal(forwarded_parse(span_of(zero, sizeof zero - 1), nodes, &n, NULL), ERR_SYNTAX);
    char inside[] = "for=\"192.0.2.1\0\"";
    assert_int_equal(forwarded_parse(span_of(inside, sizeof inside - 1), nodes, &n, NULL), ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(good_fields), cmocka_unit_test(refused_fields),
                                       cmocka_unit_test(bounds)};
    return cmocka_run_group_tests_name("wire_forwarded", tests, NULL, NULL);
}

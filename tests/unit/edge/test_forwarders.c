/* Who may speak for others, and whom they name. */
#include "edge/forwarders.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct forwarders listed;

static int set_up(void **state)
{
    (void)state;
    listed = (struct forwarders){.n = 0};
    return forwarders_parse(SPAN("10.0.0.0/8, 192.0.2.7,2001:db8::/33"), &listed, NULL) == OK ? 0 : 1;
}

/* The client that a request with these fields names, "-" for none. */
static const char *client_of(const char *fields)
{
    static struct http1_request request;
    static char text[64];
    char head[1024];
    uint8_t a[16];
    int status;
    int len = snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", fields);
    assert_int_equal(http1_parse_request(span_of(head, (size_t)len), &request, &status, NULL), OK);
    if (!forwarders_client(&listed, &request, a)) {
        return "-";
    }
    (void)snprintf(text, sizeof text, "%d.%d.%d.%d", a[12], a[13], a[14], a[15]);
    return text;
}

static void networks(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        uint8_t address[16];
        bool have;
    } rows[] = {
        {"10.0.0.0/8", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 255, 1, 2}, true},
        {"10.0.0.0/8", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 11, 0, 0, 0}, false},
        {"10.128.0.0/9", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 127, 0, 0}, false},
        {"192.0.2.7", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 6}, false},
        {"::/0", {1, 2, 3}, true},
        {"2001:db8::/32", {0x20, 0x01, 0x0d, 0xb8, 9}, true},
        {"2001:db8::/32", {0x20, 0x01, 0x0d, 0xb9, 9}, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct forwarders one = {.n = 0};
        assert_int_equal(forwarders_parse(span_str(rows[i].list), &one, NULL), OK);
        assert_int_equal(forwarders_have(&one, rows[i].address), rows[i].have);
    }
    static const char *const wrong[] = {"",       "x",      "10.0.0.0/33", "10.0.0.0/",
                                        "::/129", "10.0.0", "10.0.0.0/8,", "a.example"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct forwarders one = {.n = 0};
        assert_int_equal(forwarders_parse(span_str(wrong[i]), &one, NULL), ERR_SYNTAX);
    }
}

static void the_last_that_is_no_forwarder(void **state)
{
    (void)state;
    assert_string_equal(client_of(""), "-");
    assert_string_equal(client_of("X-Forwarded-For: 203.0.113.5\r\n"), "203.0.113.5");
    /* what stands before was written by whoever came */
    assert_string_equal(client_of("X-Forwarded-For: 1.2.3.4, 203.0.113.5, 10.1.1.1\r\n"), "203.0.113.5");
    assert_string_equal(client_of("X-Forwarded-For: 1.2.3.4\r\nx-forwarded-for: 203.0.113.5\r\n"),
                        "203.0.113.5");
    assert_string_equal(client_of("X-Forwarded-For: 203.0.113.5\r\nX-Forwarded-For: 10.0.0.1\r\n"),
                        "203.0.113.5");
    assert_string_equal(client_of("X-Forwarded-For: 203.0.113.5, unknown\r\n"), "-");
    assert_string_equal(client_of("X-Forwarded-For: 10.0.0.1, 192.0.2.7\r\n"), "-");
    assert_string_equal(client_of("X-Forwarded-For:\r\n"), "-");
}

static void the_last_of_forwarded(void **state)
{
    (void)state;
    listed.how = FORWARDED_RFC7239;
    assert_string_equal(client_of("Forwarded: for=203.0.113.5;proto=https\r\n"), "203.0.113.5");
    assert_string_equal(client_of("Forwarded: for=1.2.3.4, for=203.0.113.5, for=\"10.1.1.1:80\"\r\n"),
                        "203.0.113.5");
    assert_string_equal(
        client_of("Forwarded: for=1.2.3.4\r\nforwarded: for=203.0.113.5\r\nForwarded: for=10.0.0.1\r\n"),
        "203.0.113.5");
    /* who does not say it, or says it wrongly, ends the search: what stands before was written by him */
    assert_string_equal(client_of("Forwarded: for=203.0.113.5, for=unknown\r\n"), "-");
    assert_string_equal(client_of("Forwarded: for=203.0.113.5, proto=http\r\n"), "-");
    assert_string_equal(client_of("Forwarded: for=203.0.113.5\r\nForwarded: for=10.0.0.1;\r\n"), "-");
    assert_string_equal(client_of("Forwarded: for=10.0.0.1\r\n"), "-");
    assert_string_equal(client_of("X-Forwarded-For: 203.0.113.5\r\n"), "-");
    listed.how = FORWARDED_FIELD;
    assert_string_equal(client_of("Forwarded: for=203.0.113.5\r\n"), "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(networks, set_up),
        cmocka_unit_test_setup(the_last_that_is_no_forwarder, set_up),
        cmocka_unit_test_setup(the_last_of_forwarded, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

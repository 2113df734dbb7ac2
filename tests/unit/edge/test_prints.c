/* Fingerprints of several workers: one id each, the text of the first look, and an end to the ids. */
#include "edge/prints.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct hits_ring *rings[3];
static struct prints prints;

static int fresh(void **state)
{
    (void)state;
    memset(&prints, 0, sizeof prints);
    for (int i = 0; i < 3; i++) {
        rings[i] = calloc(1, sizeof *rings[i]);
        assert_non_null(rings[i]);
    }
    return 0;
}

static int gone(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        free(rings[i]);
    }
    return 0;
}

static uint16_t http_id(uint32_t worker, uint16_t place)
{
    return prints_id(&prints, PRINTS_HTTP, rings[worker], worker, place);
}

static void same_for_all_workers(void **state)
{
    (void)state;
    rings[0]->prints[4] = (struct hits_print){.names = 0xabc, .n_fields = 3, .minor = 1};
    rings[1]->prints[9] = (struct hits_print){.names = 0xdef, .n_fields = 3, .minor = 1};
    rings[1]->prints[200] = rings[0]->prints[4];
    rings[1]->hellos[0] = (struct tls_hello){.ciphers = 7, .version = 13};
    assert_int_equal(http_id(0, 5), 1);
    assert_int_equal(http_id(1, 10), 2);
    assert_int_equal(http_id(1, 201), 1);
    assert_int_equal(http_id(0, 5), 1);
    assert_int_equal(prints_id(&prints, PRINTS_TLS, rings[1], 1, 1), 1); /* kinds count by themselves */
    assert_true(span_equal(prints_text(&prints, PRINTS_HTTP, 2),
                           span_str("http/1.1 fields=3 names=0000000000000def")));
    assert_true(span_starts(prints_text(&prints, PRINTS_TLS, 1), span_str("t13")));
}

static void none(void **state)
{
    (void)state;
    assert_int_equal(http_id(0, 0), 0);
    assert_int_equal(http_id(2, HITS_PRINTS + 1), 0);
    assert_int_equal(http_id(2, UINT16_MAX), 0);
}

/* A worker that was taken over writes what it likes: what was said of a fingerprint stays. */
static void altered_afterwards(void **state)
{
    (void)state;
    rings[0]->prints[0] = (struct hits_print){.names = 1, .n_fields = 2};
    assert_int_equal(http_id(0, 1), 1);
    rings[0]->prints[0] =
        (struct hits_print){.names = UINT64_MAX, .n_fields = UINT32_MAX, .minor = UINT32_MAX};
    assert_int_equal(http_id(0, 1), 1);
    assert_true(span_equal(prints_text(&prints, PRINTS_HTTP, 1),
                           span_str("http/1.0 fields=2 names=0000000000000001")));
}

static void no_id_left(void **state)
{
    (void)state;
    for (uint32_t worker = 0; worker < 3; worker++) {
        for (uint32_t i = 0; i < HITS_PRINTS; i++) {
            rings[worker]->prints[i] = (struct hits_print){.names = worker << 16 | i, .n_fields = 1};
        }
    }
    for (uint32_t n = 1; n <= 3 * HITS_PRINTS; n++) {
        uint32_t worker = (n - 1) / HITS_PRINTS;
        assert_int_equal(http_id(worker, (uint16_t)((n - 1) % HITS_PRINTS + 1)), n < HITS_IDS ? n : 0);
    }
    assert_int_equal(http_id(2, HITS_PRINTS), 0);
    assert_int_equal(http_id(0, 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(same_for_all_workers, fresh, gone),
                                       cmocka_unit_test_setup_teardown(none, fresh, gone),
                                       cmocka_unit_test_setup_teardown(altered_afterwards, fresh, gone),
                                       cmocka_unit_test_setup_teardown(no_id_left, fresh, gone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

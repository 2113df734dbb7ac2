/* Images: the same seed gives the same bytes, another one other bytes; every kind of box and every length fits. */
#include "image/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct image_acta an_acta(void)
{
    struct image_acta acta = {
        .title = SPAN("ACTA DE ESCRUTINIO Y CÓMPUTO - JEFATURA"), .n_votes = 18, .drill = true};
    for (unsigned i = 0; i < IMAGE_LINES; i++) {
        acta.lines[i] = SPAN("ALCALDÍA ÁLVARO OBREGÓN");
    }
    for (unsigned i = 0; i < IMAGE_FIELDS; i++) {
        acta.fields[i] = (struct image_box){SPAN("SOBRANTES"), 100 * i + i, IMAGE_NUMBER};
    }
    for (unsigned i = 0; i < acta.n_votes; i++) {
        acta.votes[i] = (struct image_box){SPAN("ALBA_FARO_RIO"), 37 * i, IMAGE_NUMBER};
    }
    return acta;
}

static void assert_jpeg(const struct buf *bytes)
{
    const uint8_t *at = (const uint8_t *)bytes->at;
    assert_true(bytes->len > 20000 && bytes->len < 150000);
    assert_int_equal(at[0] << 8 | at[1], 0xffd8);
    assert_int_equal(at[bytes->len - 2] << 8 | at[bytes->len - 1], 0xffd9);
}

static void test_seed_decides(void **state)
{
    (void)state;
    struct image_acta acta = an_acta();
    struct buf a = {0}, b = {0}, c = {0};
    image_draw(&acta, 1, &a);
    image_draw(&acta, 1, &b);
    image_draw(&acta, 2, &c);
    assert_jpeg(&a);
    assert_true(span_equal(buf_as_span(&a), buf_as_span(&b)));
    assert_false(span_equal(buf_as_span(&a), buf_as_span(&c)));
    buf_done(&a);
    buf_done(&b);
    buf_done(&c);
}

static void test_votes_decide(void **state)
{
    (void)state;
    struct image_acta acta = an_acta();
    struct buf a = {0}, b = {0};
    image_draw(&acta, 1, &a);
    acta.votes[17].value++;
    image_draw(&acta, 1, &b);
    assert_false(span_equal(buf_as_span(&a), buf_as_span(&b)));
    buf_done(&a);
    buf_done(&b);
}

static void test_appends_and_bounds(void **state)
{
    (void)state;
    struct image_acta acta = an_acta();
    struct buf out = {0};
    acta.n_votes = IMAGE_ROWS_MAX;
    for (unsigned i = 0; i < IMAGE_ROWS_MAX; i++) {
        acta.votes[i] = (struct image_box){SPAN("UN NOMBRE QUE ES MUCHO MÁS LARGO QUE SU LUGAR"), 999999,
                                           (uint8_t)(i % 4)};
    }
    acta.title =
        SPAN("un título que llega mucho más allá del borde derecho del papel y sigue y sigue y sigue \xc3");
    buf_str(&out, "x");
    for (uint64_t seed = 0; seed < 20; seed++) {
        image_draw(&acta, seed, &out);
        assert_int_equal(out.at[0], 'x');
        struct buf image = {.at = out.at + 1, .len = out.len - 1};
        assert_jpeg(&image);
        buf_truncate(&out, 1);
    }
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seed_decides),
        cmocka_unit_test(test_votes_decide),
        cmocka_unit_test(test_appends_and_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Twins unpack to what was packed, the same bytes every time, and hostile ones are refused within the limit.
 */
#include "wire/squeeze.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void fill(struct buf *text)
{
    for (unsigned i = 0; i < 5000; i++) {
        buf_printf(text, "<td>%u</td>", i * 7919u % 997u);
    }
}

typedef void (*squeeze)(struct squeezer *, struct span, struct buf *);
typedef enum err (*unsqueeze)(struct span, size_t, struct buf *);
static const struct {
    squeeze pack;
    unsqueeze unpack;
} kinds[] = {{squeeze_gzip, unsqueeze_gzip}, {squeeze_brotli, unsqueeze_brotli}};

static void test_round(void **state)
{
    (void)state;
    struct buf text = {0}, packed = {0}, again = {0}, plain = {0};
    fill(&text);
    const struct span inputs[] = {buf_as_span(&text), SPAN(""), SPAN("a")};
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
            struct squeezer *squeezer = squeezer_new(6, 5);
            buf_clear(&packed), buf_clear(&again), buf_clear(&plain);
            kinds[k].pack(squeezer, inputs[i], &packed);
            kinds[k].pack(squeezer, inputs[i], &again);
            assert_true(span_equal(buf_as_span(&packed), buf_as_span(&again)));
            assert_int_equal(kinds[k].unpack(buf_as_span(&packed), inputs[i].len, &plain), OK);
            assert_true(span_equal(buf_as_span(&plain), inputs[i]));
            squeezer_free(squeezer);
        }
    }
    buf_done(&text), buf_done(&packed), buf_done(&again), buf_done(&plain);
}

static void test_refused(void **state)
{
    (void)state;
    struct buf text = {0}, packed = {0}, plain = {0};
    struct squeezer *squeezer = squeezer_new(1, 1);
    fill(&text);
    for (size_t k = 0; k < 2; k++) {
        buf_clear(&packed);
        kinds[k].pack(squeezer, buf_as_span(&text), &packed);
        assert_int_equal(kinds[k].unpack(buf_as_span(&packed), text.len - 1, &plain), ERR_TOO_BIG);
        for (size_t cut = 0; cut < packed.len; cut += 97) {
            assert_int_not_equal(kinds[k].unpack(span_of(packed.at, cut), text.len, &plain), OK);
        }
        buf_char(&packed, 'x'); /* bytes after the end */
        assert_int_not_equal(kinds[k].unpack(buf_as_span(&packed), text.len, &plain), OK);
        assert_int_equal(plain.len, 0);
    }
    /* a gzip file that promises four gigabytes */
    const char bomb[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x03\x00\x00\x00\x00\x00\xff\xff\xff\xff";
    assert_int_equal(unsqueeze_gzip(span_of(bomb, sizeof bomb - 1), 1 << 20, &plain), ERR_TOO_BIG);
    assert_int_equal(unsqueeze_gzip(span_of(bomb, sizeof bomb - 1), SIZE_MAX, &plain), ERR_SYNTAX);
    squeezer_free(squeezer);
    buf_done(&text), buf_done(&packed), buf_done(&plain);
}

static void test_versions(void **state)
{
    (void)state;
    assert_true(span_starts(span_str(squeeze_versions()), SPAN("libdeflate ")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_versions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

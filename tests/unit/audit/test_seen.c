/* Repeated texts are found, whatever their order, and a list in ascending order costs no table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "audit/seen.h"

static void tell(void *arg, uint32_t first_row, const struct seen_item *again, uint32_t times)
{
    buf_printf(arg, "[%u again %u, %u times]", first_row, again->row, times);
}

/* The words of a line are noted as rows 1, 2, ...; what is told of them is compared. */
static void check(const char *words, bool hashed, const char *expected)
{
    struct seen seen;
    struct span file = span_str(words);
    struct span rest = file;
    uint32_t row = 0;
    seen_init(&seen, file, 2, NULL);
    while (rest.at != NULL && rest.len > 0) {
        struct span word = span_cut(&rest, ' ');
        seen_add(&seen, word, hashed ? word : span_of(NULL, 0), ++row, word.at);
    }
    struct buf told;
    buf_init(&told, 0);
    seen_repeated(&seen, tell, &told);
    assert_string_equal(buf_cstr(&told), expected);
    buf_done(&told);
    seen_done(&seen);
}

static void repeated(void **state)
{
    (void)state;
    for (int hashed = 0; hashed < 2; hashed++) {
        check("", hashed, "");
        check("a", hashed, "");
        check("a b c", hashed, "");
        check("c b a", hashed, "");
        check("a a", hashed, "[1 again 2, 2 times]");
        check("b a b c b a", hashed, "[1 again 3, 2 times][1 again 5, 3 times][2 again 6, 2 times]");
    }
}

/* Hundreds of texts, some of them outside the file, more than there was room for at first. */
static void many(void **state)
{
    (void)state;
    char file[8] = "in file";
    struct seen seen;
    seen_init(&seen, span_of(file, 7), 1, NULL);
    for (uint32_t row = 1; row <= 900; row++) {
        char text[20];
        int len = snprintf(text, sizeof text, "key %u", row % 450);
        seen_add(&seen, span_of(text, (size_t)len), span_of(NULL, 0), row, file);
    }
    struct buf told;
    buf_init(&told, 0);
    seen_repeated(&seen, tell, &told);
    unsigned n = 0;
    for (size_t i = 0; i < told.len; i++) {
        n += told.at[i] == '[';
    }
    assert_int_equal(n, 450);
    assert_true(span_starts(buf_as_span(&told), SPAN("[1 again 451, 2 times][2 again 452")));
    buf_done(&told);
    seen_done(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(repeated), cmocka_unit_test(many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

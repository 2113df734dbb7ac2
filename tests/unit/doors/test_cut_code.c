/* Codes of cuts: one known by other means, and how people write them down. */
#include "doors/cut_code.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* printf ''    | sha256sum | xxd -r -p | head -c 10 | base32
 * printf 'abc' | sha256sum | xxd -r -p | head -c 10 | base32 */
static void test_known(void **state)
{
    (void)state;
    char code[CUT_CODE_LEN + 1];
    cut_code_print(SPAN(""), code);
    assert_string_equal(code, "4OYM-IQUY-7QOB-JGX3");
    cut_code_print(SPAN("abc"), code);
    assert_string_equal(code, "XJ4B-NP4P-AHH6-UQKB");
}

static void test_heard(void **state)
{
    (void)state;
    static const char *const same[] = {"4OYM-IQUY-7QOB-JGX3", "4oymiquy7qobjgx3", " 4OYM IQUY 7QOB JGX3",
                                       "40ym 1quy 7qo8 jgx3", "4-O-Y-M-IQUY7QOBJGX3--"};
    static const char *const bad[] = {"",
                                      "4OYM-IQUY-7QOB-JGX",
                                      "4OYM-IQUY-7QOB-JGX3-A",
                                      "4OYM-IQUY-7QOB-JGX9",
                                      "4OYM.IQUY.7QOB.JGX3",
                                      "4OYM-IQUY\r7QOB-JGX3",
                                      "4OYM-IQUY-7QOB-JG\xc3\x91"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        char code[CUT_CODE_LEN + 1];
        assert_true(cut_code_read(span_str(same[i]), code));
        assert_string_equal(code, "4OYM-IQUY-7QOB-JGX3");
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char code[CUT_CODE_LEN + 1] = "as before";
        assert_false(cut_code_read(span_str(bad[i]), code));
        assert_string_equal(code, "as before");
    }
    char code[CUT_CODE_LEN + 1] = "";
    assert_false(cut_code_read(span_of("4OYMIQUY7QOBJGX\0", 16), code));
}

static void test_path(void **state)
{
    (void)state;
    char path[CUT_PROOF_PATH_MAX];
    cut_proof_path(0, path);
    assert_string_equal(path, "log/cut-0.tlog-proof");
    cut_proof_path(UINT32_MAX, path);
    assert_string_equal(path, "log/cut-4294967295.tlog-proof");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_known), cmocka_unit_test(test_heard),
                                       cmocka_unit_test(test_path)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

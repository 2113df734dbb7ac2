/* The published words of a sheet. */
#include "tally/sheet.h"

#include "example.h"

static void cells_are_read_in_their_words(void **unused)
{
    (void)unused;
    struct cell cell = {0};
    assert_int_equal(cell_parse(SPAN("0"), &cell), OK);
    assert_int_equal(cell.state, CELL_NUMBER);
    assert_int_equal(cell.value, 0);
    /* A real table held 38,707 votes: three digits are not enough. */
    assert_int_equal(cell_parse(SPAN("38707"), &cell), OK);
    assert_int_equal(cell.value, 38707);
    assert_int_equal(cell_parse(SPAN("999999"), &cell), OK);
    assert_int_equal(cell.value, 999999);
    for (int i = CELL_ILLEGIBLE; i <= CELL_NA; i++) {
        assert_int_equal(cell_parse(cell_word((enum cell_state)i), &cell), OK);
        assert_int_equal(cell.state, i);
        assert_int_equal(cell.value, 0);
    }
}

static void other_cells_are_refused(void **unused)
{
    (void)unused;
    static const char *const wrong[] = {"",    " ",  "-",   "+1", "01", "1 ",       "1,000",    "1.0",
                                        "0x1", "-1", "1e3", "--", "SI", "ilegible", "SIN DATOS"};
    struct cell cell = {.value = 5, .state = CELL_NA};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(cell_parse(span_str(wrong[i]), &cell), ERR_SYNTAX);
    }
    assert_int_equal(cell_parse(SPAN("1000000"), &cell), ERR_RANGE);
    assert_int_equal(cell_parse(SPAN("99999999999999999999999"), &cell), ERR_RANGE);
    assert_int_equal(cell.value, 5);
    assert_int_equal(cell.state, CELL_NA);
}

static void words_are_those_of_the_leeme(void **unused)
{
    (void)unused;
    assert_true(span_is(cell_word(CELL_ILLEGIBLE), "ILEGIBLE"));
    assert_true(span_is(cell_word(CELL_BLANK), "SIN DATO"));
    assert_true(span_is(cell_word(CELL_NO_ACTA), "SIN ACTA"));
    assert_true(span_is(cell_word(CELL_NA), "N/A"));
    assert_true(span_is(no_acta_words(NO_ACTA_NOT_INSTALLED), "SIN ACTA POR CASILLA NO INSTALADA"));
    assert_true(span_is(no_acta_words(NO_ACTA_NOT_DELIVERED), "SIN ACTA POR PAQUETE NO ENTREGADO"));
    assert_true(span_is(no_acta_words(NO_ACTA_NO_BAG), "SIN ACTA POR PAQUETE ENTREGADO SIN BOLSA"));
    assert_true(span_starts(no_acta_words(NO_ACTA_URN), SPAN("SIN ACTA POR CONTINGENCIA")));
    assert_true(span_is(origin_word(ORIGIN_CASILLA), "CASILLA"));
    assert_true(span_is(origin_word(ORIGIN_NONE), "N/A"));
    assert_true(span_is(means_word(MEANS_MOBILE), "MOVIL"));
    assert_true(span_is(means_word(MEANS_SCANNER), "ESCANER"));
    assert_true(span_is(document_word(DOCUMENT_PREP), "ACTA PREP"));
    assert_true(span_is(document_word(DOCUMENT_VRME), "ACTA VRME"));
    assert_true(span_is(document_word(DOCUMENT_VA), "ACTA VA"));
    assert_true(span_is(document_word(DOCUMENT_VPPP), "ACTA VPPP"));
    assert_true(span_is(document_word(DOCUMENT_UE), "ACTA UE"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_read_in_their_words),
        cmocka_unit_test(other_cells_are_refused),
        cmocka_unit_test(words_are_those_of_the_leeme),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* How a database is written, found out from its bytes: separator, encoding, row ends, and the lines of its head. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "prepdb/dialect.h"

static struct layout found(const char *text)
{
    struct layout layout;
    struct why why = {""};
    assert_int_equal(layout_find(span_str(text), &layout, &why), OK);
    return layout;
}

static void refused(struct span text, enum err err)
{
    struct layout layout;
    struct why why = {""};
    assert_int_equal(layout_find(text, &layout, &why), err);
    assert_true(why.text[0] != '\0');
}

#define NAMES(s)                                                                                             \
    "CLAVE_CASILLA" s "CLAVE_ACTA" s "SECCION" s "ID_CASILLA" s "TIPO_CASILLA" s "LISTA_NOMINAL" s "ROJO" s  \
    "NULOS\n"

static void separators(void **state)
{
    (void)state;
    assert_int_equal(found(NAMES(",") "1,2,3,4,B,6,7,8\n").dialect.separator, ',');
    assert_int_equal(found(NAMES("|") "1|2|3|4|B|6|7|8\n").dialect.separator, '|');
    assert_int_equal(found(NAMES(";") "a,b;2;3;4;B;6;7;8\n").dialect.separator, ';');
    assert_int_equal(found(NAMES("\t") "1,2,3,4,5,6,7,8,9\n").dialect.separator, '\t');
}

static void head(void **state)
{
    (void)state;
    struct layout l = found(
        "JEFATURA\n12/05/2024 21:20(UTC-6)\n,\nACTAS_ESPERADAS,ACTAS_CAPTURADAS,TOTAL_VOTOS_C_CS\n1,2,3\n\n" NAMES(
            ",") "1,2,3,4,B,6,7,8\n");
    assert_int_equal(l.first_row, 1);
    assert_int_equal(l.title_row, 1);
    assert_int_equal(l.cut_row, 2);
    assert_int_equal(l.figures_row, 4);
    assert_int_equal(l.values_row, 5);
    assert_int_equal(l.names_row, 7);
    l = found(NAMES(","));
    assert_int_equal(l.names_row, 1);
    assert_int_equal(l.title_row + l.cut_row + l.figures_row + l.values_row, 0);
}

static void how_it_begins(void **state)
{
    (void)state;
    struct layout l = found("\xef\xbb\xbfsep=|\r\n" NAMES("|"));
    assert_true(l.dialect.bom && l.dialect.sep_line);
    assert_int_equal(l.dialect.separator, '|');
    assert_int_equal(l.first_row, 2);
    assert_int_equal(l.names_row, 2);
    assert_true(span_starts(l.body, SPAN("CLAVE_CASILLA|")));
}

static void row_ends_and_letters(void **state)
{
    (void)state;
    assert_int_equal(found(NAMES(",")).dialect.row_end, ROW_END_LF);
    assert_int_equal(found("T\r\n" NAMES(",")).dialect.row_end, ROW_END_CRLF);
    assert_int_equal(found("T\rU\n" NAMES(",")).dialect.row_end, ROW_END_CR);
    assert_false(found("M\xc3\xa9xico\n" NAMES(",")).dialect.latin1);
    assert_true(found("M\xe9xico\n" NAMES(",")).dialect.latin1);
    assert_true(found(NAMES(",") "M\xe9").dialect.latin1);
    assert_true(found(NAMES(",") "cut in the middle of a letter: \xc3").dialect.latin1);
}

static void no_database(void **state)
{
    (void)state;
    static char wide[8192];
    memset(wide, ',', sizeof wide);
    memcpy(wide, NAMES(","), sizeof NAMES(",") - 2);
    refused(span_of("", 0), ERR_MISSING);
    refused(span_str("hello\nworld\n"), ERR_MISSING);
    refused(span_str("SECCION,TIPO_CASILLA,NULOS\n1,B,3\n"),
            ERR_MISSING); /* too few names that anybody knows */
    refused(span_of("a\0b", 3), ERR_MISSING);
    refused(span_of(wide, sizeof wide), ERR_TOO_BIG);
}

/* An official name, other years' spellings of it, and columns that are about something else than votes. */
static void names(void **state)
{
    (void)state;
    static const struct {
        const char *cell;
        enum field field;
    } rows[] = {
        {"CLAVE_ACTA", F_ACTA_KEY},
        {" 'clave acta' ", F_ACTA_KEY},
        {"NUM_BOLETAS_SOBRANTES", F_LEFTOVER},
        {"SHA", F_IMAGE},
        {"VOTOS_NULOS", F_NULLS},
        {"NO_REGISTRADOS", F_WRITE_IN},
        {"ID_DE_ALGO", F_OTHER},
        {"", F_OTHER},
        {"PAN_PRI_PRD", F_UNKNOWN},
        {"CLAVE_ACTAS", F_OTHER},
        {"SECCIONES", F_OTHER},
        {"MORENA", F_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct name name = name_of(span_str(rows[i].cell));
        assert_int_equal(field_of(&name), rows[i].field);
    }
    for (int field = 0; field < FIELDS; field++) {
        struct name name = name_of(span_str(field_name((enum field)field)));
        assert_int_equal(field_of(&name), field);
    }
    for (int figure = 0; figure < FIGURES; figure++) {
        struct name name = name_of(span_str(figure_name((enum figure)figure)));
        assert_int_equal(figure_of(&name), figure);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(separators),    cmocka_unit_test(head),
        cmocka_unit_test(how_it_begins), cmocka_unit_test(row_ends_and_letters),
        cmocka_unit_test(no_database),   cmocka_unit_test(names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Each rule over the rows of a database, by one row that breaks it between others that are right: what is found, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "audit/audit.h"

enum { COLUMNS = 30, EDITS = 6, ROWS = 3 };

static const struct {
    const char *name, *value;
} columns[COLUMNS] = {
    {"CLAVE_CASILLA", "090001B0100"},
    {"CLAVE_ACTA", "090001B0100A02"},
    {"ID_ENTIDAD", "09"},
    {"ENTIDAD", "CDMX"},
    {"SECCION", "0001"},
    {"ID_CASILLA", "01"},
    {"TIPO_CASILLA", "B"},
    {"EXT_CONTIGUA", "00"},
    {"UBICACION_CASILLA", "1"},
    {"TIPO_ACTA", "A02"},
    {"TOTAL_BOLETAS_SOBRANTES", "70"},
    {"TOTAL_PERSONAS_VOTARON", "30"},
    {"TOTAL_REP_PARTIDO_CI_VOTARON", "1"},
    {"TOTAL_VOTOS_SACADOS", "31"},
    {"ROJO", "10"},
    {"AZUL", "20"},
    {"NULOS", "1"},
    {"TOTAL_VOTOS_ASENTADO", "31"},
    {"TOTAL_VOTOS_CALCULADO", "31"},
    {"LISTA_NOMINAL", "100"},
    {"REPRESENTANTES_PP_CI", "2"},
    {"OBSERVACIONES", "--"},
    {"CONTABILIZADA", "1"},
    {"CODIGO_INTEGRIDAD", "0000000000000000000000000000000000000000000000000000000000000001"},
    {"FECHA_HORA_ACOPIO", "01/06/2027 20:00:00 (UTC-6)"},
    {"FECHA_HORA_CAPTURA", "01/06/2027 20:10:00 (UTC-6)"},
    {"FECHA_HORA_VERIFICACION", "01/06/2027 20:20:00 (UTC-6)"},
    {"ORIGEN", "CATD"},
    {"DIGITALIZACION", "ESCANER"},
    {"TIPO_DOCUMENTO", "ACTA PREP"},
};

struct edit {
    const char *column, *value;
};

struct test {
    const char *found; /* ids of all rules that have something to say, in their own order */
    struct edit edits[EDITS];
};

static const char *value_of(const struct edit *edits, int column)
{
    for (int i = 0; edits != NULL && i < EDITS && edits[i].column != NULL; i++) {
        if (strcmp(edits[i].column, columns[column].name) == 0) {
            return edits[i].value;
        }
    }
    return columns[column].value;
}

/* Row 0 is the edited one; the others differ from the pattern in what identifies them. */
static void put_row(struct buf *out, const struct edit *edits, int row)
{
    for (int i = 0; i < COLUMNS; i++) {
        const char *value = value_of(row == 0 ? edits : NULL, i);
        if (row > 0 && i < 2) {
            buf_printf(out, "%s0900%02dB0100%s", i == 0 ? "" : ",", row + 1, i == 0 ? "" : "A02");
        } else if (row > 0 && strcmp(columns[i].name, "SECCION") == 0) {
            buf_printf(out, ",00%02d", row + 1);
        } else if (row > 0 && strcmp(columns[i].name, "CODIGO_INTEGRIDAD") == 0) {
            buf_printf(out, ",%064d", row + 1);
        } else {
            buf_printf(out, "%s%s", i == 0 ? "" : ",", value);
        }
    }
    buf_char(out, '\n');
}

static void put_database(struct buf *out, const struct edit *edits)
{
    buf_str(
        out,
        "ELECCION\n01/06/2027 23:00 (UTC-6)\n\nACTAS_ESPERADAS,ACTAS_CAPTURADAS,ACTAS_POR_CAPTURAR\n4,3,1\n\n");
    for (int i = 0; i < COLUMNS; i++) {
        buf_printf(out, "%s%s", i == 0 ? "" : ",", columns[i].name);
    }
    buf_char(out, '\n');
    for (int row = 0; row < ROWS; row++) {
        put_row(out, edits, row);
    }
}

static void found_in(struct span text, struct buf *out)
{
    struct audit audit;
    struct why why = {""};
    struct audit_options options = {0};
    assert_int_equal(audit_check(&audit, text, &options, &why), OK);
    assert_int_equal(audit.n_databases, 1);
    for (int rule = 0; rule < AUDIT_RULES; rule++) {
        const struct finding *finding = &audit.databases[0]->findings[rule];
        assert_true(finding->n_examples <= finding->count);
        if (finding->count > 0) {
            buf_printf(out, "%s%s", out->len > 0 ? " " : "", rule_texts[rule].id);
        }
    }
    audit_done(&audit);
}

static void check(const struct test *test)
{
    struct buf text = {0};
    struct buf found = {0};
    put_database(&text, test->edits);
    found_in(buf_as_span(&text), &found);
    if (strcmp(buf_cstr(&found), test->found) != 0) {
        fail_msg("%s=%s: found \"%s\", expected \"%s\"", test->edits[0].column, test->edits[0].value,
                 buf_cstr(&found), test->found);
    }
    buf_done(&text);
    buf_done(&found);
}

static void nothing_is_wrong(void **state)
{
    (void)state;
    check(&(struct test){"", {{NULL, NULL}}});
}

static void keys(void **state)
{
    (void)state;
    static const struct test tests[] = {
        {"clave-casilla", {{"CLAVE_CASILLA", "090001B010"}}},
        {"clave-casilla clave-acta", {{"CLAVE_CASILLA", "0900010B100"}}},
        {"clave-casilla clave-acta", {{"CLAVE_CASILLA", "090009B0100"}}}, /* another section than its cell */
        {"clave-casilla clave-acta", {{"CLAVE_CASILLA", ""}}},
        {"clave-casilla clave-acta", {{"CLAVE_CASILLA", "\xf0\x9f\x97\xb3\xef\xb8\x8f"}}},
        {"clave-acta", {{"CLAVE_ACTA", "090001B0100A03"}}},
        {"clave-acta", {{"CLAVE_ACTA", "090001B0100A02A"}}},
        {"", {{"CLAVE_ACTA", "090001B010000A02"}}}, /* federal databases pad the form */
        {"clave-acta clave-repetida", {{"CLAVE_ACTA", "090002B0100A02"}}},
        {"id-casilla", {{"ID_CASILLA", "1a"}}},
        {"id-casilla", {{"ID_CASILLA", "001"}}},
        {"clave-casilla tipo-casilla", {{"TIPO_CASILLA", "X"}}},
        {"tipo-casilla", {{"TIPO_CASILLA", "BB"}}},
    };
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        check(&tests[i]);
    }
}

static void figures(void **state)
{
    (void)state;
    /* A cell that is no number counts as blank, with all that follows from it. */
#define NO_NUMBER                                                                                            \
    "celda-invalida total-calculado-difiere observacion-difiere algun-campo-ilegible-o-sin-dato "            \
    "total-asentado-difiere sacados-difiere"
    static const struct test tests[] = {
        {NO_NUMBER, {{"ROJO", "diez"}}},
        {NO_NUMBER, {{"ROJO", "-1"}}},
        {NO_NUMBER, {{"ROJO", "1e9"}}},
        {NO_NUMBER, {{"ROJO", "99999999999999999999"}}},
        {"total-calculado-difiere", {{"TOTAL_VOTOS_CALCULADO", "32"}}},
        {"total-calculado-difiere", {{"TOTAL_VOTOS_CALCULADO", "N/A"}}},
        {"total-asentado-difiere", {{"TOTAL_VOTOS_ASENTADO", "32"}}},
        {"sacados-difiere votantes-difiere", {{"TOTAL_VOTOS_SACADOS", "32"}}},
        {"votantes-difiere", {{"TOTAL_PERSONAS_VOTARON", "29"}}},
        {"contabilizada-que-excede observacion-difiere excede-lista-nominal", {{"LISTA_NOMINAL", "20"}}},
        {"excede-lista-nominal",
         {{"LISTA_NOMINAL", "20"}, {"CONTABILIZADA", "0"}, {"OBSERVACIONES", "EXCEDE LISTA NOMINAL"}}},
        {"no-contabilizada-sin-motivo", {{"CONTABILIZADA", "0"}}},
        {"no-contabilizada-sin-motivo contabilizada-valor", {{"CONTABILIZADA", "3"}}},
        {"no-contabilizada-sin-motivo contabilizada-valor", {{"CONTABILIZADA", ""}}},
        {"encabezado-difiere fuera-de-catalogo",
         {{"CONTABILIZADA", "2"}, {"OBSERVACIONES", "FUERA DE CATÁLOGO"}}},
        {"observacion-desconocida", {{"OBSERVACIONES", "PALABRAS DE NADIE"}}},
    };
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        check(&tests[i]);
    }
}

static void images_and_times(void **state)
{
    (void)state;
#define ZEROS "00000000000000000000000000000000000000000000000000000000000000"
    static const struct test tests[] = {
        {"codigo-de-integridad", {{"CODIGO_INTEGRIDAD", ZEROS "1"}}},
        {"codigo-de-integridad", {{"CODIGO_INTEGRIDAD", ZEROS "0g"}}},
        {"codigo-de-integridad", {{"CODIGO_INTEGRIDAD", ZEROS "011"}}},
        {"contabilizada-sin-imagen", {{"CODIGO_INTEGRIDAD", "N/A"}}},
        {"imagen-repetida", {{"CODIGO_INTEGRIDAD", ZEROS "02"}}},
        {"hora-formato", {{"FECHA_HORA_CAPTURA", "2027-06-01 20:10"}}},
        {"hora-formato", {{"FECHA_HORA_CAPTURA", "31/02/2027 20:10:00 (UTC-6)"}}},
        {"hora-formato", {{"FECHA_HORA_CAPTURA", "01/06/2027 25:10:00 (UTC-6)"}}},
        {"hora-faltante", {{"FECHA_HORA_VERIFICACION", "N/A"}}},
        {"captura-antes-de-acopio", {{"FECHA_HORA_ACOPIO", "01/06/2027 20:15:00 (UTC-6)"}}},
        {"verificacion-antes-de-captura", {{"FECHA_HORA_VERIFICACION", "01/06/2027 20:05:00 (UTC-6)"}}},
        {"hora-posterior-al-corte", {{"FECHA_HORA_VERIFICACION", "01/06/2027 23:01:00 (UTC-6)"}}},
        {"", {{"FECHA_HORA_VERIFICACION", "01/06/2027 23:00:59 (UTC-6)"}}}, /* the cut's minute is not over */
        {"tipo-documento", {{"TIPO_DOCUMENTO", "ACTA UE"}}},
    };
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        check(&tests[i]);
    }
}

static void shapes_of_rows(void **state)
{
    (void)state;
    static const struct {
        const char *more, *found;
    } tests[] = {
        {"\n\n \n,,\n", ""}, /* blank lines are nothing */
        {"090004B0100,1\n", "fila-desigual"},
        {"090004B0100,1", "archivo-cortado"},
        {"\"090004B0100,1\n1\n", "archivo-cortado"},
        {",,,CDMX,,,,,,,,,,,,,,,,,,,,,,,,,,,\n", "fila-sin-identificacion"},
    };
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        struct buf text = {0};
        struct buf found = {0};
        put_database(&text, NULL);
        buf_str(&text, tests[i].more);
        found_in(buf_as_span(&text), &found);
        assert_string_equal(buf_cstr(&found), tests[i].found);
        buf_done(&text);
        buf_done(&found);
    }
}

/* A defect in every row costs five examples and no more; its count is right. */
static void a_defect_in_every_row(void **state)
{
    (void)state;
    struct audit audit;
    struct why why = {""};
    struct audit_options options = {0};
    struct buf text = {0};
    buf_str(
        &text,
        "CLAVE_ACTA,SECCION,TIPO_CASILLA,ROJO,AZUL,NULOS,TOTAL_VOTOS_CALCULADO,LISTA_NOMINAL,REPRESENTANTES_PP_CI,CONTABILIZADA\n");
    for (int i = 0; i < 5000; i++) {
        buf_printf(&text, "acta %d,%04d,B,1,1,1,4,9,1,1\n", i, i);
    }
    assert_int_equal(audit_check(&audit, buf_as_span(&text), &options, &why), OK);
    const struct finding *finding = &audit.databases[0]->findings[RULE_COMPUTED];
    assert_int_equal(finding->count, 5000);
    assert_int_equal(finding->n_examples, EXAMPLES_MAX);
    assert_int_equal(finding->examples[0].row, 2);
    assert_int_equal(audit.databases[0]->published.votes, 15000);
    audit_done(&audit);
    buf_done(&text);
}

/* What a file says must steer no terminal and break no reader of JSON, wherever a sentence repeats it. */
static void hostile_words(void **state)
{
    (void)state;
    static const char *const words[] = {"\x1b]0;titulo\x07\x1b[2J", "\xc2\x9b[31m",
                                        "\xe2\x80\xae\xff\xfe\x80", "\"\"\"}],\"\"x\"\":[{\"",
                                        "\x7f\x01\x02\x1f",         "<script>alert(1)</script>"};
    static const char *const where[] = {"ROJO",   "CLAVE_CASILLA", "ID_CASILLA",        "OBSERVACIONES",
                                        "ORIGEN", "CONTABILIZADA", "FECHA_HORA_ACOPIO", "CODIGO_INTEGRIDAD"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        for (size_t k = 0; k < sizeof where / sizeof *where; k++) {
            struct test test = {"", {{where[k], words[i]}}};
            struct audit audit;
            struct why why = {""};
            struct audit_options options = {0};
            struct buf text = {0};
            struct buf out = {0};
            put_database(&text, test.edits);
            assert_int_equal(audit_check(&audit, buf_as_span(&text), &options, &why), OK);
            audit_print_json(&audit, words[i], &out);
            audit_print_text(&audit, "base.csv", (struct print_options){.english = true}, &out);
            audit_print_text(&audit, "base.csv", (struct print_options){.english = false}, &out);
            for (size_t at = 0; at < out.len; at++) {
                unsigned char c = (unsigned char)out.at[at];
                assert_true((c >= 0x20 || c == '\n') && c != 0x7f);
                assert_false(c == 0xc2 && at + 1 < out.len && (unsigned char)out.at[at + 1] < 0xa0);
            }
            audit_done(&audit);
            buf_done(&text);
            buf_done(&out);
        }
    }
}

/* What is no database at all is refused with a sentence in both languages. */
static void no_database(void **state)
{
    (void)state;
    static const char *const files[] = {"",           "\n",         "hola\n",      "a,b,c\n1,2,3\n",
                                        "PK\x05\x06", "%PDF-1.7\n", "\xff\xfe\x00"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct audit audit;
        struct why why = {""};
        struct audit_options options = {0};
        enum err err = audit_check(&audit, span_str(files[i]), &options, &why);
        assert_int_not_equal(err, OK);
        assert_true(why.text[0] != '\0');
        audit_done(&audit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_wrong), cmocka_unit_test(keys),
        cmocka_unit_test(figures),          cmocka_unit_test(images_and_times),
        cmocka_unit_test(shapes_of_rows),   cmocka_unit_test(a_defect_in_every_row),
        cmocka_unit_test(hostile_words),    cmocka_unit_test(no_database),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

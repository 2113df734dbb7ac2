/* The audit on small databases written here, and its short cuts against the long way round. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "audit/audit.h"
#include "prepdb/cells.h"

#define NAMES                                                                                                      \
    "CLAVE_CASILLA,CLAVE_ACTA,SECCION,TIPO_CASILLA,TIPO_ACTA,ROJO,AZUL,NULOS,TOTAL_VOTOS_CALCULADO,LISTA_NOMINAL," \
    "REPRESENTANTES_PP_CI,OBSERVACIONES,CONTABILIZADA\n"
#define HEADER "ELECCION\n01/06/2027 20:00 (UTC-6)\n\n"

static const struct finding *find(const struct database *db, const char *id)
{
    for (int rule = 0; rule < AUDIT_RULES; rule++) {
        if (strcmp(rule_texts[rule].id, id) == 0) {
            return &db->findings[rule];
        }
    }
    fail_msg("no rule %s", id);
    return NULL;
}

static void open_audit(struct audit *audit, const char *text)
{
    struct why why = {""};
    struct audit_options options = {0};
    assert_int_equal(audit_check(audit, span_str(text), &options, &why), OK);
    assert_int_equal(audit->n_databases, 1);
}

static void a_right_database(void **state)
{
    (void)state;
    struct audit audit;
    open_audit(&audit, HEADER
               "ACTAS_ESPERADAS,ACTAS_CAPTURADAS,PORCENTAJE_ACTAS_CAPTURADAS,TOTAL_VOTOS_C_CS\n"
               "3,2,66.6666,60\n\n" NAMES "090001B0100,090001B0100A02,0001,B,A02,10,20,0,30,100,2,--,1\n"
               "090002B0100,090002B0100A02,0002,B,A02,10,ILEGIBLE,20,30,100,2,"
               "ALGÚN CAMPO ILEGIBLE O SIN DATO,1\n");
    const struct database *db = audit.databases[0];
    assert_true(database_ok(db));
    assert_int_equal(db->rows, 2);
    assert_int_equal(db->published.votes, 60);
    assert_int_equal(db->published.columns[0], 20);
    for (unsigned i = 0; i < db->n_summary; i++) {
        assert_true(db->summary[i].ok);
    }
    audit_done(&audit);
}

static void rounding_is_refused(void **state)
{
    (void)state;
    struct audit audit;
    open_audit(&audit,
               HEADER "ACTAS_ESPERADAS,ACTAS_CAPTURADAS,PORCENTAJE_ACTAS_CAPTURADAS\n3,2,66.6667\n\n" NAMES
                      "090001B0100,090001B0100A02,0001,B,A02,10,20,0,30,100,2,--,1\n"
                      "090002B0100,090002B0100A02,0002,B,A02,10,20,0,30,100,2,--,1\n");
    const struct database *db = audit.databases[0];
    assert_false(database_ok(db));
    assert_int_equal(find(db, "porcentaje-redondeado")->count, 1);
    assert_int_equal(find(db, "encabezado-difiere")->count, 1);
    audit_done(&audit);
}

static void rows_are_judged(void **state)
{
    (void)state;
    struct audit audit;
    open_audit(&audit, NAMES "090001B0100,090001B0100A02,0001,B,A02,90,20,0,110,100,2,--,1\n"
                             "090001B0100,090001B0100A02,0001,B,A02,1,1,1,3,100,2,--,0\n"
                             "090002B0100,090002B0100A03,0002,B,A02,ILEGIBLE,SIN DATO,SIN DATO,0,100,2,--,1\n"
                             "090003B0100,090003B0100A02,0003,B,A02,1,uno,1,5,100,2,--,1\n");
    const struct database *db = audit.databases[0];
    assert_int_equal(find(db, "sin-encabezado")->count, 1);
    assert_int_equal(find(db, "contabilizada-que-excede")->count, 1);
    assert_int_equal(find(db, "no-contabilizada-sin-motivo")->count, 1);
    assert_int_equal(find(db, "contabilizada-sin-dato-legible")->count, 1);
    assert_int_equal(find(db, "clave-acta")->count, 1);
    assert_int_equal(find(db, "clave-repetida")->count, 1);
    assert_int_equal(find(db, "celda-invalida")->count, 1);
    assert_int_equal(find(db, "total-calculado-difiere")->count, 1);
    assert_int_equal(find(db, "celda-invalida")->examples[0].row, 5);
    audit_done(&audit);
}

/* Every text of up to seven characters over digits and their neighbours: the fast way never says another number than the
 * slow one. */
static void fast_digits(void **state)
{
    (void)state;
    static const char alphabet[] = "0159/: -A\xb0";
    uint64_t random = 1;
    for (int i = 0; i < 200000; i++) {
        char text[16] = "99999999999999";
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407U;
        size_t len = random >> 60 & 7;
        for (size_t at = 0; at < len; at++) {
            size_t pick = random >> (at * 4 + 20) & 15;
            text[at] = alphabet[pick < 10 ? pick : pick % 4];
        }
        uint32_t fast = 0;
        uint32_t slow = 0;
        bool is_fast = cell_digits_fast(span_of(text, len), 7, &fast);
        bool is_slow = len <= 7 && cell_number(span_of(text, len), &slow);
        assert_true(is_fast == is_slow && fast == slow);
    }
}

/* A time spelled as the rule says is read all digits at a time; without its zone it takes the long way. */
static void fast_clock(void **state)
{
    (void)state;
    static const char good[] = "01/06/2027 19:59:38 (UTC-6)";
    struct time_reader fast = {0};
    struct time_reader slow = {0};
    assert_true(cell_time(&fast, span_str(good)) > 0);
    for (size_t at = 11; at < 19; at++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[sizeof good];
            memcpy(text, good, sizeof good);
            text[at] = (char)byte;
            int64_t expected = cell_time(&slow, span_of(text, 19));
            if (at == 16 && byte != ':') {
                expected = TIME_BROKEN; /* no seconds: the long way then wants a zone there */
            }
            assert_int_equal(cell_time(&fast, span_of(text, 27)), expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_database), cmocka_unit_test(rounding_is_refused),
        cmocka_unit_test(rows_are_judged), cmocka_unit_test(fast_digits), cmocka_unit_test(fast_clock)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

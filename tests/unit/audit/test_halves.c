/* A database read by two threads is reported word for word as when one reads it, wherever its middle lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "audit/audit.h"

enum { ROWS = 230, MANY_ROWS = 4000, SHIFTS = 150, ONE_THREAD = INT32_MAX };

#define NAMES                                                                                                      \
    "CLAVE_CASILLA,CLAVE_ACTA,SECCION,TIPO_CASILLA,TIPO_ACTA,UBICACION_CASILLA,TOTAL_BOLETAS_SOBRANTES,ROJO,AZUL," \
    "NULOS,TOTAL_VOTOS_ASENTADO,TOTAL_VOTOS_CALCULADO,LISTA_NOMINAL,REPRESENTANTES_PP_CI,OBSERVACIONES,"           \
    "CONTABILIZADA,CODIGO_INTEGRIDAD,FECHA_HORA_ACOPIO,FECHA_HORA_CAPTURA,ORIGEN,NOTA\n"

/* One row, with some defect in most of them; rows of both halves share keys and images. */
static void put_row(struct buf *out, unsigned i, const char *end)
{
    unsigned section = i % 97 == 0 ? 7 : i;
    if (i % 29 == 0) {
        buf_printf(out, i % 2 ? "09,%u\n" : "%u\n", i); /* short: nothing of the row before may show */
    }
    buf_printf(out, "09%04uB0100,09%04uB0100%s,%04u,%s,A02,%u,%u,", section, section, i % 31 ? "A02" : "A03",
               section, i % 41 ? "B" : "S", 1 + (i > 150), i % 5);
    buf_printf(out, i % 13 ? "%u,2,1" : "ILEGIBLE,%u,uno", i % 17 ? i : i * 900);
    buf_printf(out, ",%u,%u,%u,3,%s,%u,", i % 5, i + 3 + (i % 19 == 0), 500U,
               i % 7 ? "--" : "\"EXCEDE \"\"LISTA\"\"\"", i % 43 ? 1U : 2U);
    buf_printf(out, i % 3 ? "%064x" : "%064X", (i * 7 % 100) | 0xabc00);
    buf_printf(out, ",01/06/2027 20:%02u:00 (UTC-6),01/06/2027 20:%02u:00 (UTC-6),CATD,", i % 60, i % 50);
    buf_printf(out, i % 23 ? "x%s" : "\"una\nnota\"%s", end);
}

/* `shift` bytes in the last cell of the first row move the middle; `fold` of them are line feeds inside quotes. */
static void put_database(struct buf *out, unsigned shift, unsigned fold, const char *end)
{
    buf_str(out, "ELECCION\n01/06/2027 20:30 (UTC-6)\n\nACTAS_ESPERADAS,ACTAS_CAPTURADAS,TOTAL_VOTOS_C_CS\n"
                 "240,230,60\n\n" NAMES);
    for (unsigned i = 1; i <= ROWS; i++) {
        put_row(out, i, i == 1 ? ",\"" : end);
        for (unsigned n = 0; i == 1 && n < shift; n++) {
            buf_char(out, n < fold ? '\n' : 'z');
        }
        buf_str(out, i == 1 ? "\"\n" : "");
    }
}

static void report(struct span text, struct audit_options options, struct buf *out)
{
    struct why why = {""};
    struct audit audit;
    assert_int_equal(audit_check(&audit, text, &options, &why), OK);
    audit_print_json(&audit, "base.csv", out);
    audit_print_text(&audit, "base.csv", (struct print_options){.english = true}, out);
    audit_done(&audit);
}

static void check_alike(struct span text, bool same_each_time)
{
    struct buf whole;
    struct buf halves;
    buf_init(&whole, 0);
    buf_init(&halves, 0);
    report(text, (struct audit_options){.halves_from = ONE_THREAD}, &whole);
    report(text, (struct audit_options){.halves_from = 1, .same_each_time = same_each_time}, &halves);
    assert_string_equal(buf_cstr(&halves), buf_cstr(&whole));
    buf_done(&whole);
    buf_done(&halves);
}

static void check_shift(unsigned shift, unsigned fold, const char *end)
{
    struct buf text;
    buf_init(&text, 0);
    put_database(&text, shift, fold, end);
    check_alike(buf_as_span(&text), true);
    buf_done(&text);
}

/* Over a whole row and more the middle falls on every byte: keys, quotes, the line feed inside a note, row ends. */
static void every_middle(void **state)
{
    (void)state;
    for (unsigned shift = 0; shift < 2 * SHIFTS; shift += 2) {
        check_shift(shift, 0, "\n");
    }
}

static void other_row_ends(void **state)
{
    (void)state;
    for (unsigned shift = 0; shift < SHIFTS; shift += 15) {
        check_shift(shift, 0, "\r\n");
        check_shift(shift, 0, "\r");
    }
}

/* The guess lies inside quotes, and a reader that begins there takes the rest for rows that there are not. */
static void middle_inside_quotes(void **state)
{
    (void)state;
    check_shift(100000, 100000, "\n");
    check_shift(100000, 60000, "\r\n");
}

static void hardly_anything(void **state)
{
    (void)state;
    static const char *const bodies[] = {"",   "\n",     "\n\n",       "a\n",      "a\nb",
                                         "\"", "\"\n\n", "09\n09\n09", ",\n,\n,\n"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct buf text;
        buf_init(&text, 0);
        buf_str(&text, NAMES);
        buf_str(&text, bodies[i]);
        check_alike(buf_as_span(&text), true);
        buf_done(&text);
    }
}

/* The second thread may begin at once, late, or when everything has been read: nobody can tell from the report. */
static void whenever_it_begins(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 0);
    put_database(&text, 0, 0, "\n");
    for (int i = 0; i < SHIFTS; i++) {
        check_alike(buf_as_span(&text), false);
    }
    buf_done(&text);
}

/* Megabytes, of which whoever is done takes more and more from the other; the middle lies inside quotes in the second one. */
static void many_shares(void **state)
{
    (void)state;
    for (unsigned fold = 0; fold <= MANY_ROWS * 200; fold += MANY_ROWS * 200) {
        struct buf text;
        buf_init(&text, 0);
        put_database(&text, fold, fold, "\n");
        for (unsigned i = ROWS + 1; i <= MANY_ROWS; i++) {
            put_row(&text, i, "\n");
        }
        for (int i = 0; i < 3; i++) {
            check_alike(buf_as_span(&text), i == 0);
        }
        buf_done(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_middle),         cmocka_unit_test(other_row_ends),
        cmocka_unit_test(middle_inside_quotes), cmocka_unit_test(hardly_anything),
        cmocka_unit_test(whenever_it_begins),   cmocka_unit_test(many_shares)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The board's lines: what several status files say together, none of them at quite the same moment. */
#include "night/top.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const char iso[] = "2027-06-07T02:31:00Z";
static struct board board;
static const struct alarm_set none;

static void seat_says(enum board_seat seat, const char *pairs)
{
    struct board_program *program = &board.seats[seat];
    buf_clear(&program->bytes);
    buf_printf(&program->bytes, "status/v1\nprogram %s\nstate running\ntime %s\nsince %s\nalarm -\n%s",
               program->name, iso, iso, pairs);
    assert_int_equal(status_parse(buf_as_span(&program->bytes), &program->status, NULL), OK);
    program->present = true;
}

static const struct top_line *line_with(const char *words)
{
    static struct top top;
    top_lines(&board, &none, &top);
    for (uint32_t i = 0; i < top.n; i++) {
        if (strstr(top.lines[i].text, words) != NULL) {
            return &top.lines[i];
        }
    }
    return NULL;
}

static int begin(void **state)
{
    (void)state;
    board_init(&board);
    return 0;
}

static int end(void **state)
{
    (void)state;
    board_done(&board);
    return 0;
}

static void test_never_more_signed_than_there_is(void **state)
{
    (void)state;
    seat_says(SEAT_INTAKE, "ledger_size 702\n");
    seat_says(SEAT_LOG, "checkpoint_size 715\n");
    assert_non_null(line_with("firmado hasta 715 de 715 "));
    seat_says(SEAT_INTAKE, "ledger_size 1720\n");
    assert_non_null(line_with("firmado hasta 715 de 1,720 "));
    seat_says(SEAT_LOG, "signer silent\n");
    assert_non_null(line_with("firmado hasta - de 1,720 "));
}

static void test_what_is_still_to_be_sent(void **state)
{
    (void)state;
    assert_null(line_with("por enviar")); /* nobody sends in earnest */
    seat_says(SEAT_FEEDER, "to_send 38419\nsent 9400\nacknowledged 9300\n");
    assert_non_null(line_with("por enviar 29,119"));
    seat_says(SEAT_FEEDER, "to_send 5\nsent 5\nacknowledged 6\n"); /* files of two moments */
    assert_non_null(line_with("por enviar 0"));
}

static void test_the_sealed_site(void **state)
{
    (void)state;
    seat_says(SEAT_SITE, "requests 3\n");
    assert_null(line_with("sitio institucional:")); /* it is not sealed */
    seat_says(SEAT_SITE, "sealed_version 3\nsite_mode normal\nmode_serial 2\ndifferences 0\n");
    const struct top_line *line =
        line_with("sitio institucional: normal  diferencias 0  copia sellada 3  cambios 2");
    assert_true(line != NULL && line->style == TOP_PLAIN);
    seat_says(SEAT_SITE, "sealed_version 3\nsite_mode normal\nmode_serial 2\ndifferences 7\n");
    line = line_with("diferencias 7");
    assert_true(line != NULL && line->style == TOP_BAD);
    seat_says(SEAT_SITE, "sealed_version 3\nsite_mode down\nmode_serial 3\ndifferences 0\n");
    line = line_with("sitio institucional: COPIA CON AVISO (down)");
    assert_true(line != NULL && line->style == TOP_BAD);
}

static void test_the_code_says_whose_it_is(void **state)
{
    (void)state;
    seat_says(SEAT_CUT, "cut 12\ncut_time 2027-06-07T02:30:00Z\n");
    assert_non_null(line_with("CORTE 12  código -"));
    (void)strcpy(board.code, "ABCD-EFGH-2345-WXYZ");
    board.code_cut = 12;
    assert_null(line_with("(del "));
    board.code_cut = 11;
    assert_non_null(line_with("CORTE 12  código ABCD-EFGH-2345-WXYZ (del 11)"));
}

static void test_metrics_have_their_word(void **state)
{
    (void)state;
    seat_says(SEAT_NIGHT, "restarts 2\nmetrics up\n");
    const struct top_line *line = line_with("reinicios 2  medidas arriba");
    assert_true(line != NULL && line->style == TOP_PLAIN);
    seat_says(SEAT_NIGHT, "restarts 2\nmetrics down\n");
    line = line_with("reinicios 2  medidas CAÍDAS");
    assert_true(line != NULL && line->style == TOP_BAD);
    seat_says(SEAT_NIGHT, "restarts 2\n"); /* an older night does not say it */
    assert_non_null(line_with("reinicios 2  medidas -"));
}

static void test_json_with_and_without_hits(void **state)
{
    (void)state;
    struct buf out = {0};
    top_json(&board, &none, SPAN(""), &out);
    assert_null(strstr(buf_cstr(&out), "hits"));
    buf_clear(&out);
    top_json(&board, &none, SPAN("{\"window_s\":60}"), &out);
    assert_non_null(strstr(buf_cstr(&out), "\"alarms\":[],\"hits\":{\"window_s\":60}}\n"));
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_never_more_signed_than_there_is, begin, end),
        cmocka_unit_test_setup_teardown(test_what_is_still_to_be_sent, begin, end),
        cmocka_unit_test_setup_teardown(test_the_sealed_site, begin, end),
        cmocka_unit_test_setup_teardown(test_the_code_says_whose_it_is, begin, end),
        cmocka_unit_test_setup_teardown(test_metrics_have_their_word, begin, end),
        cmocka_unit_test_setup_teardown(test_json_with_and_without_hits, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

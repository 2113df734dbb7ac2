/* Cells of any year: numbers, words that stand for none, times, observations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "prepdb/cells.h"
#include "tally/rules.h"

#include <stdio.h>

/* A cell is followed by bytes that can be read, as the CSV reader promises. */
static struct span cell_at(const char *text)
{
    static char room[128];
    memset(room, '7', sizeof room);
    size_t len = strlen(text);
    assert_true(len + 16 < sizeof room);
    memcpy(room, text, len);
    return span_of(room, len);
}

static void padding(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *trimmed;
    } rows[] = {{"", ""},
                {" ", ""},
                {"a", "a"},
                {"  a b\t", "a b"},
                {"'007", "007"},
                {"'''", ""},
                {"\r\nx", "x"},
                {"\"a\"", "\"a\""},
                {"#1", "#1"},
                {"&", "&"},
                {"!x!", "!x!"},
                {"%", "%"},
                {"\xc3\xa1", "\xc3\xa1"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(span_is(cell_trim(cell_at(rows[i].raw)), rows[i].trimmed));
    }
}

static void short_digits(void **state)
{
    (void)state;
    char text[8];
    for (uint32_t n = 0; n < 10000000; n += n < 20000 ? 1 : 9973) {
        uint32_t out = 0;
        (void)snprintf(text, sizeof text, "%u", n);
        assert_true(cell_digits_fast(cell_at(text), 7, &out));
        assert_int_equal(out, n);
    }
    static const char *const odd[] = {"",   "a",  "1a", "a1",   "-1",   "+1",
                                      "1.", "1/", "1:", "12 4", "\xb1", "12345678"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        uint32_t out = 0;
        assert_false(cell_digits_fast(cell_at(odd[i]), 7, &out));
    }
}

static void votes(void **state)
{
    (void)state;
    static const struct {
        const char *raw;
        bool fine;
        uint32_t value;
        unsigned state;
    } rows[] = {
        {"0", true, 0, CELL_NUMBER},
        {"750", true, 750, CELL_NUMBER},
        {"000750", true, 750, CELL_NUMBER},
        {"999999", true, 999999, CELL_NUMBER},
        {"1000000", false, 0, CELL_BLANK},
        {" 12 ", true, 12, CELL_NUMBER},
        {"'12", true, 12, CELL_NUMBER},
        {"", true, 0, CELL_NA},
        {"-", true, 0, CELL_NA},
        {"--", true, 0, CELL_NA},
        {"N/A", true, 0, CELL_NA},
        {"Ilegible", true, 0, CELL_ILLEGIBLE},
        {"SIN DATO", true, 0, CELL_BLANK},
        {"SIN ACTA POR PAQUETE", true, 0, CELL_NO_ACTA},
        {"doce", false, 0, CELL_BLANK},
        {"-1", false, 0, CELL_BLANK},
        {"1.5", false, 0, CELL_BLANK},
        {"1,5", false, 0, CELL_BLANK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cell out = {.value = 77, .state = CELL_ILLEGIBLE};
        assert_int_equal(cell_votes(cell_at(rows[i].raw), &out), rows[i].fine);
        assert_int_equal(out.value, rows[i].value);
        assert_int_equal(out.state, rows[i].state);
    }
}

#define MINUTE INT64_C(60000)
#define DAY    (24 * 60 * MINUTE)

/* The same after any day read before, and as the first. */
static void times(void **state)
{
    (void)state;
    const int64_t day = 19855 * DAY; /* 12 May 2024 */
    const struct {
        const char *raw;
        int64_t ms;
    } rows[] = {
        {"12/05/2024 07:17:06 (UTC-6)", day + (7 * 60 + 17) * MINUTE + 6000},
        {"12/05/2024 23:59:59 (UTC-6)", day + DAY - 1000},
        {"12/05/2024 24:00:00 (UTC-6)", TIME_BROKEN},
        {"12/05/2024 23:60:00 (UTC-6)", TIME_BROKEN},
        {"12/05/2024 23:00:60 (UTC-6)", TIME_BROKEN},
        {"12/05/2024 2a:00:00 (UTC-6)", TIME_BROKEN},
        {"12/05/2024 21:20(UTC-6)", day + (21 * 60 + 20) * MINUTE},
        {"12/05/2024 21:20", day + (21 * 60 + 20) * MINUTE},
        {" 12/05/2024 21:20:01 ", day + (21 * 60 + 20) * MINUTE + 1000},
        {"12/05/2024 21:20 UTC", TIME_BROKEN},
        {"13/05/2024 00:00:00 (UTC-6)", day + DAY},
        {"29/02/2023 00:00:00 (UTC-6)", TIME_BROKEN},
        {"12-05-2024 00:00:00 (UTC-6)", TIME_BROKEN},
        {"12/05/24 10:00", TIME_BROKEN},
        {"", TIME_NONE},
        {"N/A", TIME_NONE},
        {"--", TIME_NONE},
    };
    struct time_reader one = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct time_reader fresh = {0};
        assert_int_equal(cell_time(&fresh, cell_at(rows[i].raw)), rows[i].ms);
        assert_int_equal(cell_time(&one, cell_at(rows[i].raw)), rows[i].ms);
        assert_int_equal(cell_time_slowly(&one, cell_at(rows[i].raw)), rows[i].ms);
    }
}

static void every_clock(void **state)
{
    (void)state;
    struct time_reader fast = {0};
    struct time_reader slow = {0};
    char text[32];
    for (unsigned s = 0; s < 100 * 3600; s += 7) {
        (void)snprintf(text, sizeof text, "12/05/2024 %02u:%02u:%02u (UTC-6)", s / 3600, s / 60 % 61, s % 61);
        assert_int_equal(cell_time(&fast, cell_at(text)), cell_time_slowly(&slow, cell_at(text)));
    }
}

static void observations(void **state)
{
    (void)state;
    static const struct {
        const char *raw;
        bool known;
        unsigned bits;
    } rows[] = {
        {"", true, 0},
        {"--", true, 0},
        {"[]", true, 0},
        {"Excede lista nominal", true, OBS_EXCEEDS},
        {"ALGUN CAMPO ILEGIBLE O SIN DATO", true, OBS_ILLEGIBLE},
        {"Todos los campos ilegibles o sin dato", true, OBS_ALL_EMPTY},
        {"SIN ACTA POR PAQUETE NO ENTREGADO", true, OBS_NO_ACTA},
        {"FUERA DE CATALOGO / EXCEDE LISTA NOMINAL", true, OBS_EXCEEDS | OBS_OUT_OF_CATALOGUE},
        {"llovía", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned bits = 77;
        assert_int_equal(cell_observations(cell_at(rows[i].raw), &bits), rows[i].known);
        assert_int_equal(bits, rows[i].bits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(padding),     cmocka_unit_test(short_digits),
                                       cmocka_unit_test(votes),       cmocka_unit_test(times),
                                       cmocka_unit_test(every_clock), cmocka_unit_test(observations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Command lines: what is taken, what is refused, and that the help names every row. */
#include "os/options.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static const char *dir;
static int64_t cadence;
static bool once;
static struct option_many mirrors;
static const char *words[2];
static size_t n_words;

static const struct option_row rows[] = {
    {"dir", "DIR", OPTION_TEXT, &dir, 0, 0, true, "la carpeta de la noche", "the night's folder"},
    {"cadence", "S", OPTION_NUMBER, &cadence, 1, 3600, false, "segundos entre cortes",
     "seconds between cuts"},
    {"once", NULL, OPTION_FLAG, &once, 0, 0, false, "una vez", "once"},
    {"mirror", "N=URL", OPTION_MANY, &mirrors, 0, 0, false, "un difusor", "a mirror"},
};
static const struct command command = {"test", "--dir DIR", "Prueba.", "A test.", "more\n", rows, 4, 0, 2};

static int parse(int argc, const char *const argv[])
{
    dir = NULL;
    cadence = 60;
    once = false;
    mirrors.n = 0;
    return command_parse(&command, argc, (char *const *)(uintptr_t)argv, words, &n_words);
}

#define PARSE(...)                                                                                           \
    parse((int)(sizeof((const char *[]){"test", __VA_ARGS__}) / sizeof(char *)),                             \
          (const char *const[]){"test", __VA_ARGS__})

static void settings_are_taken(void **state)
{
    (void)state;
    assert_int_equal(
        PARSE("--dir", "d", "--cadence=5", "w", "--once", "--mirror", "a=1", "--mirror=b=2", "--", "--x"),
        -1);
    assert_string_equal(dir, "d");
    assert_int_equal(cadence, 5);
    assert_true(once);
    assert_int_equal(mirrors.n, 2);
    assert_string_equal(mirrors.values[1], "b=2");
    assert_int_equal(n_words, 2);
    assert_string_equal(words[0], "w");
    assert_string_equal(words[1], "--x");
}

static void mistakes_are_refused(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--once"), 2); /* dir is needed */
    assert_int_equal(PARSE("--dir"), 2);
    assert_int_equal(PARSE("--dir", "d", "--cadense", "5"), 2);
    assert_int_equal(PARSE("--dir", "d", "--cadence", "0"), 2);
    assert_int_equal(PARSE("--dir", "d", "--cadence", "5s"), 2);
    assert_int_equal(PARSE("--dir", "d", "--once=yes"), 2);
    assert_int_equal(PARSE("--dir", "d", "a", "b", "c"), 2);
    static char argument[3074];
    memset(argument, 'a', sizeof argument - 1);
    assert_int_equal(PARSE("--dir", argument), 2); /* nothing that is put behind it makes a path too long */
    assert_int_equal(PARSE("--dir", "d", argument), 2);
    argument[3072] = '\0';
    assert_int_equal(PARSE("--dir", argument), -1);
}

static void the_help_names_every_row(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 0);
    command_help(&command, &out);
    const char *text = buf_cstr(&out);
    for (size_t i = 0; i < 4; i++) {
        assert_non_null(strstr(text, rows[i].name));
        assert_non_null(strstr(text, rows[i].es));
        assert_non_null(strstr(text, rows[i].en));
    }
    assert_non_null(strstr(text, "--version"));
    assert_true(span_ends(buf_as_span(&out), SPAN("\n\nmore\n")));
    struct command without = command;
    without.more = "its last line has no end";
    buf_clear(&out);
    command_help(&without, &out);
    assert_true(span_ends(buf_as_span(&out), SPAN("has no end\n")));
    buf_done(&out);
    assert_int_equal(PARSE("--help"), 0);
    assert_int_equal(PARSE("--version"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_taken),
        cmocka_unit_test(mistakes_are_refused),
        cmocka_unit_test(the_help_names_every_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A terminal's width is what it says, 80 where it says none; a line is cut between characters, never inside one. */
#include "os/terminal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static void a_terminal_says_how_wide_it_is(void **state)
{
    struct winsize size = {.ws_row = 24, .ws_col = 97};
    int fd = posix_openpt(O_RDWR | O_NOCTTY);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(terminal_columns(fd), 80); /* it has not been told */
    assert_int_equal(ioctl(fd, TIOCSWINSZ, &size), 0);
    assert_int_equal(terminal_columns(fd), 97);
    (void)close(fd);
    assert_int_equal(terminal_columns(-1), 80);
}

static void a_line_is_cut_between_characters(void **state)
{
    const struct span line = SPAN("c\xC3\xB3"
                                  "digo \xE2\x82\xAC");
    (void)state;
    assert_int_equal(terminal_fit(line, 0).len, 0);
    assert_int_equal(terminal_fit(line, 1).len, 1);
    assert_int_equal(terminal_fit(line, 2).len, 3);
    assert_int_equal(terminal_fit(line, 7).len, 8);
    assert_int_equal(terminal_fit(line, 8).len, line.len);
    assert_int_equal(terminal_fit(line, 80).len, line.len);
    assert_int_equal(terminal_fit(SPAN(""), 80).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_terminal_says_how_wide_it_is),
        cmocka_unit_test(a_line_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

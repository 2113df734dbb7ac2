/* Settings that are too weak are named with what mends them, and what cannot be seen is not judged. */
#include "edge/ground.h"

#include "os/sock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct limits wanted;

static int set_up(void **state)
{
    (void)state;
    limits_usual(&wanted);
    wanted.backlog = 4096;
    wanted.connections = 10000;
    return 0;
}

static void enough_is_enough(void **state)
{
    (void)state;
    const struct ground good[] = {{1, 4096, 10400}, {2, 65535, 1048576}, {-1, -1, -1}};
    char text[GROUND_TEXT];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        for (int row = 0; row < GROUND_ROWS; row++) {
            assert_false(ground_is_weak(&good[i], &wanted, row, text));
        }
    }
}

static void what_is_too_weak_is_told_with_its_remedy(void **state)
{
    (void)state;
    static const char *const said[GROUND_ROWS][2] = {
        {"tcp_syncookies=0", "sysctl -w net.ipv4.tcp_syncookies=1"},
        {"4095", "sysctl -w net.core.somaxconn=4096"},
        {"RLIMIT_NOFILE=10399", "10400"}};
    const struct ground weak = {0, 4095, 10399};
    char text[GROUND_TEXT];
    for (int row = 0; row < GROUND_ROWS; row++) {
        assert_true(ground_is_weak(&weak, &wanted, row, text));
        assert_non_null(strstr(text, said[row][0]));
        assert_non_null(strstr(text, said[row][1]));
        assert_true(strlen(text) < GROUND_TEXT - 1); /* whole, also with large numbers */
    }
}

static void the_queue_is_the_listeners_own(void **state)
{
    (void)state;
    struct why why = {""};
    struct ground found;
    int fd = -1;
    assert_int_equal(sock_listen(SPAN("127.0.0.1:0"), &fd, &why), OK);
    assert_int_equal(sock_listen_public(fd, 17, 4096, &why), OK);
    ground_look(fd, &found);
    assert_int_equal(found.queue, 17);
    close(fd);
    ground_look(-1, &found);
    assert_int_equal(found.queue, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(enough_is_enough, set_up),
        cmocka_unit_test_setup(what_is_too_weak_is_told_with_its_remedy, set_up),
        cmocka_unit_test(the_queue_is_the_listeners_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

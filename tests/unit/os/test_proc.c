/* Roles and programs: exit codes, kept descriptors, and death with the parent. */
#include "os/clock.h"
#include "os/proc.h"
#include "os/sock.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static int ended(struct child *child)
{
    int64_t end = monotonic_ms() + 10000;
    int code = 0;
    while ((code = child_ended(child)) == 0 && monotonic_ms() < end) {
        struct pollfd wait = {.fd = child->pidfd, .events = POLLIN};
        poll(&wait, 1, 100);
    }
    return code;
}

/* Exits with 7 if only descriptor *arg is left open above 2. */
static int count_descriptors(void *arg)
{
    int keep = *(int *)arg;
    for (int fd = 3; fd < 100; fd++) {
        bool is_open = fcntl(fd, F_GETFD) >= 0;
        if (is_open != (fd == keep)) {
            return 1;
        }
    }
    return 7;
}

static void a_role_keeps_only_what_it_was_given(void **state)
{
    (void)state;
    struct why why = {""};
    struct child child;
    int fds[2];
    int others[2];
    assert_int_equal(sock_pair(others), OK);
    assert_int_equal(sock_pair(fds), OK);
    assert_int_equal(role_start("test", count_descriptors, &fds[1], &fds[1], 1, &child, &why), OK);
    assert_int_equal(ended(&child), 7 + 1);
    for (int i = 0; i < 2; i++) {
        close(fds[i]);
        close(others[i]);
    }
}

static int sleep_long(void *arg)
{
    (void)arg;
    pause();
    return 0;
}

/* A parent that starts a grandchild, tells its pid, and waits to be killed. */
static int start_another(void *arg)
{
    int out = *(int *)arg;
    struct why why = {""};
    struct child child;
    if (role_start("grand", sleep_long, NULL, &out, 1, &child, &why) != OK) {
        return 1;
    }
    if (write(out, &child.pid, sizeof child.pid) != (ssize_t)sizeof child.pid) {
        return 1;
    }
    pause();
    return 0;
}

static void nothing_outlives_a_killed_parent(void **state)
{
    (void)state;
    struct why why = {""};
    struct child child;
    int fds[2];
    assert_int_equal(sock_pair(fds), OK);
    assert_int_equal(role_start("parent", start_another, &fds[1], &fds[1], 1, &child, &why), OK);
    close(fds[1]);
    pid_t grandchild = 0;
    assert_int_equal(read(fds[0], &grandchild, sizeof grandchild), sizeof grandchild);
    kill(child.pid, SIGKILL);
    assert_int_equal(ended(&child), 128 + SIGKILL + 1);
    /* The grandchild holds the other end: end of file is its end. */
    struct pollfd wait = {.fd = fds[0], .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 10000), 1);
    char byte = 0;
    assert_int_equal(read(fds[0], &byte, 1), 0);
    close(fds[0]);
}

static void programs_start_and_stop(void **state)
{
    (void)state;
    struct why why = {""};
    struct child child;
    char name[] = "sleep";
    char seconds[] = "1000";
    char *argv[] = {name, seconds, NULL};
    assert_int_equal(program_start("/bin/sleep", argv, NULL, 0, NULL, &child, &why), OK);
    assert_int_equal(child_ended(&child), 0);
    child_stop(&child, 5000);
    assert_int_equal(child.pid, -1);
    assert_int_equal(program_start("/nowhere/none", argv, NULL, 0, NULL, &child, &why), ERR_MISSING);
    assert_non_null(strstr(why.text, "/nowhere/none"));
    char path[4096];
    setenv("ATALAYA_BIN", "/bin", 1);
    assert_int_equal(program_path("sleep", path, &why), OK);
    assert_string_equal(path, "/bin/sleep");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_keeps_only_what_it_was_given),
        cmocka_unit_test(nothing_outlives_a_killed_parent),
        cmocka_unit_test(programs_start_and_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

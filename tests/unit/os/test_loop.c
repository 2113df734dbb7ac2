/* The event loop: order of timers, stale events, signals; and addresses. */
#include "os/clock.h"
#include "os/loop.h"
#include "os/sock.h"

#include "base/span.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static struct loop *loop;
static int order[8];
static int n_order;

static int open_loop(void **state)
{
    (void)state;
    n_order = 0;
    struct why why = {""};
    return loop_new(&loop, &why) != OK;
}

static int close_loop(void **state)
{
    (void)state;
    loop_free(loop);
    return 0;
}

static void note(void *arg)
{
    order[n_order++] = *(int *)arg;
}

static void stop(void *arg)
{
    (void)arg;
    loop_stop(loop, 3);
}

static void timers_run_in_order(void **state)
{
    (void)state;
    static int numbers[] = {0, 1, 2, 3};
    loop_after(loop, 20, note, &numbers[2]);
    loop_after(loop, 10, note, &numbers[1]);
    uint64_t never = loop_after(loop, 15, note, &numbers[3]);
    loop_after(loop, 0, note, &numbers[0]);
    loop_after(loop, 30, stop, NULL);
    loop_cancel(loop, never);
    loop_cancel(loop, never);
    assert_int_equal(loop_run(loop), 3);
    assert_int_equal(n_order, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(order[i], i);
    }
}

static void stop_on_bytes(void *arg, int fd, unsigned events)
{
    char byte = 0;
    assert_true(events & LOOP_READ);
    assert_int_equal(read(fd, &byte, 1), 1);
    *(char *)arg = byte;
    loop_unwatch(loop, fd);
    loop_stop(loop, 0);
}

/* Who takes long holds up what was due meanwhile, and nothing else. */
static int64_t began_ms, armed_ms, came_ms;

static void came(void *arg)
{
    (void)arg;
    came_ms = monotonic_ms();
    loop_stop(loop, 0);
}

static void take_long(void *arg)
{
    (void)arg;
    while (monotonic_ms() - began_ms < 3000) {
        usleep(50000);
    }
    armed_ms = monotonic_ms();
    loop_after(loop, 20, came, NULL);
}

static void take_long_over_bytes(void *arg, int fd, unsigned events)
{
    (void)events;
    loop_unwatch(loop, fd);
    take_long(arg);
}

static void a_long_turn_makes_no_timer_later(void **state)
{
    (void)state;
    began_ms = monotonic_ms();
    loop_after(loop, 0, take_long, NULL);
    assert_int_equal(loop_run(loop), 0);
    assert_in_range(came_ms - armed_ms, 20, 2500); /* not the turn's three seconds once more */
    int fd = eventfd(1, EFD_CLOEXEC);
    began_ms = monotonic_ms();
    assert_int_equal(loop_watch(loop, fd, LOOP_READ, take_long_over_bytes, NULL), OK);
    assert_int_equal(loop_run(loop), 0);
    assert_in_range(came_ms - armed_ms, 20, 2500);
    close(fd);
}

static void bytes_wake_the_loop(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(sock_pair(fds), OK);
    char got = 0;
    assert_int_equal(loop_watch(loop, fds[0], LOOP_READ, stop_on_bytes, &got), OK);
    assert_int_equal(write(fds[1], "x", 1), 1);
    loop_run(loop);
    assert_int_equal(got, 'x');
    close(fds[0]);
    close(fds[1]);
}

enum { SWARM = 300, STRETCH = 32 };

static int n_swarm;

static void count_swarm(void *arg, uint64_t tag, unsigned events)
{
    (void)arg;
    assert_in_range(tag, 0, SWARM - 1);
    assert_true(events & LOOP_READ);
    n_swarm++;
}

static void note_swarm(void *arg, int fd, unsigned events)
{
    (void)fd;
    assert_true(events & LOOP_READ);
    int *seen = arg;
    if (n_order < 2) {
        seen[n_order++] = n_swarm;
    } else {
        loop_unwatch(loop, fd);
        loop_stop(loop, 0);
    }
}

/* Three hundred of the swarm were there first, and all their events wait. */
static void who_goes_ahead_does_not_wait_for_the_swarm(void **state)
{
    (void)state;
    int fds[SWARM + 1];
    int seen[2] = {-1, -1};
    n_swarm = 0;
    assert_int_equal(loop_swarm(loop, count_swarm, NULL), OK);
    for (int i = 0; i < SWARM; i++) {
        fds[i] = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
        assert_true(fds[i] >= 0);
        assert_int_equal(loop_join(loop, fds[i], (uint64_t)i), OK);
    }
    fds[SWARM] = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
    assert_int_equal(loop_watch_ahead(loop, fds[SWARM], LOOP_READ, note_swarm, seen), OK);
    loop_run(loop);
    assert_int_equal(seen[0], STRETCH);
    assert_int_equal(seen[1], 2 * STRETCH);
    for (int i = 0; i <= SWARM; i++) {
        close(fds[i]);
    }
}

static int stretches[4]; /* how many of the swarm each had seen before it ended */
static int n_stretches;

static void note_stretch(void *arg)
{
    (void)arg;
    if (n_stretches < 4) {
        stretches[n_stretches++] = n_swarm;
    } else {
        loop_stop(loop, 0);
    }
}

static void note_room(void *arg, int fd, unsigned events)
{
    (void)fd;
    *(unsigned *)arg |= events;
}

/* What is gathered goes out every few dozen events; who goes ahead may hear of other things than at first. */
static void the_end_of_a_stretch(void **state)
{
    (void)state;
    int fds[SWARM];
    unsigned heard = 0;
    n_swarm = 0;
    n_stretches = 0;
    assert_int_equal(loop_swarm(loop, count_swarm, NULL), OK);
    loop_each_turn(loop, note_stretch, NULL);
    int quiet = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert_int_equal(loop_watch_ahead(loop, quiet, LOOP_READ, note_room, &heard), OK);
    for (int i = 0; i < SWARM; i++) {
        fds[i] = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
        assert_int_equal(loop_join(loop, fds[i], (uint64_t)i), OK);
    }
    loop_run(loop);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(stretches[i], (i + 1) * STRETCH);
    }
    assert_int_equal(heard, 0);
    assert_int_equal(loop_change(loop, quiet, LOOP_READ | LOOP_WRITE), OK);
    n_stretches = 0;
    loop_run(loop);
    assert_int_equal(heard, LOOP_WRITE);
    for (int i = 0; i < SWARM; i++) {
        close(fds[i]);
    }
    close(quiet);
}

static void signals_stop_the_loop(void **state)
{
    (void)state;
    struct why why = {""};
    assert_int_equal(loop_signals(loop, NULL, NULL, &why), OK);
    kill(getpid(), SIGTERM);
    assert_int_equal(loop_run(loop), 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void addresses(void **state)
{
    (void)state;
    struct why why = {""};
    int listener = -1;
    assert_int_equal(sock_listen(SPAN("127.0.0.1:0"), &listener, &why), OK);
    char text[32];
    assert_true(snprintf(text, sizeof text, "127.0.0.1:%u", sock_port(listener)) > 0);
    int client = -1;
    int served = -1;
    assert_int_equal(sock_accept(listener, &served), ERR_AGAIN);
    assert_int_equal(sock_connect(span_str(text), &client, &why), OK);
    assert_int_equal(sock_accept(listener, &served), OK);
    int taken = -1;
    assert_int_equal(sock_listen(span_str(text), &taken, &why), ERR_EXISTS);
    close(served);
    close(client);
    close(listener);
    static const char *const refused[] = {
        "", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "host.example:80", "[::1:80"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        why.text[0] = '\0';
        assert_int_equal(sock_listen(span_str(refused[i]), &taken, &why), ERR_SYNTAX);
        assert_non_null(strstr(why.text, "address"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timers_run_in_order, open_loop, close_loop),
        cmocka_unit_test_setup_teardown(a_long_turn_makes_no_timer_later, open_loop, close_loop),
        cmocka_unit_test_setup_teardown(bytes_wake_the_loop, open_loop, close_loop),
        cmocka_unit_test_setup_teardown(who_goes_ahead_does_not_wait_for_the_swarm, open_loop, close_loop),
        cmocka_unit_test_setup_teardown(the_end_of_a_stretch, open_loop, close_loop),
        cmocka_unit_test_setup_teardown(signals_stop_the_loop, open_loop, close_loop),
        cmocka_unit_test(addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

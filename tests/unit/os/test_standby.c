/* A thread that stands by does what it is given, soon or late, and ends when nothing comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "os/standby.h"

#include <time.h>

enum { TIMES = 200, LATE_MS = 20 };

static void add_one(void *arg)
{
    ++*(int *)arg;
}

static void at_once(void **state)
{
    (void)state;
    for (int i = 0; i < TIMES; i++) {
        struct standby standby;
        int n = i;
        assert_true(standby_begin(&standby, NULL, NULL));
        standby_give(&standby, add_one, &n);
        standby_wait(&standby);
        assert_int_equal(n, i + 1);
        standby_end(&standby);
    }
}

/* Both are asleep by then, and are woken. */
static void late(void **state)
{
    (void)state;
    struct standby standby;
    const struct timespec pause = {.tv_nsec = LATE_MS * 1000000L};
    int n = 0;
    assert_true(standby_begin(&standby, NULL, NULL));
    nanosleep(&pause, NULL);
    standby_give(&standby, add_one, &n);
    nanosleep(&pause, NULL);
    standby_wait(&standby);
    assert_int_equal(n, 1);
    standby_end(&standby);
}

static void wait_long(void *arg)
{
    const struct timespec pause = {.tv_nsec = LATE_MS * 1000000L};
    nanosleep(&pause, NULL);
    add_one(arg);
}

static void long_work(void **state)
{
    (void)state;
    struct standby standby;
    int n = 0;
    assert_true(standby_begin(&standby, NULL, NULL));
    standby_give(&standby, wait_long, &n);
    standby_wait(&standby);
    assert_int_equal(n, 1);
    standby_end(&standby);
}

static void for_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < TIMES; i++) {
        struct standby standby;
        assert_true(standby_begin(&standby, NULL, NULL));
        standby_end(&standby);
    }
}

/* What it does before it waits comes before what it is given. */
static void warm(void **state)
{
    (void)state;
    struct standby standby;
    int n = 0;
    assert_true(standby_begin(&standby, wait_long, &n));
    standby_give(&standby, add_one, &n);
    standby_wait(&standby);
    assert_int_equal(n, 2);
    standby_end(&standby);
    assert_true(standby_begin(&standby, add_one, &n));
    standby_end(&standby);
    assert_int_equal(n, 3);
}

static void begin_and_end(void)
{
    struct standby standby;
    int n = 0;
    assert_true(standby_begin(&standby, NULL, NULL));
    standby_give(&standby, add_one, &n);
    standby_wait(&standby);
    assert_int_equal(n, 1);
    standby_end(&standby);
}

/* The thread is sent to another processor; the caller may go on using all that it might before. */
static void caller_stays_free(void **state)
{
    (void)state;
    cpu_set_t before;
    cpu_set_t after;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    for (int i = 0; i < TIMES; i++) {
        begin_and_end();
    }
    assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
    assert_true(CPU_EQUAL(&before, &after));
}

static int first_of(const cpu_set_t *set)
{
    int cpu = 0;
    while (!CPU_ISSET((unsigned)cpu, set)) {
        cpu++;
    }
    return cpu;
}

/* There is no other processor: both share the one. */
static void one_processor(void **state)
{
    (void)state;
    cpu_set_t before;
    cpu_set_t one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    CPU_SET((unsigned)first_of(&before), &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_false(standby_worth_it());
    begin_and_end();
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(at_once),      cmocka_unit_test(late),
                                       cmocka_unit_test(long_work),    cmocka_unit_test(for_nothing),
                                       cmocka_unit_test(warm),         cmocka_unit_test(caller_stays_free),
                                       cmocka_unit_test(one_processor)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

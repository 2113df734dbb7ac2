/* Programs that die are started again, after a pause that grows; one that may end is left alone when it ends
 * well. */
#include "os/crew.h"

#include "base/log.h"
#include "os/clock.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static int deaths, returns;

static void count(void *arg, const struct crew_member *member, bool back)
{
    (void)arg;
    (void)member;
    deaths += !back;
    returns += back;
}

static void watch_until(struct crew *crew, const int *counter, int wanted)
{
    int64_t end = monotonic_ms() + 5000;
    while (*counter < wanted && monotonic_ms() < end) {
        crew_watch(crew, monotonic_ms(), count, NULL);
        poll(NULL, 0, 5);
    }
    assert_int_equal(*counter, wanted);
}

static struct crew *crew_of(const char *program, const char *arg, bool may_end)
{
    static struct crew crew;
    crew_init(&crew, "");
    struct crew_member *member = crew_add(&crew, "unit-test-member", program);
    crew_arg(&crew, member, "%s", arg);
    member->may_end = may_end;
    deaths = returns = 0;
    struct why why = {{0}};
    assert_int_equal(crew_start(&crew, member, &why), OK);
    return &crew;
}

static void test_killed_is_started_again(void **state)
{
    (void)state;
    struct crew *crew = crew_of("sleep", "30", false);
    struct crew_member *member = crew_find(crew, "unit-test-member");
    pid_t first = member->child.pid;
    kill(first, SIGKILL);
    watch_until(crew, &deaths, 1);
    assert_int_equal(member->last_code, 128 + SIGKILL);
    assert_int_equal(member->state, CREW_PAUSED);
    watch_until(crew, &returns, 1);
    assert_int_not_equal(member->child.pid, first);
    assert_int_equal(member->restarts, 1);
    crew_stop(member, 2000);
    assert_int_equal(member->state, CREW_OUT);
    crew_watch(crew, monotonic_ms() + 100000, count, NULL);
    assert_int_equal(returns, 1);
    crew_done(crew);
}

static void test_ending_well(void **state)
{
    (void)state;
    struct crew *crew = crew_of("sleep", "0", true);
    watch_until(crew, &deaths, 1);
    assert_int_equal(crew_find(crew, "unit-test-member")->state, CREW_FINISHED);
    crew_done(crew);
}

static void test_ending_badly(void **state)
{
    (void)state;
    struct crew *crew = crew_of("ls", "/no-such-folder", true);
    watch_until(crew, &deaths, 1);
    struct crew_member *member = crew_find(crew, "unit-test-member");
    assert_int_equal(member->state, CREW_PAUSED);
    assert_int_equal(member->failures, 1);
    crew_stop(member, 100);
    crew_done(crew);
}

static int end_with_seven(void *arg)
{
    return arg == NULL ? 0 : 7;
}

static void test_a_role(void **state)
{
    (void)state;
    static struct crew crew;
    crew_init(&crew, "");
    struct crew_member *member = crew_add_role(&crew, "role", end_with_seven, &crew);
    deaths = returns = 0;
    struct why why = {{0}};
    assert_int_equal(crew_start(&crew, member, &why), OK);
    watch_until(&crew, &returns, 2);
    assert_int_equal(member->last_code, 7);
    crew_stop(member, 1000);
    crew_done(&crew);
}

static void test_pause_grows_and_stops_growing(void **state)
{
    (void)state;
    assert_int_equal(crew_pause_ms(1), CREW_PAUSE_MIN_MS);
    assert_int_equal(crew_pause_ms(2), 2 * CREW_PAUSE_MIN_MS);
    for (uint32_t n = 1; n < 100; n++) {
        assert_true(crew_pause_ms(n) <= crew_pause_ms(n + 1));
    }
    assert_int_equal(crew_pause_ms(UINT32_MAX), CREW_PAUSE_MAX_MS);
}

static void test_absent_program(void **state)
{
    (void)state;
    static struct crew crew;
    crew_init(&crew, "");
    struct crew_member *member = crew_add(&crew, "nobody", "atalaya-no-such-program");
    struct why why = {{0}};
    assert_int_equal(crew_start(&crew, member, &why), ERR_MISSING);
    assert_true(why.text[0] != '\0');
    crew_done(&crew);
}

static int quiet(void **state)
{
    (void)state;
    log_start("test", LOG_ERROR);
    return setenv("ATALAYA_BIN", "/bin", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_is_started_again),
        cmocka_unit_test(test_ending_well),
        cmocka_unit_test(test_ending_badly),
        cmocka_unit_test(test_a_role),
        cmocka_unit_test(test_pause_grows_and_stops_growing),
        cmocka_unit_test(test_absent_program),
    };
    return cmocka_run_group_tests(tests, quiet, NULL);
}

/* A team does every piece once, each member with tools of its own, and the caller sees what all of them did. */
#include "os/team.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PIECES = 5000 };

struct shop {
    atomic_int at_work[TEAM_MAX]; /* no member does two things at once */
    uint64_t sums[TEAM_MAX];      /* tools of one's own need no lock */
    unsigned members;
};

static void add(void *arg, void *piece, unsigned member)
{
    struct shop *shop = arg;
    uint32_t *number = piece;
    assert_true(member < shop->members);
    assert_int_equal(atomic_fetch_add(&shop->at_work[member], 1), 0);
    shop->sums[member] += *number;
    *number = 0;
    atomic_fetch_sub(&shop->at_work[member], 1);
}

static void every_piece_once(void **state)
{
    (void)state;
    static uint32_t numbers[PIECES];
    for (unsigned most = 1; most <= TEAM_MAX; most++) {
        struct team *team;
        struct why why;
        struct shop shop = {.members = 0};
        uint64_t sum = 0, expected = 0;
        assert_int_equal(team_new(most, &team, &why), OK);
        shop.members = team_members(team);
        assert_in_range(shop.members, 1, most);
        for (unsigned round = 0; round < 5; round++) {
            for (uint32_t i = 0; i < PIECES; i++) {
                numbers[i] = i + round;
                expected += numbers[i];
                team_give(team, add, &shop, &numbers[i]);
            }
            team_finish(team);
            for (uint32_t i = 0; i < PIECES; i++) {
                assert_int_equal(numbers[i], 0);
            }
        }
        for (unsigned i = 0; i < TEAM_MAX; i++) {
            sum += shop.sums[i];
        }
        assert_int_equal(sum, expected);
        team_finish(team); /* nothing to do is fine */
        team_free(team);
    }
}

static void none_is_a_team_of_one(void **state)
{
    (void)state;
    struct shop shop = {.members = 1};
    uint32_t number = 7;
    assert_int_equal(team_members(NULL), 1);
    team_give(NULL, add, &shop, &number);
    assert_int_equal(shop.sums[0], 7);
    team_finish(NULL);
    team_free(NULL);
}

/* On one processor threads would only stand in each other's way. */
static void one_processor_one_member(void **state)
{
    (void)state;
    cpu_set_t before, one;
    struct team *team;
    struct why why;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++) {
        if (CPU_ISSET(cpu, &before)) {
            CPU_SET(cpu, &one);
        }
    }
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(team_new(TEAM_MAX, &team, &why), OK);
    assert_int_equal(team_members(team), 1);
    team_free(team);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

/* Who computes for long is called in between; while it only waits too, or this piece would never end. */
struct wait {
    atomic_bool begun, told;
    pthread_t caller;
    unsigned calls;
};

static void until_told(void *arg, void *piece, unsigned member)
{
    struct wait *wait = arg;
    (void)piece;
    assert_int_not_equal(member, 0);
    atomic_store(&wait->begun, true);
    while (!atomic_load(&wait->told)) {
        sched_yield();
    }
}

static void tell(void *arg)
{
    struct wait *wait = arg;
    assert_true(pthread_equal(wait->caller, pthread_self()));
    wait->calls++;
    atomic_store(&wait->told, atomic_load(&wait->begun));
}

static void called_in_between(void **state)
{
    (void)state;
    struct team *team;
    struct why why;
    struct wait wait = {.caller = pthread_self()};
    struct shop shop = {.members = TEAM_MAX};
    uint32_t numbers[100] = {0};
    assert_int_equal(team_new(TEAM_MAX, &team, &why), OK);
    team_meanwhile(team, tell, &wait);
    for (unsigned i = 0; i < 100; i++) {
        team_give(team, add, &shop, &numbers[i]);
    }
    team_finish(team);
    assert_in_range(wait.calls, 100, 200);
    if (team_members(team) > 1) {
        unsigned before = wait.calls;
        team_give(team, until_told, &wait, NULL);
        while (!atomic_load(&wait.begun)) {
            sched_yield(); /* by a thread: the caller takes none before it finishes */
        }
        team_finish(team);
        assert_true(wait.calls >= before + 2);
        atomic_store(&wait.begun, false), atomic_store(&wait.told, false);
        before = wait.calls;
        team_give(team, until_told, &wait, NULL);
        team_wait(team); /* the caller leaves it to a thread, however late that one wakes */
        assert_true(wait.calls >= before + 2);
    }
    team_meanwhile(team, NULL, NULL);
    team_give(team, add, &shop, &numbers[0]);
    team_finish(team);
    team_free(team);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_piece_once),
        cmocka_unit_test(none_is_a_team_of_one),
        cmocka_unit_test(one_processor_one_member),
        cmocka_unit_test(called_in_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

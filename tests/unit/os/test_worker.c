/* Workers: jobs run one by one beside the loop, and what they leave behind is there when `done` is called. */
#include "os/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
/* cmocka wants the four above first */
#include <cmocka.h>

struct bench {
    struct loop *loop;
    struct worker *worker;
    unsigned jobs, done, turns;
};

static void a_little(void)
{
    struct timespec time = {0, 1000 * 1000};
    nanosleep(&time, NULL);
}

static void job(void *arg)
{
    struct bench *bench = arg;
    a_little();
    bench->jobs++;
}

/* Starts the next until there were twenty. */
static void on_done(void *arg)
{
    struct bench *bench = arg;
    bench->done++;
    assert_int_equal(bench->jobs, bench->done);
    assert_false(worker_busy(bench->worker));
    if (bench->done < 20) {
        worker_start(bench->worker, job, bench);
    } else {
        loop_stop(bench->loop, 7);
    }
}

static void on_turn(void *arg)
{
    struct bench *bench = arg;
    bench->turns++;
    loop_after(bench->loop, 1, on_turn, bench);
}

static void open_bench(struct bench *bench, worker_call done)
{
    assert_int_equal(loop_new(&bench->loop, NULL), OK);
    assert_int_equal(worker_new(bench->loop, done, bench, &bench->worker, NULL), OK);
}

static void close_bench(struct bench *bench)
{
    worker_free(bench->worker);
    loop_free(bench->loop);
}

static void jobs_follow_each_other_beside_the_loop(void **state)
{
    (void)state;
    struct bench bench = {0};
    open_bench(&bench, on_done);
    loop_after(bench.loop, 0, on_turn, &bench);
    worker_start(bench.worker, job, &bench);
    assert_true(worker_busy(bench.worker));
    assert_int_equal(loop_run(bench.loop), 7);
    assert_int_equal(bench.done, 20);
    assert_true(bench.turns > 1);
    close_bench(&bench);
}

static void count_done(void *arg)
{
    struct bench *bench = arg;
    bench->done++;
}

static void waiting_calls_done_once(void **state)
{
    (void)state;
    struct bench bench = {0};
    open_bench(&bench, count_done);
    worker_wait(bench.worker); /* idle: at once */
    assert_int_equal(bench.done, 0);
    for (unsigned i = 1; i <= 5; i++) {
        worker_start(bench.worker, job, &bench);
        worker_wait(bench.worker);
        assert_int_equal(bench.jobs, i);
        assert_int_equal(bench.done, i);
    }
    close_bench(&bench);
}

static void the_end_waits_for_the_job(void **state)
{
    (void)state;
    struct bench bench = {0};
    open_bench(&bench, count_done);
    worker_start(bench.worker, job, &bench);
    close_bench(&bench);
    assert_int_equal(bench.jobs, 1);
    assert_int_equal(bench.done, 0);
    worker_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_follow_each_other_beside_the_loop),
        cmocka_unit_test(waiting_calls_done_once),
        cmocka_unit_test(the_end_waits_for_the_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

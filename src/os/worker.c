/* Two event descriptors, one each way: the thread sleeps on the first, the loop watches the second. */
#include "os/worker.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct worker {
    struct loop *loop;
    worker_call done;
    void *arg;
    worker_call job; /* NULL when it is told to go: the thread ends */
    void *job_arg;
    int go, ready; /* eventfds */
    bool busy;
    _Atomic bool ended; /* the job; `ready` follows */
    bool watched, begun;
    pthread_t thread;
};

static void tell(int fd)
{
    const uint64_t one = 1;
    ssize_t n = write(fd, &one, sizeof one);
    assert(n == sizeof one);
    (void)n;
}

static bool hear(int fd)
{
    uint64_t count = 0;
    return read(fd, &count, sizeof count) == sizeof count;
}

static void sleep_on(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int n = poll(&wait, 1, -1);
    assert(n == 1 || errno == EINTR);
    (void)n;
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    for (;;) {
        while (!hear(worker->go)) {
            sleep_on(worker->go);
        }
        if (worker->job == NULL) {
            return NULL;
        }
        worker->job(worker->job_arg);
        worker->ended = true;
        tell(worker->ready);
    }
}

/* False: the job still runs, or somebody waited for it already. */
static bool collect(struct worker *worker)
{
    if (!worker->busy || !hear(worker->ready)) {
        return false;
    }
    worker->busy = false;
    worker->done(worker->arg);
    return true;
}

static void on_ready(void *arg, int fd, unsigned events)
{
    (void)fd;
    (void)events;
    collect(arg);
}

static enum err begin(struct worker *worker, struct why *why)
{
    worker->go = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    worker->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (worker->go < 0 || worker->ready < 0) {
        return why_set(why, ERR_IO, "eventfd: %s", strerror(errno));
    }
    TRY(loop_watch(worker->loop, worker->ready, LOOP_READ, on_ready, worker));
    worker->watched = true;
    int failed = pthread_create(&worker->thread, NULL, work, worker);
    worker->begun = failed == 0;
    return failed == 0 ? OK : why_set(why, ERR_IO, "no thread: %s", strerror(failed));
}

enum err worker_new(struct loop *loop, worker_call done, void *arg, struct worker **out, struct why *why)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL) {
        abort();
    }
    *worker = (struct worker){.loop = loop, .done = done, .arg = arg, .go = -1, .ready = -1};
    enum err err = begin(worker, why);
    if (err != OK) {
        worker_free(worker);
        return err;
    }
    *out = worker;
    return OK;
}

void worker_free(struct worker *worker)
{
    if (worker == NULL) {
        return;
    }
    if (worker->begun) {
        while (worker->busy && !hear(worker->ready)) {
            sleep_on(worker->ready);
        }
        worker->job = NULL;
        tell(worker->go);
        pthread_join(worker->thread, NULL);
    }
    if (worker->watched) {
        loop_unwatch(worker->loop, worker->ready);
    }
    if (worker->go >= 0) {
        close(worker->go);
    }
    if (worker->ready >= 0) {
        close(worker->ready);
    }
    free(worker);
}

void worker_start(struct worker *worker, worker_call job, void *arg)
{
    assert(!worker->busy && job != NULL);
    worker->busy = true;
    worker->ended = false;
    worker->job = job;
    worker->job_arg = arg;
    tell(worker->go);
}

bool worker_busy(const struct worker *worker)
{
    return worker->busy;
}

void worker_look(struct worker *worker)
{
    if (worker->busy && worker->ended) {
        worker_wait(worker);
    }
}

void worker_wait(struct worker *worker)
{
    while (worker->busy && !collect(worker)) {
        sleep_on(worker->ready);
    }
}

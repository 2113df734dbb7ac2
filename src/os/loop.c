/* The event loop: epoll for descriptors, a binary heap for timers, a signalfd for signals. */
#include "os/loop.h"

#include "os/clock.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    EVENTS_A_TURN = 256,
    EVENTS_A_STRETCH = 32, /* after so many of a turn those that go ahead are asked */
    EVENTS_AHEAD = 8
};

struct watch {
    loop_on_fd on; /* NULL: not watched */
    void *arg;
    uint32_t round; /* of this watch, so that a stale event of a closed descriptor finds nobody */
    bool ahead;
};

struct timer {
    int64_t at_ms;
    uint64_t id; /* 0: cancelled */
    loop_on_timer on;
    void *arg;
};

struct loop {
    int epoll;
    int ahead; /* once more, and alone, the watches that go ahead; -1: there is no swarm to go ahead of */
    struct watch *watches; /* by descriptor */
    size_t n_watches;
    uint32_t rounds;
    struct timer *timers; /* heap, earliest first */
    size_t n_timers, cap_timers;
    uint64_t last_id;
    int64_t now_ms;
    bool
        may_be_late; /* somebody was called in this turn who may have taken any time: a timer, a watch; the swarm's are short */
    bool stopped;
    int code;
    int signals;
    loop_on_signal on_signal;
    void *signal_arg;
    loop_on_swarm on_swarm;
    void *swarm_arg;
    loop_on_timer on_turn; /* NULL: nobody gathers */
    void *turn_arg;
};

#define OF_SWARM (UINT64_C(1) << 63) /* in an event's data: the rest is the owner's tag */

enum err loop_new(struct loop **out, struct why *why)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) {
        abort();
    }
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0) {
        free(loop);
        return why_set(why, ERR_IO, "epoll: %s", strerror(errno));
    }
    loop->ahead = -1;
    loop->signals = -1;
    loop->now_ms = monotonic_ms();
    *out = loop;
    return OK;
}

void loop_free(struct loop *loop)
{
    if (loop != NULL) {
        if (loop->signals >= 0) {
            close(loop->signals);
        }
        if (loop->ahead >= 0) {
            close(loop->ahead);
        }
        close(loop->epoll);
        free(loop->watches);
        free(loop->timers);
        free(loop);
    }
}

static uint32_t to_epoll(unsigned events)
{
    return (events & LOOP_READ ? (uint32_t)EPOLLIN | EPOLLRDHUP : 0) |
           (events & LOOP_WRITE ? (uint32_t)EPOLLOUT : 0);
}

static enum err control(const struct loop *loop, int epoll, int operation, int fd, unsigned events)
{
    struct epoll_event event = {.events = to_epoll(events)};
    event.data.u64 = (uint64_t)loop->watches[fd].round << 32 | (uint32_t)fd;
    if (epoll_ctl(epoll, operation, fd, &event) != 0) {
        return errno == ENOSPC || errno == ENOMEM ? ERR_FULL : ERR_IO;
    }
    return OK;
}

enum err loop_watch(struct loop *loop, int fd, unsigned events, loop_on_fd on, void *arg)
{
    assert(fd >= 0 && on != NULL);
    size_t needed = (size_t)fd + 1;
    if (needed > loop->n_watches) {
        size_t grown = needed < 64 ? 64 : needed * 2;
        struct watch *moved = realloc(loop->watches, grown * sizeof *moved);
        if (moved == NULL) {
            return ERR_FULL;
        }
        memset(moved + loop->n_watches, 0, (grown - loop->n_watches) * sizeof *moved);
        loop->watches = moved;
        loop->n_watches = grown;
    }
    assert(loop->watches[fd].on == NULL);
    loop->watches[fd] = (struct watch){.on = on, .arg = arg, .round = ++loop->rounds & INT32_MAX};
    enum err err = control(loop, loop->epoll, EPOLL_CTL_ADD, fd, events);
    if (err != OK) {
        loop->watches[fd].on = NULL;
    }
    return err;
}

enum err loop_watch_ahead(struct loop *loop, int fd, unsigned events, loop_on_fd on, void *arg)
{
    assert(loop->ahead >= 0);
    TRY(loop_watch(loop, fd, events, on, arg));
    loop->watches[fd].ahead = true;
    enum err err = control(loop, loop->ahead, EPOLL_CTL_ADD, fd, events);
    if (err != OK) {
        loop_unwatch(loop, fd);
    }
    return err;
}

enum err loop_change(struct loop *loop, int fd, unsigned events)
{
    assert((size_t)fd < loop->n_watches && loop->watches[fd].on != NULL);
    TRY(control(loop, loop->epoll, EPOLL_CTL_MOD, fd, events));
    return loop->watches[fd].ahead ? control(loop, loop->ahead, EPOLL_CTL_MOD, fd, events) : OK;
}

void loop_unwatch(struct loop *loop, int fd)
{
    assert((size_t)fd < loop->n_watches && loop->watches[fd].on != NULL);
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
    if (loop->watches[fd].ahead) {
        epoll_ctl(loop->ahead, EPOLL_CTL_DEL, fd, NULL);
    }
    loop->watches[fd].on = NULL;
}

enum err loop_swarm(struct loop *loop, loop_on_swarm on, void *arg)
{
    assert(loop->ahead < 0);
    loop->ahead = epoll_create1(EPOLL_CLOEXEC);
    loop->on_swarm = on;
    loop->swarm_arg = arg;
    return loop->ahead >= 0 ? OK : ERR_FULL;
}

static int control_swarm(struct loop *loop, int operation, int fd, uint64_t tag)
{
    assert((tag & OF_SWARM) == 0);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | (uint32_t)EPOLLET};
    event.data.u64 = tag | OF_SWARM;
    return epoll_ctl(loop->epoll, operation, fd, &event);
}

enum err loop_join(struct loop *loop, int fd, uint64_t tag)
{
    return control_swarm(loop, EPOLL_CTL_ADD, fd, tag) == 0 ? OK : ERR_FULL;
}

void loop_rejoin(struct loop *loop, int fd, uint64_t tag)
{
    int failed = control_swarm(loop, EPOLL_CTL_MOD, fd, tag);
    assert(failed == 0); /* it joined, and is open */
}

static bool earlier(const struct timer *a, const struct timer *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->id < b->id;
}

static void swap(struct timer *a, struct timer *b)
{
    struct timer held = *a;
    *a = *b;
    *b = held;
}

static void sift_up(struct timer *heap, size_t i)
{
    while (i > 0 && earlier(&heap[i], &heap[(i - 1) / 2])) {
        swap(&heap[i], &heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
}

static void sift_down(struct timer *heap, size_t n, size_t i)
{
    for (;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++) {
            if (earlier(&heap[child], &heap[least])) {
                least = child;
            }
        }
        if (least == i) {
            return;
        }
        swap(&heap[i], &heap[least]);
        i = least;
    }
}

uint64_t loop_after(struct loop *loop, int64_t after_ms, loop_on_timer on, void *arg)
{
    if (loop->n_timers == loop->cap_timers) {
        size_t cap = loop->cap_timers == 0 ? 32 : loop->cap_timers * 2;
        struct timer *moved = realloc(loop->timers, cap * sizeof *moved);
        if (moved == NULL) {
            abort();
        }
        loop->timers = moved;
        loop->cap_timers = cap;
    }
    int64_t at = monotonic_ms() + (after_ms < 0 ? 0 : after_ms);
    loop->timers[loop->n_timers] = (struct timer){.at_ms = at, .id = ++loop->last_id, .on = on, .arg = arg};
    sift_up(loop->timers, loop->n_timers++);
    return loop->last_id;
}

void loop_cancel(struct loop *loop, uint64_t timer)
{
    for (size_t i = 0; timer != 0 && i < loop->n_timers; i++) {
        if (loop->timers[i].id == timer) {
            loop->timers[i] = loop->timers[--loop->n_timers];
            if (i < loop->n_timers) {
                sift_down(loop->timers, loop->n_timers, i);
                sift_up(loop->timers, i);
            }
            return;
        }
    }
}

static void run_timers(struct loop *loop)
{
    uint64_t newest = loop->last_id; /* timers armed in this turn wait for the next */
    while (!loop->stopped && loop->n_timers > 0 && loop->timers[0].at_ms <= loop->now_ms &&
           loop->timers[0].id <= newest) {
        struct timer due = loop->timers[0];
        loop->timers[0] = loop->timers[--loop->n_timers];
        sift_down(loop->timers, loop->n_timers, 0);
        loop->may_be_late = true;
        due.on(due.arg);
    }
}

static void on_signal(void *arg, int fd, unsigned events)
{
    struct loop *loop = arg;
    (void)events;
    struct signalfd_siginfo info;
    while (read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
        int number = (int)info.ssi_signo;
        if (loop->on_signal != NULL) {
            loop->on_signal(loop->signal_arg, number);
        }
        if (number == SIGTERM || number == SIGINT) {
            loop_stop(loop, 0);
        }
    }
}

enum err loop_signals(struct loop *loop, loop_on_signal on, void *arg, struct why *why)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    if (on != NULL) {
        sigaddset(&wanted, SIGCHLD);
        sigaddset(&wanted, SIGHUP);
        sigaddset(&wanted, SIGUSR1);
    }
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &wanted, NULL) != 0) {
        return why_set(why, ERR_IO, "signals: %s", strerror(errno));
    }
    loop->signals = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    if (loop->signals < 0) {
        return why_set(why, ERR_IO, "signalfd: %s", strerror(errno));
    }
    loop->on_signal = on;
    loop->signal_arg = arg;
    return loop_watch(loop, loop->signals, LOOP_READ, on_signal, loop);
}

void loop_each_turn(struct loop *loop, loop_on_timer on, void *arg)
{
    loop->on_turn = on;
    loop->turn_arg = arg;
}

static int wait_ms(const struct loop *loop)
{
    if (loop->n_timers == 0) {
        return -1;
    }
    /* In a turn of the swarm alone the clock is asked once, at its beginning. Whoever builds a cut in a turn of half a minute would
     * sleep half a minute too long by that. */
    int64_t left = loop->timers[0].at_ms - (loop->may_be_late ? monotonic_ms() : loop->now_ms);
    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

static void run_event(struct loop *loop, const struct epoll_event *event)
{
    unsigned events = (event->events & (EPOLLIN | EPOLLPRI) ? LOOP_READ : 0U) |
                      (event->events & EPOLLOUT ? LOOP_WRITE : 0U) |
                      (event->events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP) ? LOOP_HANGUP : 0U);
    if ((event->data.u64 & OF_SWARM) != 0) {
        loop->on_swarm(loop->swarm_arg, event->data.u64 & ~OF_SWARM, events);
        return;
    }
    uint32_t fd = (uint32_t)event->data.u64;
    struct watch *watch = &loop->watches[fd];
    if (watch->on != NULL && watch->round == event->data.u64 >> 32) {
        loop->may_be_late = true;
        watch->on(watch->arg, (int)fd, events);
    }
}

/* epoll tells of the swarm in the order of its events, and of a level-triggered descriptor behind all who wait at that
 * moment: a listener would wait for thousands of connections between one look at it and the next. */
static void run_ahead(struct loop *loop)
{
    struct epoll_event events[EVENTS_AHEAD];
    int n = loop->ahead < 0 ? 0 : epoll_wait(loop->ahead, events, EVENTS_AHEAD, 0);
    for (int i = 0; i < n && !loop->stopped; i++) {
        run_event(loop, &events[i]);
    }
}

static void end_stretch(struct loop *loop)
{
    if (loop->on_turn != NULL) {
        loop->on_turn(loop->turn_arg);
    }
}

int loop_run(struct loop *loop)
{
    struct epoll_event events[EVENTS_A_TURN];
    loop->stopped = false;
    while (!loop->stopped) {
        int n = epoll_wait(loop->epoll, events, EVENTS_A_TURN, wait_ms(loop));
        assert(n >= 0 || errno == EINTR);
        loop->now_ms = monotonic_ms();
        loop->may_be_late = false;
        for (int i = 0; i < n && !loop->stopped; i++) {
            run_event(loop, &events[i]);
            if (i % EVENTS_A_STRETCH == EVENTS_A_STRETCH - 1) {
                run_ahead(loop);
                end_stretch(loop);
            }
        }
        run_timers(loop);
        end_stretch(loop);
    }
    return loop->code;
}

void loop_stop(struct loop *loop, int code)
{
    loop->stopped = true;
    loop->code = code;
}

int64_t loop_now_ms(const struct loop *loop)
{
    return loop->now_ms;
}

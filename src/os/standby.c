/* Each waits for the other's word in two steps: awake for a moment, to take it at once, and asleep when it does not come soon.
 * (To yield the processor instead gives it, on a busy machine, to somebody else for milliseconds.) */
#include "os/standby.h"

#include <assert.h>
#include <stddef.h>

enum { STATE_IDLE, STATE_GIVEN, STATE_DONE, LOOKS = 8000 /* some tenths of a millisecond */ };

/* Tells the processor that this loop waits. */
static inline void take_breath(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void wait_for(struct standby *standby, int state)
{
    for (int i = 0; i < LOOKS; i++) {
        if (atomic_load_explicit(&standby->state, memory_order_acquire) >= state) {
            return;
        }
        take_breath();
    }
    pthread_mutex_lock(&standby->lock);
    while (atomic_load_explicit(&standby->state, memory_order_acquire) < state) {
        pthread_cond_wait(&standby->changed, &standby->lock);
    }
    pthread_mutex_unlock(&standby->lock);
}

static void come_to(struct standby *standby, int state)
{
    pthread_mutex_lock(&standby->lock);
    atomic_store_explicit(&standby->state, state, memory_order_release);
    pthread_cond_signal(&standby->changed);
    pthread_mutex_unlock(&standby->lock);
}

/* Where the thread begins is the kernel's choice, and one that spares its processors chooses the caller's own: there it waits for
 * the caller's turn to end, or to be moved, a millisecond or two of the few that all the work takes. So it is sent to another one at
 * once. Where that is not allowed it stays where it is. */
static void send_elsewhere(struct standby *standby)
{
    cpu_set_t others = standby->allowed;
    int here = sched_getcpu();
    if (here >= 0 && here < CPU_SETSIZE) {
        CPU_CLR((unsigned)here, &others);
    }
    if (CPU_COUNT(&others) > 0) {
        (void)pthread_setaffinity_np(standby->thread, sizeof others, &others);
    }
}

/* Once there it may be moved again, for that processor may be busy and the caller's be free. (Before the caller has sent it this
 * changes nothing, and it remains barred from the caller's, which it did not need.) */
static void be_movable(struct standby *standby)
{
    if (CPU_COUNT(&standby->allowed) > 0) {
        (void)sched_setaffinity(0, sizeof standby->allowed, &standby->allowed);
    }
}

static void *run(void *arg)
{
    struct standby *standby = arg;
    be_movable(standby);
    if (standby->warm != NULL) {
        standby->warm(standby->warm_arg);
    }
    wait_for(standby, STATE_GIVEN);
    if (standby->work != NULL) {
        standby->work(standby->arg);
    }
    come_to(standby, STATE_DONE);
    return NULL;
}

bool standby_worth_it(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 1;
}

bool standby_begin(struct standby *standby, void (*warm)(void *arg), void *warm_arg)
{
    *standby = (struct standby){.lock = PTHREAD_MUTEX_INITIALIZER,
                                .changed = PTHREAD_COND_INITIALIZER,
                                .warm = warm,
                                .warm_arg = warm_arg};
    if (sched_getaffinity(0, sizeof standby->allowed, &standby->allowed) != 0) {
        CPU_ZERO(&standby->allowed);
    }
    if (pthread_create(&standby->thread, NULL, run, standby) != 0) {
        return false;
    }
    send_elsewhere(standby);
    return true;
}

void standby_give(struct standby *standby, void (*work)(void *arg), void *arg)
{
    assert(standby->work == NULL);
    standby->work = work;
    standby->arg = arg;
    come_to(standby, STATE_GIVEN);
}

void standby_wait(struct standby *standby)
{
    wait_for(standby, STATE_DONE);
}

void standby_end(struct standby *standby)
{
    if (standby->work == NULL) {
        come_to(standby, STATE_GIVEN);
    }
    int err = pthread_join(standby->thread, NULL);
    assert(err == 0);
    (void)err;
}

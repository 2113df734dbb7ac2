/* A thread begun before there is anything for it to do: to wake another processor takes longer than many a piece of work,
 * and that time passes here while the caller finds out what is to be done. One piece of work, and the thread ends. For
 * programs that work something out and end; what serves others has an event loop and no threads. */
#ifndef OS_STANDBY_H
#define OS_STANDBY_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

struct standby {
    pthread_t thread;
    cpu_set_t allowed; /* the caller's processors */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_int state;
    void (*warm)(void *arg);
    void *warm_arg;
    void (*work)(void *arg);
    void *arg;
};

/* Is there another processor for it? */
bool standby_worth_it(void);
/* False: the system gives no thread, and nothing was begun. Otherwise standby_end must follow. `warm` (or NULL) is what the
 * thread does before it waits, in time that would be lost. */
bool standby_begin(struct standby *standby, void (*warm)(void *arg), void *warm_arg);
/* Once at most; `work` may share with the caller only what neither of them changes. */
void standby_give(struct standby *standby, void (*work)(void *arg), void *arg);
/* After standby_give: once it returns, everything `work` wrote is the caller's. */
void standby_wait(struct standby *standby);
/* The thread is gone, and did what it was given. */
void standby_end(struct standby *standby);

#endif

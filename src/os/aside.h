/* One thing done aside, in a thread of its own, while the caller does another: for programs that work something out and
 * end. What serves others has an event loop and no threads. */
#ifndef OS_ASIDE_H
#define OS_ASIDE_H

#include <pthread.h>
#include <stdbool.h>

struct aside {
    void (*work)(void *arg);
    void *arg;
    pthread_t thread;
};

/* False: the system gives no thread, and nothing was begun. Otherwise `work` may share with the caller only what neither
 * of them changes, and aside_wait must follow. */
bool aside_begin(struct aside *aside, void (*work)(void *arg), void *arg);
/* Once it returns, everything `work` wrote is the caller's. */
void aside_wait(struct aside *aside);

#endif

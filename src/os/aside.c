/* A thread, begun and waited for. */
#include "os/aside.h"

#include <assert.h>
#include <stddef.h>

static void *run(void *arg)
{
    struct aside *aside = arg;
    aside->work(aside->arg);
    return NULL;
}

bool aside_begin(struct aside *aside, void (*work)(void *arg), void *arg)
{
    *aside = (struct aside){.work = work, .arg = arg};
    return pthread_create(&aside->thread, NULL, run, aside) == 0;
}

void aside_wait(struct aside *aside)
{
    int err = pthread_join(aside->thread, NULL);
    assert(err == 0);
    (void)err;
}

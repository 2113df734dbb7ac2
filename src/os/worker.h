/* A thread beside an event loop, for work that waits for the disk while the loop goes on. One job at a time, and no locks:
 * what a job works on belongs to it from worker_start until `done` is called, in the loop's thread. A role that jails
 * itself makes its workers afterwards (a thread is in the jail of the one that made it) and needs JAIL_THREADS. */
#ifndef OS_WORKER_H
#define OS_WORKER_H

#include "base/err.h"
#include "os/loop.h"

struct worker;
typedef void (*worker_call)(void *arg);

/* `done` is called with `arg` after each job, by the loop or by worker_wait. */
MUST_CHECK enum err worker_new(struct loop *loop, worker_call done, void *arg, struct worker **out,
                               struct why *why);
/* Waits for a job that runs; its `done` is not called. NULL is fine. */
void worker_free(struct worker *worker);
/* The worker is idle. `job` is called with `arg`, in the worker's thread. */
void worker_start(struct worker *worker, worker_call job, void *arg);
bool worker_busy(const struct worker *worker);
/* Calls `done` now if the job has ended and the loop has not come to it yet: for the middle of long work. */
void worker_look(struct worker *worker);
/* Waits for the job that runs, if one does, and calls `done`. */
void worker_wait(struct worker *worker);

#endif

/* One event loop a process: epoll, timers, and a place to stop. No threads. */
#ifndef OS_LOOP_H
#define OS_LOOP_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 };

/* `events` are LOOP_ bits; HANGUP is always reported. */
typedef void (*loop_on_fd)(void *arg, int fd, unsigned events);
typedef void (*loop_on_timer)(void *arg);

MUST_CHECK enum err loop_new(struct loop **out, struct why *why);
void loop_free(struct loop *loop);

/* Watches a descriptor; one watch a descriptor. Level-triggered. */
MUST_CHECK enum err loop_watch(struct loop *loop, int fd, unsigned events, loop_on_fd on, void *arg);
MUST_CHECK enum err loop_change(struct loop *loop, int fd, unsigned events);
void loop_unwatch(struct loop *loop, int fd);

/* Connections by the thousand, whose owner keeps the records: edge-triggered, registered once for reading, writing and
 * hang-up. The tag comes back with every event; one of a connection that is gone is the owner's to recognise. Closing
 * the descriptor ends it. Tags lie below 2^63. */
typedef void (*loop_on_swarm)(void *arg, uint64_t tag, unsigned events);
MUST_CHECK enum err loop_swarm(struct loop *loop, loop_on_swarm on, void *arg);
MUST_CHECK enum err loop_join(struct loop *loop, int fd, uint64_t tag);
/* An event comes again if there is still something to read or room to write. */
void loop_rejoin(struct loop *loop, int fd, uint64_t tag);

/* A watch that goes ahead of the swarm: however many events of the swarm wait, it is told of after a few dozen of them. For
 * listeners and the like; only after loop_swarm. */
MUST_CHECK enum err loop_watch_ahead(struct loop *loop, int fd, unsigned events, loop_on_fd on, void *arg);

/* Calls once after `after_ms` (0: at the next turn). Returns an id, 0 never. A repeating task arms itself
 * again. */
uint64_t loop_after(struct loop *loop, int64_t after_ms, loop_on_timer on, void *arg);
void loop_cancel(struct loop *loop, uint64_t timer);

/* SIGTERM and SIGINT stop the loop; SIGPIPE is ignored; SIGCHLD, SIGHUP and SIGUSR1 call `on` when given. */
typedef void (*loop_on_signal)(void *arg, int signal);
MUST_CHECK enum err loop_signals(struct loop *loop, loop_on_signal on, void *arg, struct why *why);

/* After everything that came together was handled, or a few dozen of it: what was gathered meanwhile can be sent. */
void loop_each_turn(struct loop *loop, loop_on_timer on, void *arg);

/* Runs until loop_stop; returns its code. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop, int code);
/* monotonic milliseconds at the start of this turn. */
int64_t loop_now_ms(const struct loop *loop);

#endif

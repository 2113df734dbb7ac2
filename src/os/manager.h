/* The service manager that started us, if one did: sockets that it opened (sd_listen_fds(3)) and what it wants to hear
 * (sd_notify(3): ready, reloading, stopping, and a sign of life before its watchdog barks). A few environment variables and
 * datagrams, so no library is linked for it (docs/decisions/service-manager.md). Without a manager all of it does nothing. */
#ifndef OS_MANAGER_H
#define OS_MANAGER_H

#include "base/err.h"
#include "os/loop.h"

/* A listening socket that was opened for us, or -1: the one of that name (FileDescriptorName=), else, when its socket unit gave
 * none, the one in that place. It is ours from now on: non-blocking, close-on-exec. */
int manager_listener(const char *name, int place);
/* No program that we execute from now on takes the sockets for its own. */
void manager_forget_listeners(void);

/* Signs of life from this loop, three in each of the watchdog's spans; a loop that stands still sends none. */
void manager_watch(struct loop *loop);

void manager_ready(void);
void manager_reloading(void); /* manager_ready follows, also when nothing came of it */
void manager_stopping(void);
/* One line for whoever asks the manager how we are. */
void manager_status(const char *format, ...) PRINTF(1, 2);

/* In a child that executes another program: the manager does not know it. */
void manager_forget(void);

#endif

/* The puller role: looks at the feed again and again, says how it goes in a status file, and in one line for
 * the edge beside it how the feed is. */
#ifndef MIRROR_PULLER_H
#define MIRROR_PULLER_H

#include "mirror/pull.h"

struct puller_options {
    struct pull_options pull;
    const char *status;     /* path of the status file, NULL: none */
    const char *name;       /* of the program in it: "mirror-1" */
    const char *feed_state; /* path of the line for the edge */
    const char *clock;      /* path of the night's clock, NULL: the system's */
    int poll_ms;            /* real time between looks */
};

/* Runs until it is killed; returns an exit code when it cannot begin. `arg` is a struct puller_options. */
int puller_role(void *arg);

#endif

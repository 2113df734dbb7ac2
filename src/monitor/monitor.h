/* A door for monitors before the status files of all programs: it reads them when it is asked, and holds nothing. */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include "os/options.h"

struct monitor_options {
    const char *listen;
    struct option_many folders; /* of status files */
};

/* Runs until SIGTERM. The return value is the exit code. */
int monitor_run(const struct monitor_options *options);

#endif

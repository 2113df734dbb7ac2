/* atalaya-intake: a parent that parses, binds and watches, and three roles: gate, store, copy. */
#ifndef INTAKE_INTAKE_H
#define INTAKE_INTAKE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct intake_config {
    const char *dir;        /* of the night */
    const char *listen;     /* "127.0.0.1:8091" */
    const char *cert, *key; /* PEM files, NULL: plain HTTP */
    const char *copy;       /* second folder, NULL: no copy */
    bool copy_no_keys;      /* the keys are other users' or kept apart */
    bool copy_sync;         /* acknowledge only what the copy has */
    uint32_t connections;
    int64_t patience_ms;
};

/* Runs until it is told to stop; the program's exit code: 0, or 2 when it cannot run. */
int intake_run(const struct intake_config *config);

#endif

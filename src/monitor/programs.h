/* The status files of one or more folders, and what they say in Prometheus' text. docs/formats/metrics.md. */
#ifndef MONITOR_PROGRAMS_H
#define MONITOR_PROGRAMS_H

#include "base/buf.h"
#include "base/err.h"
#include "doors/status.h"

enum { PROGRAMS_MAX = 64, PROGRAM_GONE_MS = 10000 };

struct program {
    struct span name; /* as it calls itself */
    struct buf bytes;
    struct status status;
    int64_t age_ms; /* of the file */
};

struct programs {
    struct program *all;
    uint32_t n;
    uint32_t unreadable; /* files that are no status, or more than fit */
};

void programs_init(struct programs *programs);
void programs_done(struct programs *programs);
/* Forgets what was read before. A folder that is not there has no files. */
void programs_read(struct programs *programs, const char *const *folders, size_t n_folders);
void programs_print(const struct programs *programs, struct buf *out);

#endif

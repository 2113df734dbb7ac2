/* `status`: one small file a program, replaced atomically; boards and alerts read only these.
 * docs/formats/status.md. */
#ifndef FORMATS_STATUS_H
#define FORMATS_STATUS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum { STATUS_PAIRS_MAX = 64, STATUS_BYTES_MAX = 16384 };

struct status {
    struct span program;  /* "intake", "cut", "edge", "mirror-1", "site", ... */
    struct span state;    /* "starting", "running", "degraded", "stopped" */
    int64_t time_ms;      /* when it was written, night clock */
    int64_t since_ms;     /* in this state since */
    struct span alarm;    /* one sentence, empty when all is well */
    struct {
        struct span name; /* "actas_acknowledged" */
        struct span value; /* decimal number or short text without spaces at the ends */
    } pairs[STATUS_PAIRS_MAX];
    uint32_t n_pairs;
};

void status_print(const struct status *status, struct buf *out);
MUST_CHECK enum err status_parse(struct span bytes, struct status *out, struct why *why);
struct span status_value(const struct status *status, const char *name); /* empty when absent */
uint64_t status_number(const struct status *status, const char *name);   /* 0 when absent */

#endif

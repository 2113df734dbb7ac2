/* When cuts are due: every cadence from the opening on, and at the closing hour. Pure. */
#ifndef CUT_SCHEDULE_H
#define CUT_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct schedule {
    int64_t opening_ms, closing_ms, cadence_ms;
};

/* The moment of the cut that is due at `now_ms` when the newest cut is of `last_ms` (INT64_MIN: none numbered
 * yet); -1: none. Moments that were missed are not made up for: the newest that has passed counts. */
int64_t schedule_due(const struct schedule *schedule, int64_t last_ms, int64_t now_ms);
/* The first moment of a cut after `time_ms`: never past the closing hour; -1 after it. */
int64_t schedule_next(const struct schedule *schedule, int64_t time_ms);

#endif

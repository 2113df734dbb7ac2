/* Moments of cuts. */
#include "cut/schedule.h"

int64_t schedule_due(const struct schedule *schedule, int64_t last_ms, int64_t now_ms)
{
    if (now_ms < schedule->opening_ms || last_ms >= schedule->closing_ms) {
        return -1;
    }
    int64_t due = schedule->closing_ms;
    if (now_ms < schedule->closing_ms) {
        due = now_ms - (now_ms - schedule->opening_ms) % schedule->cadence_ms;
    }
    return due > last_ms ? due : -1;
}

int64_t schedule_next(const struct schedule *schedule, int64_t time_ms)
{
    if (time_ms < schedule->opening_ms) {
        return schedule->opening_ms;
    }
    if (time_ms >= schedule->closing_ms) {
        return -1;
    }
    int64_t since = time_ms - schedule->opening_ms;
    int64_t next = schedule->opening_ms + (since / schedule->cadence_ms + 1) * schedule->cadence_ms;
    return next < schedule->closing_ms ? next : schedule->closing_ms;
}

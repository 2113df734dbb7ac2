/* Alarms: what is wrong with a night, derived from its board. Pure: the caller passes the board and the real
 * time; a small memory holds what must be compared over time. Each alarm has a name that stays, so that an
 * alert is given once when it is raised and once when it is cleared. */
#ifndef NIGHT_ALARMS_H
#define NIGHT_ALARMS_H

#include "night/board.h"

enum { ALARMS_MAX = 48, ALARM_NAME_MAX = 48, ALARM_TEXT_MAX = 400, REFUSED_SLOTS = 60 };

struct alarm {
    char name[ALARM_NAME_MAX];     /* "cut-late", "gone-mirror-1", ... */
    char sentence[ALARM_TEXT_MAX]; /* Spanish, names place and figure */
};

struct alarm_set {
    struct alarm alarms[ALARMS_MAX];
    uint32_t n;
};

/* What is compared over time, in real time: refusals of the last minute, a slot a second; what each mirror took last. */
struct alarm_memory {
    struct {
        int64_t real_ms;
        uint64_t refused, acknowledged;
    } slots[REFUSED_SLOTS];
    uint32_t n, next;
    struct {
        uint64_t cut;    /* that it holds */
        int64_t lack_ms; /* real: since when a newer one is there and it takes none; -1: it lacks nothing */
        bool known;
    } mirrors[MIRRORS];
};

/* Limits, each with its reason in alarms.c. */
enum {
    ALARM_DISK_LOW_MIB = 512,
    ALARM_CLOCK_OFF_MS = 2000,
    ALARM_CUT_REAL_MS = 30000,
    ALARM_CUT_NIGHT_MS = 60000,
    ALARM_CHECKPOINT_REAL_MS = 5000,
    ALARM_MIRROR_REAL_MS = 60000,
    ALARM_MIRROR_LAG_CUTS = 2,
    ALARM_MIRROR_LAG_REAL_MS = 120000,
    ALARM_REFUSED_MIN = 20,
    ALARM_REFUSED_PERCENT = 5
};

void alarms_check(const struct board *board, int64_t real_ms, struct alarm_memory *memory,
                  struct alarm_set *out);
/* The alarm of that name, or NULL. */
const struct alarm *alarms_find(const struct alarm_set *set, const char *name);

/* Calls `raised` for each alarm of `now` that `before` does not have, `cleared` for each one that is no more.
 */
typedef void (*alarm_event)(void *arg, bool raised, const struct alarm *alarm);
void alarms_compare(const struct alarm_set *before, const struct alarm_set *now, alarm_event event,
                    void *arg);

#endif

/* The one alert hook: a program of the operator's, told of each alarm once when it is raised and once when it
 * is cleared, with the arguments `raised|cleared NAME SENTENCE`. It can do the night no harm: it runs on its
 * own, for at most ALERT_RUN_MS, one at a time, at most ALERT_PER_MINUTE a minute; what cannot be told is
 * counted. */
#ifndef NIGHT_ALERTS_H
#define NIGHT_ALERTS_H

#include "night/alarms.h"
#include "os/proc.h"

enum { ALERT_RUN_MS = 10000, ALERT_PER_MINUTE = 30, ALERT_QUEUE = 64 };

struct alerts {
    const char *program; /* NULL or "": none */
    const char *log;     /* where its standard error goes */
    struct alert_word {
        bool raised;
        struct alarm alarm;
    } queue[ALERT_QUEUE];
    uint32_t n;
    struct child child;   /* pid -1: none runs */
    int64_t child_end_ms; /* monotonic: when it is killed */
    int64_t minute_ms;    /* start of the minute that is counted */
    uint32_t in_minute;
    uint64_t told, failed, dropped;
};

void alerts_init(struct alerts *alerts, const char *program, const char *log);
void alerts_say(struct alerts *alerts, bool raised, const struct alarm *alarm);
/* Starts what waits, reaps and ends what runs; never waits. Called often. */
void alerts_tick(struct alerts *alerts, int64_t now_ms);
/* At the end: gives what waits at most `ms` to be told. */
void alerts_done(struct alerts *alerts, int ms);

#endif

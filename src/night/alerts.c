/* Runs the operator's program, one word at a time. */
#include "night/alerts.h"

#include "base/log.h"
#include "os/clock.h"

#include <poll.h>
#include <signal.h>
#include <stdint.h>

void alerts_init(struct alerts *alerts, const char *program, const char *log)
{
    *alerts = (struct alerts){.log = log, .child = {.pid = -1, .pidfd = -1}};
    alerts->program = program != NULL && program[0] != '\0' ? program : NULL;
}

void alerts_say(struct alerts *alerts, bool raised, const struct alarm *alarm)
{
    if (alerts->program == NULL) {
        return;
    }
    if (alerts->n == ALERT_QUEUE) {
        alerts->dropped++;
        return;
    }
    alerts->queue[alerts->n++] = (struct alert_word){raised, *alarm};
}

static void start(struct alerts *alerts, int64_t now_ms)
{
    struct alert_word *word = &alerts->queue[0];
    struct why why = {{0}};
    char *argv[] = {(char *)(uintptr_t)alerts->program,
                    (char *)(uintptr_t)(word->raised ? "raised" : "cleared"), word->alarm.name,
                    word->alarm.sentence, NULL};
    if (program_start(alerts->program, argv, NULL, 0, alerts->log, &alerts->child, &why) == OK) {
        alerts->child_end_ms = now_ms + ALERT_RUN_MS;
        alerts->in_minute++;
    } else {
        alerts->failed++;
        log_line(LOG_WARN, "alert_not_started", "why=\"%s\"", why.text);
    }
    alerts->n--;
    memmove(alerts->queue, alerts->queue + 1, alerts->n * sizeof *alerts->queue);
}

static void look_after(struct alerts *alerts, int64_t now_ms)
{
    int ended = child_ended(&alerts->child);
    if (ended != 0) {
        alerts->told += ended == 1;
        alerts->failed += ended != 1;
        alerts->child.pid = -1;
    } else if (now_ms >= alerts->child_end_ms) {
        log_line(LOG_WARN, "alert_too_slow", "pid=%d", (int)alerts->child.pid);
        kill(alerts->child.pid, SIGKILL);
        alerts->child_end_ms = INT64_MAX; /* reaped at the next tick */
    }
}

void alerts_tick(struct alerts *alerts, int64_t now_ms)
{
    if (now_ms - alerts->minute_ms >= 60000) {
        alerts->minute_ms = now_ms;
        alerts->in_minute = 0;
    }
    if (alerts->child.pid > 0) {
        look_after(alerts, now_ms);
    }
    if (alerts->child.pid <= 0 && alerts->n > 0 && alerts->in_minute < ALERT_PER_MINUTE) {
        start(alerts, now_ms);
    }
}

void alerts_done(struct alerts *alerts, int ms)
{
    int64_t end = monotonic_ms() + ms;
    while ((alerts->n > 0 || alerts->child.pid > 0) && monotonic_ms() < end) {
        alerts_tick(alerts, monotonic_ms());
        poll(NULL, 0, 10);
    }
    child_stop(&alerts->child, 0);
}

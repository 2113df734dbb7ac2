/* Drives a stepped night, --speed max: from cut to cut it sets the clock, has everything sent that is due by then, and has
 * the cut made. A role of the parent's, so that waiting here stops nobody from watching. Started again after a death, it
 * goes on from where the clock stands. */
#include "night/night.h"

#include "base/log.h"
#include "os/control.h"
#include "os/file.h"
#include "os/sock.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum { CUT_WAIT_MS = 120000, SENT_WAIT_MS = 900000, PAUSE_MS = 50, TRIES_MS = 120000, ANSWER_MAX = 256 };

struct stepper {
    struct night *night;
    struct child feeder;
    int control;
    bool done; /* everything was sent */
};

static enum err start_feeder(struct stepper *stepper, struct why *why)
{
    char path[4096], log[FILE_PATH_MAX], number[16];
    int pair[2];
    TRY(program_path("atalaya-replay", path, why));
    if (sock_pair(pair) != OK) {
        return why_set(why, ERR_IO, "no hay enchufes / no sockets");
    }
    snprintf(number, sizeof number, "%d", pair[1]);
    char *argv[] = {(char *)(uintptr_t) "atalaya-replay",
                    (char *)(uintptr_t) "--dir",
                    stepper->night->dir,
                    (char *)(uintptr_t) "--intake",
                    stepper->night->settings.intake,
                    (char *)(uintptr_t) "--control",
                    number,
                    NULL};
    enum err err =
        program_start(path, argv, &pair[1], 1, path_join(log, stepper->night->dir, "run/log/feeder.log"),
                      &stepper->feeder, why);
    close(pair[1]);
    stepper->control = pair[0];
    return err;
}

/* "until MOMENT": answered once everything due by then was answered by the intake. */
static enum err send_until(struct stepper *stepper, int64_t ms, struct why *why)
{
    char iso[DATE_ISO_LEN + 1], text[ANSWER_MAX];
    date_print_iso(iso, ms);
    int n = snprintf(text, sizeof text, "until %s\n", iso);
    if (write(stepper->control, text, (size_t)n) != n) {
        return why_set(why, ERR_IO, "el alimentador no escucha / the feeder does not listen");
    }
    size_t len = 0;
    int64_t end = monotonic_ms() + SENT_WAIT_MS;
    while (len == 0 || text[len - 1] != '\n') {
        struct pollfd wait = {.fd = stepper->control, .events = POLLIN};
        int64_t left = end - monotonic_ms();
        int ready = left <= 0 ? 0 : poll(&wait, 1, (int)left);
        ssize_t got = ready <= 0 ? 0 : read(stepper->control, text + len, sizeof text - 1 - len);
        if (got <= 0 || len + (size_t)got >= sizeof text - 1) {
            return why_set(why, ERR_IO, "el alimentador calló / the feeder fell silent");
        }
        len += (size_t)got;
    }
    text[len] = '\0';
    stepper->done = strstr(text, "done yes") != NULL;
    return OK;
}

/* Asks the cut, again while it is being started again. A refusal is an answer. */
static enum err ask_cut(const struct stepper *stepper, const char *request, struct why *why)
{
    char path[FILE_PATH_MAX];
    path_join(path, stepper->night->dir, "run/cut.sock");
    int64_t end = monotonic_ms() + TRIES_MS;
    for (;;) {
        *why = (struct why){{0}};
        enum err err = control_ask(path, span_str(request), CUT_WAIT_MS, NULL, why);
        if (err == OK || err == ERR_REFUSED || monotonic_ms() > end) {
            return err;
        }
        poll(NULL, 0, PAUSE_MS);
    }
}

static enum err make_cut(const struct stepper *stepper, int64_t ms, struct why *why)
{
    char iso[DATE_ISO_LEN + 1], request[64];
    date_print_iso(iso, ms);
    snprintf(request, sizeof request, "cut %s", iso);
    enum err err = ask_cut(stepper, request, why);
    if (err == ERR_REFUSED) {
        log_line(LOG_WARN, "cut_refused", "time=%s why=\"%s\"", iso, why->text);
        return OK; /* made before a restart; the check at the end sees what is up */
    }
    return err;
}

/* The first cut of the grid that is not before now. */
static int64_t first_boundary(const struct night *night)
{
    int64_t cadence = (int64_t)night->settings.cut_s * 1000;
    int64_t past = clock_now_ms(night->clock) - night->opening_ms;
    return past <= 0 ? night->opening_ms : night->opening_ms + (past + cadence - 1) / cadence * cadence;
}

static enum err step_through(struct stepper *stepper, struct why *why)
{
    struct night *night = stepper->night;
    int64_t cadence = (int64_t)night->settings.cut_s * 1000;
    if (clock_now_ms(night->clock) < night->opening_ms) {
        TRY(make_cut(stepper, clock_now_ms(night->clock), why)); /* the zeros */
    }
    for (int64_t at = first_boundary(night);; at += cadence) {
        bool end = at >= night->closing_ms;
        at = end ? night->closing_ms : at;
        if (at > clock_now_ms(night->clock)) {
            clock_step(night->clock, at);
        }
        TRY(send_until(stepper, at, why));
        if (end || stepper->done) {
            enum err err = ask_cut(stepper, "close captura-terminada", why);
            if (err != OK && err != ERR_REFUSED) {
                return err;
            }
            return make_cut(stepper, at, why);
        }
        TRY(make_cut(stepper, at, why));
    }
}

int night_stepper(void *arg)
{
    struct stepper stepper = {.night = arg, .feeder = {.pid = -1, .pidfd = -1}, .control = -1};
    struct why why = {{0}};
    enum err err = start_feeder(&stepper, &why);
    err = err == OK ? step_through(&stepper, &why) : err;
    if (err != OK) {
        log_line(LOG_ERROR, "stepper_stopped", "why=\"%s\"", why.text);
    }
    close(stepper.control);
    child_stop(&stepper.feeder, 3000);
    return err == OK ? 0 : 3;
}

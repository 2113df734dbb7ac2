/* The parent's life: start one after the other, watch, close, check, stop in order. */
#include "night/night.h"

#include "base/log.h"
#include "os/control.h"
#include "os/file.h"
#include "os/manager.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    TICK_MS = 50,
    SECOND_MS = 1000,
    START_MS = 120000,
    CLOSE_MS = 120000,
    MIRRORS_MS = 120000,
    GRACE_MS = 8000,
    ALERT_END_MS = 3000,
    ASK_MS = 3000
};

static void enter(struct night *night, enum night_phase phase)
{
    night->phase = phase;
    night->phase_ms = monotonic_ms();
}

static void say(const struct night *night, const char *text)
{
    printf("%s%s\n", night->terminal ? "\r\033[K" : "", text);
    (void)fflush(stdout);
}

static void on_member(void *arg, const struct crew_member *member, bool back)
{
    struct night *night = arg;
    char text[256];
    night->restarts += back;
    if (member->state == CREW_FINISHED) {
        return;
    }
    if (back) {
        snprintf(text, sizeof text, "  %s arriba otra vez / up again", member->name);
    } else {
        snprintf(text, sizeof text,
                 "  %s murió (%d); se levanta otra vez, véase run/log/%s.log / died, starting again",
                 member->name, member->last_code, member->name);
    }
    say(night, text);
}

static void on_alarm(void *arg, bool raised, const struct alarm *alarm)
{
    struct night *night = arg;
    char text[ALARM_TEXT_MAX + 32];
    alerts_say(&night->alerts, raised, alarm);
    log_line(raised ? LOG_WARN : LOG_INFO, raised ? "alarm_raised" : "alarm_cleared", "name=%s", alarm->name);
    snprintf(text, sizeof text, "  %s %s", raised ? "ALARMA:" : "pasó:", alarm->sentence);
    say(night, text);
}

static void look_around(struct night *night)
{
    static struct alarm_set before;
    before = night->alarms;
    board_read(&night->look.board, night->dir, clock_now_ms(night->clock), night->settings.speed);
    alarms_check(&night->look.board, monotonic_ms(), &night->look.memory, &night->alarms);
    alarms_compare(&before, &night->alarms, on_alarm, night);
}

static void fail(struct night *night, const char *sentence)
{
    say(night, sentence);
    night->code = 1;
    loop_stop(night->loop, 1);
}

/* One program after the other, each when the one before it is up. */
static void tick_starting(struct night *night)
{
    struct why why = {{0}};
    if (monotonic_ms() - night->phase_ms > START_MS) {
        char text[256];
        snprintf(text, sizeof text, "%s no arranca en %d s: véase %.100s/run/log / does not come up",
                 night->crew.members[night->started - 1].name, START_MS / 1000, night->dir);
        fail(night, text);
        night->code = 2;
        return;
    }
    if (night->started > 0 && !night_ready(night, &night->crew.members[night->started - 1])) {
        return;
    }
    if (night->started == night->crew.n) {
        night_addresses(night);
        enter(night, NIGHT_RUNNING);
        return;
    }
    struct crew_member *member = &night->crew.members[night->started++];
    night->phase_ms = monotonic_ms();
    if (crew_start(&night->crew, member, &why) != OK) {
        fail(night, why.text);
        night->code = 2;
    }
}

static bool cut_is_last(const struct night *night)
{
    return span_is(status_value(board_status(&night->look.board, SEAT_CUT), "last"), "yes");
}

/* A person has declared the last cut while a drill still sends: what it would go on sending stands in no cut, and the figures
 * of the whole drill are not those to compare with. In a stepped night the close is its stepper's own. */
static void end_feeder_early(struct night *night)
{
    const struct board *board = &night->look.board;
    struct crew_member *feeder = crew_find(&night->crew, "feeder");
    uint64_t left = board_number(board, SEAT_FEEDER, "to_send") - board_number(board, SEAT_FEEDER, "sent");
    night->closed_early = night->settings.speed > 0 && feeder->state == CREW_UP && left > 0;
    if (night->closed_early) {
        crew_stop(feeder, GRACE_MS);
        say(night, "  cierre declarado antes de que todo se enviara / closed before everything was sent");
    }
}

static void tick_running(struct night *night)
{
    const struct crew_member *feeder = crew_find(&night->crew, "feeder");
    bool closing_hour = night->settings.speed > 0 && clock_now_ms(night->clock) >= night->closing_ms;
    if (cut_is_last(night)) {
        end_feeder_early(night);
        enter(night, NIGHT_MIRRORS);
    } else if (feeder->state == CREW_FINISHED || closing_hour) {
        enter(night, NIGHT_CLOSING);
    }
}

/* A stepped night is closed by its stepper; here the parent asks, until the entry is in. */
static void tick_closing(struct night *night)
{
    char path[FILE_PATH_MAX];
    struct why why = {{0}};
    static bool asked;
    if (cut_is_last(night)) {
        asked = false;
        enter(night, NIGHT_MIRRORS);
        return;
    }
    if (!asked && night->settings.speed > 0) {
        enum err err = control_ask(path_join(path, night->dir, "run/cut.sock"),
                                   SPAN("close captura-terminada"), ASK_MS, NULL, &why);
        asked = err == OK || err == ERR_REFUSED;
        /* From here on the last cut is waited for. */
        night->phase_ms = asked ? monotonic_ms() : night->phase_ms;
        log_line(LOG_INFO, "close_asked", "why=\"%s\"", why.text);
    }
    int64_t patience = CLOSE_MS + (int64_t)night->settings.cut_s * 2000 /
                                      (night->settings.speed == 0 ? 1 : night->settings.speed);
    if (night->options->once && monotonic_ms() - night->phase_ms > patience) {
        fail(night, "el último corte no sale: véase run/log/cut.log / the last cut does not come out");
    }
}

static bool mirror_done(const struct night *night, enum board_seat seat)
{
    const struct board *board = &night->look.board;
    return board_number(board, seat, "cut") == board_number(board, SEAT_CUT, "cut") &&
           span_is(status_value(board_status(board, seat), "last"), "yes") &&
           board_number(board, seat, "cut_proofs") > board_number(board, SEAT_CUT, "cut") &&
           board_number(board, seat, "images_missing") == 0;
}

/* The last cut's own entry is signed too. */
static bool log_done(const struct night *night)
{
    const struct board *board = &night->look.board;
    return board_number(board, SEAT_LOG, "checkpoint_size") ==
           board_number(board, SEAT_INTAKE, "ledger_size");
}

static void tick_mirrors(struct night *night)
{
    bool all = mirror_done(night, SEAT_MIRROR_1) && mirror_done(night, SEAT_MIRROR_2) && log_done(night);
    if (!all && monotonic_ms() - night->phase_ms < MIRRORS_MS) {
        return;
    }
    night_progress(night, true);
    if (night->terminal) {
        printf("\n");
    }
    night_recheck_begin(night);
    enter(night, NIGHT_CHECKING);
}

static void tick_checking(struct night *night)
{
    bool good = false;
    if (!night_recheck_look(night, &good)) {
        return;
    }
    enter(night, NIGHT_DONE);
    night_status(night);
    night->code = good ? 0 : 1;
    if (night->options->once) {
        loop_stop(night->loop, night->code);
    } else {
        say(night,
            "Todo está publicado; los sitios siguen arriba hasta Ctrl-C / all is published; the sites stay up until "
            "Ctrl-C");
    }
}

static void on_tick(void *arg)
{
    struct night *night = arg;
    static int64_t second_ms;
    crew_watch(&night->crew, monotonic_ms(), on_member, night);
    alerts_tick(&night->alerts, monotonic_ms());
    if (monotonic_ms() - second_ms >= (night->settings.speed == 0 ? SECOND_MS / 4 : SECOND_MS)) {
        second_ms = monotonic_ms();
        look_around(night);
        night_rates(night);
        night_status(night);
    }
    static void (*const phases[])(struct night *) = {
        [NIGHT_STARTING] = tick_starting, [NIGHT_RUNNING] = tick_running,   [NIGHT_CLOSING] = tick_closing,
        [NIGHT_MIRRORS] = tick_mirrors,   [NIGHT_CHECKING] = tick_checking, [NIGHT_DONE] = NULL,
    };
    if (phases[night->phase] != NULL) {
        phases[night->phase](night);
    }
    if (night->phase > NIGHT_STARTING && night->phase < NIGHT_CHECKING) {
        night_progress(night, false);
    }
    loop_after(night->loop, TICK_MS, on_tick, night);
}

/* Who sends goes first, then who shows, then who counts, last who stores: nothing is lost on the way. */
static void stop_all(struct night *night)
{
    static const char *const order[] = {"feeder", "mirror-1", "mirror-2", "site",  "results",
                                        "feed",   "cut",      "log",      "intake"};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        struct crew_member *member = crew_find(&night->crew, order[i]);
        if (member != NULL) {
            crew_stop(member, GRACE_MS);
        }
    }
}

static int64_t clock_base(void)
{
    struct timespec real, boot;
    clock_gettime(CLOCK_REALTIME, &real);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    return (int64_t)(real.tv_sec - boot.tv_sec) * 1000 + (real.tv_nsec - boot.tv_nsec) / 1000000;
}

/* Our log lines go to the night's folder; people read standard output. */
static void log_to_folder(const struct night *night)
{
    char path[FILE_PATH_MAX];
    int fd = open(path_join(path, night->dir, "run/log/night.log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                  0644);
    if (fd >= 0) {
        dup2(fd, STDERR_FILENO);
        close(fd);
    }
}

static enum err begin(struct night *night, struct why *why)
{
    char path[FILE_PATH_MAX];
    TRY(night_prepare(night, why));
    TRY(loop_new(&night->loop, why));
    TRY(loop_signals(night->loop, NULL, NULL, why));
    log_to_folder(night);
    night->clock_base_ms = clock_base();
    TRY(look_open(&night->look, night->dir, why));
    static char alert_log[FILE_PATH_MAX];
    path_join(alert_log, night->dir, "run/log/alert.log");
    alerts_init(&night->alerts, night->settings.alert, alert_log);
    crew_init(&night->crew, path_join(path, night->dir, "run/log"));
    night_roles(night);
    return control_serve(night->loop, path_join(path, night->dir, "run/night.sock"), night_order, night,
                         &night->control, why);
}

static void end(struct night *night)
{
    night_recheck_end(night);
    stop_all(night);
    alerts_done(&night->alerts, ALERT_END_MS);
    crew_done(&night->crew);
    control_server_close(night->control);
    loop_free(night->loop);
    look_close(&night->look);
    clock_close(night->clock);
    close(night->lock);
}

int night_run(const struct night_options *options)
{
    static struct night night;
    struct why why = {{0}};
    night = (struct night){.options = options, .lock = -1, .terminal = isatty(STDOUT_FILENO) == 1};
    if (begin(&night, &why) != OK) {
        printf("atalaya night: %s\n", why.text);
        return 2;
    }
    enter(&night, NIGHT_STARTING);
    loop_after(night.loop, 0, on_tick, &night);
    manager_watch(night.loop);
    manager_ready();
    (void)loop_run(night.loop);
    manager_stopping();
    bool ended_early = options->once && night.phase != NIGHT_DONE && night.code == 0;
    say(&night, "Terminando / ending");
    end(&night);
    return ended_early ? 2 : night.code;
}

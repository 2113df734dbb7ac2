/* The frame of a drill: starts a night of its own, goes through the steps, tells, and prints the table. */
#include "night/drill.h"

#include "base/num.h"
#include "os/control.h"
#include "os/said.h"
#include "wire/text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    STEPS_MAX = 32,
    FULL_SPEED = 160,
    QUICK_SPEED = 1200,
    CUT_S = 1200,
    UP_S = 90,
    BODY_MAX = 1 << 20,
    END_MS = 20000
};

/* Ctrl-C must not leave another's night without what a step had stopped. */
static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static bool condition_up(struct drill *drill, void *arg)
{
    (void)arg;
    struct why why = {{0}};
    if (!drill->looking) {
        drill->looking = look_open(&drill->look, drill->dir, &why) == OK;
        return false;
    }
    return span_is(board_status(&drill->look.board, SEAT_NIGHT)->state, "running") &&
           drill->look.board.seats[SEAT_NIGHT].present;
}

static enum err read_settings(struct drill *drill, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf text = {0};
    settings_default(&drill->settings);
    TRY(file_read(path_join(path, drill->dir, "night.ini"), 65536, &text, why));
    enum err err = settings_parse(buf_as_span(&text), &drill->settings, why);
    buf_done(&text);
    return err;
}

static enum err start_night(struct drill *drill, struct why *why)
{
    char path[4096], log[FILE_PATH_MAX], speed[16], cut_s[16];
    bool quick = drill->options->quick;
    snprintf(speed, sizeof speed, "%d", quick ? QUICK_SPEED : FULL_SPEED);
    snprintf(cut_s, sizeof cut_s, "%d", CUT_S);
    const char *argv[] = {"atalaya-night",
                          "--dir",
                          drill->dir,
                          "--listen",
                          "127.0.0.1:0",
                          "--once",
                          "--speed",
                          speed,
                          "--cut-s",
                          cut_s,
                          "--scale",
                          quick ? "small" : "cdmx",
                          NULL};
    TRY(program_path("atalaya-night", path, why));
    path_join(log, drill->dir, "drill.log");
    TRY(program_start(path, (char *const *)(uintptr_t)argv, NULL, 0, log, &drill->night, why));
    if (!drill_wait(drill, UP_S, condition_up, NULL)) {
        return why_set(why, ERR_IO, "la noche no arranca: véase %s", log);
    }
    return read_settings(drill, why);
}

int drill_get(struct drill *drill, const char *address, const char *path)
{
    struct client_answer answer;
    struct why why = {{0}};
    char url[512];
    snprintf(url, sizeof url, "http://%s%s", address, path);
    buf_clear(&drill->body);
    if (client_get(drill->client, url, NULL, BODY_MAX, &drill->body, &answer, &why) != OK) {
        return 0;
    }
    return answer.status;
}

bool drill_number(const struct drill *drill, const char *name, uint64_t *out)
{
    char key[64];
    int n = snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = drill->body.len == 0 ? NULL : memmem(drill->body.at, drill->body.len, key, (size_t)n);
    if (at == NULL) {
        return false;
    }
    struct span rest = span_from(buf_as_span(&drill->body), (size_t)(at - drill->body.at) + (size_t)n);
    size_t digits = 0;
    while (digits < rest.len && rest.at[digits] >= '0' && rest.at[digits] <= '9') {
        digits++;
    }
    return num_parse_u64(span_of(rest.at, digits), out) == OK;
}

bool drill_wait(struct drill *drill, int seconds, drill_condition condition, void *arg)
{
    int64_t end = monotonic_ms() + (int64_t)seconds * 1000;
    while (!stopped) {
        if (drill->looking) {
            look_again(&drill->look);
        }
        if (condition(drill, arg)) {
            return true;
        }
        int ended = drill->night_code < 0 && drill->night.pid > 0 ? child_ended(&drill->night) : 0;
        if (ended != 0) {
            drill->night_code = ended - 1;
        }
        if (monotonic_ms() > end || drill->night_code >= 0) {
            return condition(drill, arg);
        }
        poll(NULL, 0, 50);
    }
    return false;
}

int drill_patience(const struct drill *drill, int seconds, int cuts)
{
    uint32_t speed = drill->settings.speed;
    return seconds + (speed == 0 ? 0 : (int)((uint32_t)cuts * drill->settings.cut_s / speed));
}

bool drill_order(struct drill *drill, const char *order)
{
    char path[FILE_PATH_MAX];
    struct why why = {{0}};
    return control_ask(path_join(path, drill->dir, "run/night.sock"), span_str(order), 20000, NULL, &why) ==
           OK;
}

int drill_program(struct drill *drill, char *const argv[], int seconds)
{
    char path[4096], log[FILE_PATH_MAX];
    struct child child;
    struct why why = {{0}};
    if (program_path(argv[0], path, &why) != OK ||
        program_start(path, argv, NULL, 0, path_join(log, drill->work, "drill.log"), &child, &why) != OK) {
        return -1;
    }
    int64_t end = monotonic_ms() + (int64_t)seconds * 1000;
    int ended = 0;
    while ((ended = child_ended(&child)) == 0 && monotonic_ms() < end) {
        struct pollfd wait = {.fd = child.pidfd, .events = POLLIN};
        poll(&wait, 1, 100);
    }
    if (ended == 0) {
        child_stop(&child, 1000);
        return -1;
    }
    return ended - 1;
}

struct outcome {
    enum drill_state state;
    char figure[DRILL_FIGURE_MAX];
    int64_t ms;
};

static const char *state_word(enum drill_state state, bool english)
{
    static const char *const words[][2] = {
        [DRILL_WAITING] = {"no se llegó", "not reached"},
        [DRILL_PASSED] = {"pasó", "passed"},
        [DRILL_FAILED] = {"NO PASÓ", "failed"},
        [DRILL_NOT_BUILT] = {"todavía no construido", "not built yet"},
        [DRILL_LEFT_OUT] = {"se omite: esta noche no es del simulacro",
                            "left out: the night is not the drill's"},
    };
    return words[state][english];
}

static void pause_for_enter(const struct drill *drill)
{
    if (!drill->options->automatic && isatty(STDIN_FILENO)) {
        printf("      [Intro para seguir / Enter to go on] ");
        (void)fflush(stdout);
        int c;
        while ((c = getchar()) != '\n' && c != EOF) {
        }
    }
}

static void run_step(struct drill *drill, size_t number, const struct drill_step *step, struct outcome *out)
{
    bool tell = !drill->options->json;
    if (tell) {
        printf("\n[%zu/%zu] %s\n      %s\n", number + 1, drill_noche_steps, step->title, step->english);
        printf("      Debe verse: %s\n", step->hypothesis);
        (void)fflush(stdout);
    }
    int64_t begin = monotonic_ms();
    bool left_out = step->ends_night && drill->options->on != NULL;
    bool runs = step->run != NULL && !left_out && !stopped;
    if (!runs) {
        out->state = step->run == NULL ? DRILL_NOT_BUILT : left_out ? DRILL_LEFT_OUT : DRILL_WAITING;
        snprintf(out->figure, sizeof out->figure, "-");
    } else {
        out->state = step->run(drill, out->figure) ? DRILL_PASSED : DRILL_FAILED;
    }
    out->ms = monotonic_ms() - begin;
    if (tell) {
        printf("      %s (%s)%s%s\n", state_word(out->state, false), state_word(out->state, true),
               runs ? ": " : "", runs ? out->figure : "");
        (void)fflush(stdout);
        if (runs) {
            pause_for_enter(drill);
        }
    }
}

static void print_table(const struct outcome *outcomes)
{
    printf("\nHipótesis / cifra / pasó\n");
    for (size_t i = 0; i < drill_noche_steps; i++) {
        printf("%2zu. %s\n    %s\n    %s\n", i + 1, drill_noche[i].hypothesis, outcomes[i].figure,
               state_word(outcomes[i].state, false));
    }
}

static void print_json(const struct outcome *outcomes, bool passed)
{
    struct buf out = {0};
    struct json json;
    json_init(&json, &out);
    json_open(&json, '{');
    json_key(&json, "format");
    json_u64(&json, 1);
    json_key(&json, "drill");
    json_str(&json, "noche");
    json_key(&json, "passed");
    json_bool(&json, passed);
    json_key(&json, "steps");
    json_open(&json, '[');
    for (size_t i = 0; i < drill_noche_steps; i++) {
        json_open(&json, '{');
        json_key(&json, "name");
        json_str(&json, drill_noche[i].name);
        json_key(&json, "hypothesis");
        json_str(&json, drill_noche[i].hypothesis);
        json_key(&json, "state");
        json_str(&json, state_word(outcomes[i].state, true));
        json_key(&json, "figure");
        json_str(&json, outcomes[i].figure);
        json_key(&json, "ms");
        json_i64(&json, outcomes[i].ms);
        json_close(&json);
    }
    json_close(&json);
    json_close(&json);
    printf("%.*s\n", (int)out.len, out.at);
    buf_done(&out);
}

static bool on_loopback(const char *address)
{
    struct span at = span_str(address);
    return span_starts(at, SPAN("127.")) || span_starts(at, SPAN("[::1]:")) ||
           span_starts(at, SPAN("localhost:"));
}

/* Another's night: it must run, and only on this machine's own addresses. */
static enum err join_night(struct drill *drill, struct why *why)
{
    if (realpath(drill->options->on, drill->dir) == NULL) {
        return said_of(why, ERR_MISSING, drill->options->on, errno);
    }
    TRY(read_settings(drill, why));
    const char *const addresses[] = {drill->settings.results,  drill->settings.site, drill->settings.mirror_1,
                                     drill->settings.mirror_2, drill->settings.feed, drill->settings.intake};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        if (!on_loopback(addresses[i])) {
            return why_set(why, ERR_REFUSED,
                           "%s no es de esta máquina: un simulacro solo apunta a direcciones de la máquina "
                           "misma / a drill aims at loopback only",
                           addresses[i]);
        }
    }
    if (!drill_wait(drill, 3, condition_up, NULL) ||
        board_status(&drill->look.board, SEAT_NIGHT)->state.len == 0 ||
        drill->look.board.seats[SEAT_NIGHT].gone) {
        return why_set(why, ERR_MISSING, "%s: ahí no corre ninguna noche / no night runs there", drill->dir);
    }
    return OK;
}

static enum err make_work(struct drill *drill, struct why *why)
{
    snprintf(drill->work, sizeof drill->work, "/tmp/atalaya-simulacro-XXXXXX");
    return mkdtemp(drill->work) != NULL ? OK : why_set(why, ERR_IO, "/tmp: no se puede hacer una carpeta");
}

static enum err make_folder(struct drill *drill, struct why *why)
{
    if (drill->options->dir != NULL) {
        TRY(folder_make(drill->options->dir, why));
        return realpath(drill->options->dir, drill->dir) != NULL
                   ? OK
                   : why_set(why, ERR_IO, "%s: no se puede usar", drill->options->dir);
    }
    snprintf(drill->dir, sizeof drill->dir, "/tmp/atalaya-noche-XXXXXX");
    return mkdtemp(drill->dir) != NULL ? OK : why_set(why, ERR_IO, "/tmp: no se puede hacer una carpeta");
}

static enum err begin(struct drill *drill, struct why *why)
{
    const struct client_options client = {.connect_ms = 1000, .total_ms = 5000, .stall_s = 5};
    TRY(client_new(&client, &drill->client, why));
    if (drill->options->on != NULL) {
        TRY(join_night(drill, why));
        if (!drill->options->json) {
            printf("Simulacro «noche» contra la noche que corre en / at the night that runs in %s\n",
                   drill->dir);
        }
        return make_work(drill, why);
    }
    TRY(make_folder(drill, why));
    snprintf(drill->work, sizeof drill->work, "%s", drill->dir);
    if (!drill->options->json) {
        printf("Simulacro «noche»: el 2 de junio de 2024 en %s, en %s\n",
               drill->options->quick ? "un par de minutos" : "diez minutos", drill->dir);
    }
    return start_night(drill, why);
}

/* Whatever became of the steps, another's night gets back what they stopped. */
static void leave_night(struct drill *drill)
{
    static const char *const orders[] = {"start intake", "start cut", "start results", "start feed"};
    struct why why = {{0}};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        (void)drill_order(drill, orders[i]); /* refused by what runs */
    }
    if (drill->work[0] != '\0' && folder_remove(drill->work, &why) != OK) {
        fprintf(stderr, "atalaya drill: %s\n", why.text);
    }
}

static void end(struct drill *drill, bool failed)
{
    struct why why = {{0}};
    bool joined = drill->options->on != NULL;
    if (drill->night_code < 0 && drill->night.pid > 0) {
        child_stop(&drill->night, END_MS);
    }
    if (joined && drill->looking) {
        leave_night(drill);
    }
    client_free(drill->client);
    buf_done(&drill->body);
    if (drill->looking) {
        look_close(&drill->look);
    }
    if (joined) {
        return;
    }
    if (failed || drill->options->dir != NULL) {
        fprintf(stderr, "La carpeta queda / the folder stays: %s\n", drill->dir);
    } else if (folder_remove(drill->dir, &why) != OK) {
        fprintf(stderr, "atalaya drill: %s\n", why.text);
    }
}

int drill_run(const struct drill_options *options)
{
    static struct drill drill;
    static struct outcome outcomes[STEPS_MAX];
    struct why why = {{0}};
    drill = (struct drill){.options = options, .night = {.pid = -1, .pidfd = -1}, .night_code = -1};
    (void)signal(SIGINT, on_signal);
    (void)signal(SIGTERM, on_signal);
    if (begin(&drill, &why) != OK) {
        fprintf(stderr, "atalaya drill: %s\n", why.text);
        end(&drill, true);
        return 2;
    }
    bool passed = true, failed = false;
    for (size_t i = 0; i < drill_noche_steps; i++) {
        run_step(&drill, i, &drill_noche[i], &outcomes[i]);
        passed &= outcomes[i].state == DRILL_PASSED || outcomes[i].state == DRILL_LEFT_OUT;
        failed |= outcomes[i].state == DRILL_FAILED;
    }
    if (options->json) {
        print_json(outcomes, passed);
    } else {
        print_table(outcomes);
    }
    end(&drill, failed);
    return passed ? 0 : 1;
}

int drill_list(bool json)
{
    static struct outcome outcomes[STEPS_MAX];
    for (size_t i = 0; i < drill_noche_steps; i++) {
        outcomes[i].state = drill_noche[i].run == NULL ? DRILL_NOT_BUILT : DRILL_WAITING;
        snprintf(outcomes[i].figure, sizeof outcomes[i].figure, "-");
    }
    if (json) {
        print_json(outcomes, false);
        return 0;
    }
    printf("noche   la noche del 2 de junio de 2024 en diez minutos / that night in ten minutes\n\n");
    for (size_t i = 0; i < drill_noche_steps; i++) {
        printf("  %2zu. %-12s %s%s\n      %s\n", i + 1, drill_noche[i].name, drill_noche[i].title,
               drill_noche[i].run == NULL ? " [todavía no construido / not built yet]" : "",
               drill_noche[i].english);
    }
    return 0;
}

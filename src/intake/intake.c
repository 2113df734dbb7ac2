/* The parent. It serves nobody. When a role ends all are started anew together, because they speak over pairs
 * that belong to one life; the listening socket stays, so that clients wait instead of failing. */
#include "intake/intake.h"
#include "doors/programs.h"

#include "base/log.h"
#include "formats/election.h"
#include "intake/copy.h"
#include "intake/gate.h"
#include "intake/keeper.h"
#include "os/clock.h"
#include "os/crew.h"
#include "os/file.h"
#include "os/jail.h"
#include "os/loop.h"
#include "os/manager.h"
#include "os/proc.h"
#include "os/sock.h"
#include "os/stream.h"
#include "seal/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { STOP_GRACE_MS = 3000, WELL_MS = 10000, END_PAUSE_MS = 20, LEAVE_MS = 2000 };
enum role { ROLE_COPY, ROLE_STORE, ROLE_GATE, ROLES }; /* in the order of their start */

struct intake {
    const struct intake_config *config;
    struct election election;
    struct examiner examiner;
    struct tls_server *tls;
    struct loop *loop;
    int listener;
    struct gate_config gate;
    struct keeper_config keeper;
    struct copy_config copy;
    struct child roles[ROLES];
    int64_t started_ms;
    uint32_t failures; /* in a row */
    bool stopping, ending, contradiction;
    int code;
};

static int gate_main(void *arg)
{
    return gate_run(arg);
}

static int keeper_main(void *arg)
{
    return keeper_run(arg);
}

static int copy_main(void *arg)
{
    return copy_run(arg);
}

/* A role that was told by its neighbour ends by itself, when it has done what is left. */
static void let_end(struct child *child)
{
    int64_t end_ms = monotonic_ms() + LEAVE_MS;
    while (child->pid > 0 && child_ended(child) == 0 && monotonic_ms() < end_ms) {
        struct timespec a_little = {0, 2 * 1000 * 1000};
        nanosleep(&a_little, NULL);
    }
}

/* The gate first: no more comes in; then the store, once the copy has everything; then the copy. */
static void stop_roles(struct intake *intake)
{
    for (int i = ROLES - 1; i >= 0; i--) {
        if (intake->roles[i].pidfd > 0) {
            loop_unwatch(intake->loop, intake->roles[i].pidfd);
        }
        if (i != ROLE_GATE) {
            let_end(&intake->roles[i]);
        }
        child_stop(&intake->roles[i], STOP_GRACE_MS);
        intake->roles[i] = (struct child){.pid = -1, .pidfd = -1};
    }
}

static void on_role_end(void *arg, int fd, unsigned events);

static enum err start_role(struct intake *intake, enum role role, const char *name, role_main run, void *arg,
                           const int *keep, int n_keep, struct why *why)
{
    TRY(role_start(name, run, arg, keep, n_keep, &intake->roles[role], why));
    return loop_watch(intake->loop, intake->roles[role].pidfd, LOOP_READ, on_role_end, intake);
}

/* Fresh pairs, then copy, store and gate. */
static enum err start_roles(struct intake *intake, struct why *why)
{
    int gate[2] = {-1, -1};
    int copy[2] = {-1, -1};
    enum err err = stream_pair(gate);
    if (err == OK && intake->config->copy != NULL) {
        err = stream_pair(copy);
    }
    if (err != OK) {
        return why_set(why, err, "no socket pair for the roles");
    }
    intake->gate.link = gate[0];
    intake->keeper.gate = gate[1];
    intake->keeper.copy = copy[1];
    intake->copy.link = copy[0];
    const int of_gate[] = {gate[0], intake->listener};
    const int of_store[] = {gate[1], copy[1]};
    if (copy[0] >= 0) {
        err = start_role(intake, ROLE_COPY, "intake-copy", copy_main, &intake->copy, &copy[0], 1, why);
    }
    if (err == OK) {
        int n = copy[1] >= 0 ? 2 : 1;
        err = start_role(intake, ROLE_STORE, "intake-store", keeper_main, &intake->keeper, of_store, n, why);
    }
    if (err == OK) {
        err = start_role(intake, ROLE_GATE, "intake-gate", gate_main, &intake->gate, of_gate, 2, why);
    }
    for (int i = 0; i < 2; i++) {
        stream_close(gate[i]);
        if (copy[i] >= 0) {
            stream_close(copy[i]);
        }
    }
    intake->started_ms = loop_now_ms(intake->loop);
    return err;
}

static void start_again(void *arg)
{
    struct intake *intake = arg;
    struct why why = {0};
    if (!intake->stopping && start_roles(intake, &why) != OK) {
        log_line(LOG_ERROR, "roles_not_started", "why=\"%s\"", why.text);
        stop_roles(intake);
        loop_after(intake->loop, 1000, start_again, intake);
    }
}

/* Some time after the first end, so that the one that ended first for its own reason has been heard too. */
static void after_end(void *arg)
{
    struct intake *intake = arg;
    intake->ending = false;
    stop_roles(intake);
    if (intake->contradiction) {
        intake->stopping = true;
        loop_stop(intake->loop, 2);
        return;
    }
    bool well = loop_now_ms(intake->loop) - intake->started_ms > WELL_MS;
    intake->failures = well ? 1 : intake->failures + 1;
    /* The first time at once: most deaths are accidents, and clients wait. */
    int64_t pause = intake->failures == 1 ? 0 : crew_pause_ms(intake->failures - 1);
    loop_after(intake->loop, pause, start_again, intake);
}

static void on_role_end(void *arg, int fd, unsigned events)
{
    static const char *const names[ROLES] = {"copy", "store", "gate"};
    struct intake *intake = arg;
    (void)events;
    for (int i = 0; i < ROLES; i++) {
        if (intake->roles[i].pidfd != fd) {
            continue;
        }
        loop_unwatch(intake->loop, fd);
        int code = child_ended(&intake->roles[i]) - 1;
        intake->roles[i] = (struct child){.pid = -1, .pidfd = -1};
        log_line(LOG_ERROR, "role_ended", "role=%s code=%d", names[i], code);
        intake->contradiction = intake->contradiction || code == ROLE_CONTRADICTION;
        if (!intake->ending) {
            intake->ending = true;
            loop_after(intake->loop, END_PAUSE_MS, after_end, intake);
        }
        return;
    }
}

static enum err programs_digest(uint8_t out[32], struct why *why)
{
    struct buf lines = {0};
    enum err err = programs_list(&lines, why);
    digest_of(buf_as_span(&lines), out);
    buf_done(&lines);
    return err;
}

static enum err make_folders(const char *dir, struct why *why)
{
    char path[FILE_PATH_MAX];
    TRY(folder_make(path_join(path, dir, "run/status"), why));
    return folder_make(path_join(path, dir, "store"), why);
}

static enum err prepare(struct intake *intake, struct why *why)
{
    const struct intake_config *config = intake->config;
    char path[FILE_PATH_MAX];
    TRY(jail_possible(why));
    TRY(election_load(path_join(path, config->dir, "election"), &intake->election, why));
    TRY(examiner_init(&intake->examiner, &intake->election, why));
    TRY(programs_digest(intake->keeper.programs, why));
    TRY(make_folders(config->dir, why));
    if (config->cert != NULL) {
        TRY(tls_server_open(config->cert, config->key, &intake->tls, why));
    }
    TRY(loop_new(&intake->loop, why));
    TRY(loop_signals(intake->loop, NULL, NULL, why));
    intake->listener = manager_listener("intake", 0);
    manager_forget_listeners();
    if (intake->listener < 0) {
        TRY(sock_listen(span_str(config->listen), &intake->listener, why));
    }
    intake->gate = (struct gate_config){.listener = intake->listener,
                                        .tls = intake->tls,
                                        .examiner = &intake->examiner,
                                        .connections = config->connections,
                                        .patience_ms = config->patience_ms};
    intake->keeper.dir = config->dir;
    intake->keeper.examiner = &intake->examiner;
    intake->keeper.copy_sync = config->copy_sync;
    intake->copy.dir = config->dir;
    intake->copy.copy = config->copy;
    intake->copy.keys = !config->copy_no_keys;
    return start_roles(intake, why);
}

static void tell(const struct intake *intake)
{
    struct span address = span_str(intake->config->listen);
    while (address.len > 0 && address.at[address.len - 1] != ':') {
        address.len--;
    }
    printf("intake %s://%.*s%u/v1/acta\n", intake->tls == NULL ? "http" : "https", SPAN_ARG(address),
           sock_port(intake->listener));
    fflush(stdout);
}

int intake_run(const struct intake_config *config)
{
    struct intake intake = {.config = config, .listener = -1, .code = 2};
    struct why why = {0};
    for (int i = 0; i < ROLES; i++) {
        intake.roles[i] = (struct child){.pid = -1, .pidfd = -1};
    }
    log_start("intake", LOG_INFO);
    if (prepare(&intake, &why) == OK) {
        tell(&intake);
        manager_watch(intake.loop);
        manager_ready();
        intake.code = loop_run(intake.loop);
        manager_stopping();
    } else {
        fprintf(stderr, "atalaya-intake: %s\n", why.text);
    }
    intake.stopping = true;
    if (intake.loop != NULL) {
        stop_roles(&intake);
        loop_free(intake.loop);
    }
    tls_server_close(intake.tls);
    examiner_done(&intake.examiner);
    election_done(&intake.election);
    return intake.code;
}

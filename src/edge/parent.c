/* The parent: binds, starts the roles, starts them again when they die, writes the status file. It serves nobody and
 * reads nothing from outside. */
#include "edge/parent.h"
#include "edge/below.h"
#include "edge/ground.h"
#include "edge/hits_ring.h"
#include "edge/keys.h"

#include "base/log.h"
#include "os/clock.h"
#include "os/crew.h"
#include "os/file.h"
#include "os/jail.h"
#include "os/manager.h"
#include "os/sock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    WATCH_MS = 100,
    STATUS_MS = 1000,
    GRACE_MS = 2000,
    CHECK_MS = 10000,
    HAND_OVER_MS = 10000 /* whoever was here before finishes at the latest then */
};

const char *edge_kind_name(enum edge_kind kind)
{
    static const char *const names[EDGE_KINDS] = {"results", "mirror", "feed", "site"};
    return names[kind];
}

static bool all_serve(const struct parent *parent)
{
    for (uint32_t i = 0; i < parent->options.workers; i++) {
        if (atomic_load(&parent->board->workers[i].counts[COUNT_VIEWS]) == 0) {
            return false;
        }
    }
    return true;
}

/* Roles of the program before us: workers finish what they have, then the others end. */
static void hand_over(struct parent *parent, int64_t now)
{
    struct succession *left = &parent->left;
    for (int i = 0; i < left->n_before; i++) {
        if (left->before[i].pid > 0) {
            (void)child_ended(&left->before[i]);
        }
    }
    if (parent->told_before_ms == 0 && (all_serve(parent) || now - parent->started_ms > HAND_OVER_MS)) {
        parent->told_before_ms = now;
        for (int i = 0; i < left->n_before; i++) {
            if (left->before[i].pid > 0) {
                kill(left->before[i].pid, SIGUSR1);
            }
        }
    }
}

static void watch(void *arg)
{
    struct parent *parent = arg;
    int64_t now = monotonic_ms();
    for (uint32_t i = 0; i < parent->n_roles; i++) {
        struct role *role = &parent->roles[i];
        int ended = role->retry_ms == 0 ? child_ended(&role->child) : 0;
        if (ended != 0) {
            /* The first death after a good life is answered at once, the next ones more and more slowly. */
            role->failures = now - role->started_ms > CREW_WELL_MS ? 1 : role->failures + 1;
            role->retry_ms = role->failures == 1 ? now : now + crew_pause_ms(role->failures - 1);
            parent->restarts++;
            log_line(LOG_ERROR, "role_ended", "name=%s code=%d", role->name, ended - 1);
        }
        if (role->retry_ms != 0 && now >= role->retry_ms) {
            parent_start(role);
        }
    }
    hand_over(parent, now);
    key_list_look(&parent->key_list, parent->board);
    parent_care(parent, now);
    if (parent_has_news(parent)) {
        parent_tell(parent, NULL);
    }
    loop_after(parent->loop, WATCH_MS, watch, parent);
}

static void on_status(void *arg)
{
    struct parent *parent = arg;
    parent_tell(parent, NULL);
    loop_after(parent->loop, STATUS_MS, on_status, parent);
}

/* As many descriptors as the system gives, and no more connections than those carry. */
static int64_t connections_possible(int64_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        uint64_t spare = limit.rlim_cur > 2 * EDGE_SPARE_DESCRIPTORS ? limit.rlim_cur - EDGE_SPARE_DESCRIPTORS
                                                                     : EDGE_SPARE_DESCRIPTORS;
        wanted = wanted < (int64_t)spare ? wanted : (int64_t)spare;
    }
    return wanted;
}

/* Those that were left to us, else new ones. */
static enum err listeners(struct parent *parent, struct role_gift *gift, struct why *why)
{
    const struct edge_options *options = &parent->options;
    gift->listener = parent->left.listeners[0];
    gift->health = options->health != NULL ? parent->left.listeners[1] : -1;
    gift->tls_listener = options->tls_listen != NULL ? parent->left.listeners[2] : -1;
    if (options->tls_listen != NULL && gift->tls_listener < 0) {
        TRY(sock_listen(span_str(options->tls_listen), &gift->tls_listener, why));
    }
    if (gift->listener < 0) {
        TRY(sock_listen(span_str(options->listen), &gift->listener, why));
    }
    if (options->health != NULL && gift->health < 0) {
        TRY(sock_listen(span_str(options->health), &gift->health, why));
    }
    int backlog = (int)options->limits.backlog;
    int unsent = (int)options->limits.unsent_bytes;
    TRY(sock_listen_public(gift->listener, backlog, unsent, why));
    return gift->tls_listener < 0 ? OK : sock_listen_public(gift->tls_listener, backlog, unsent, why);
}

static enum err prepare_hits(struct parent *parent, struct role_gift *gift, struct why *why)
{
    const struct edge_options *options = &parent->options;
    for (uint32_t i = 0; i < EDGE_WORKERS_MAX; i++) {
        gift->rings[i] = -1;
    }
    if (options->hits == NULL) {
        return OK;
    }
    TRY(folder_make(options->hits, why));
    TRY(options->incidents != NULL ? folder_make(options->incidents, why) : OK);
    for (uint32_t i = 0; i < options->workers; i++) {
        gift->rings[i] = hits_ring_new();
        if (gift->rings[i] < 0) {
            return why_set(why, ERR_FULL, "no memory for the hits");
        }
    }
    sock_address(gift->listener, gift->address, &gift->port);
    return OK;
}

static void on_signal(void *arg, int number)
{
    struct parent *parent = arg;
    if (number == SIGHUP) {
        parent->again = true;
        loop_stop(parent->loop, 0);
    }
}

/* A sealed site that is not there yet is an empty one; the loader's jail lets it into these three folders alone. */
static enum err make_sealed(const char *dir, struct why *why)
{
    static const char *const names[] = {"sealed", "objects", "mode"};
    char path[FILE_PATH_MAX];
    for (size_t i = 0; dir != NULL && i < sizeof names / sizeof *names; i++) {
        TRY(folder_make(path_join(path, dir, names[i]), why));
    }
    return OK;
}

/* What was asked for, with the port that it became. */
static void print_address(struct parent *parent, uint16_t port)
{
    const char *listen = parent->options.listen;
    size_t host = strlen(listen);
    while (host > 0 && listen[host - 1] != ':') {
        host--;
    }
    (void)snprintf(parent->address, sizeof parent->address, "http://%.*s%u/", (int)host, listen, port);
}

static enum err prepare(struct parent *parent, struct why *why)
{
    struct edge_options *options = &parent->options;
    struct role_gift gift = {.options = options};
    TRY(jail_possible(why));
    TRY(folder_make(options->tree, why)); /* a tree that is not there yet is an empty one */
    TRY(below_folder(options->tree, &gift.folder, why));
    TRY(make_sealed(options->sealed, why));
    TRY(options->packs != NULL ? folder_make(options->packs, why) : OK);
    TRY(listeners(parent, &gift, why));
    if (options->clock != NULL) {
        TRY(clock_open(options->clock, &parent->clock, why));
    }
    parent->board = notice_board_new();
    if (parent->board == NULL) {
        return why_set(why, ERR_FULL, "no shared memory");
    }
    parent->key_list.path = options->cut_keys_path;
    key_list_write(parent->board, &options->cut_keys);
    gift.board = parent->board;
    gift.clock = parent->clock;
    TRY(prepare_hits(parent, &gift, why));
    ground_say(gift.listener, &options->limits, parent->weak);
    options->limits.connections = connections_possible(options->limits.connections);
    print_address(parent, sock_port(gift.listener));
    TRY(parent_prepare_roles(parent, &gift, why));
    parent->mine.listeners[0] = gift.listener;
    parent->mine.listeners[1] = gift.health;
    parent->mine.listeners[2] = gift.tls_listener;
    TRY(loop_new(&parent->loop, why));
    return loop_signals(parent->loop, on_signal, parent, why);
}

/* Executes the program again; comes back when that is not possible, and then everything goes on as it was. */
static void pass_on(struct parent *parent)
{
    struct succession *mine = &parent->mine;
    struct why why = {0};
    manager_reloading();
    mine->n_before = 0;
    for (int i = 0; i < parent->left.n_before && mine->n_before < SUCCESSION_CHILDREN; i++) {
        if (parent->left.before[i].pid > 0) {
            mine->before[mine->n_before++] = parent->left.before[i];
        }
    }
    for (uint32_t i = 0; i < parent->n_roles && mine->n_before < SUCCESSION_CHILDREN; i++) {
        if (parent->roles[i].retry_ms == 0) {
            mine->before[mine->n_before++] = parent->roles[i].child;
        }
    }
    if (succession_pass(parent->options.argv, mine, &why) != OK) {
        log_line(LOG_ERROR, "reload_failed", "why=\"%s\"", why.text);
        (void)snprintf(parent->refused, sizeof parent->refused, "recarga rechazada: %s", why.text);
        manager_status("%s", parent->refused);
        parent_tell(parent, NULL);
    }
    manager_ready(); /* as before */
    parent->again = false;
}

static void say_addresses(const struct parent *parent)
{
    (void)printf("atalaya-edge %s %s\n", edge_kind_name(parent->options.kind), parent->address);
    if (parent->mine.listeners[2] >= 0) {
        (void)printf("atalaya-edge tls port %u\n", sock_port(parent->mine.listeners[2]));
    }
    if (parent->mine.listeners[1] >= 0) {
        (void)printf("atalaya-edge health port %u\n", sock_port(parent->mine.listeners[1]));
    }
    (void)fflush(stdout);
}

static void stop_all(struct parent *parent)
{
    for (uint32_t i = 0; i < parent->n_roles; i++) {
        child_stop(&parent->roles[i].child, GRACE_MS);
    }
    for (int i = 0; i < parent->left.n_before; i++) {
        child_stop(&parent->left.before[i], GRACE_MS);
    }
}

/* A key is read by nobody but a role that holds keys: memory in which one has lain is not inherited by the others. */
int edge_check(const struct edge_options *given)
{
    struct child child;
    struct why why = {0};
    if (given->n_certs == 0) {
        return 0;
    }
    if (role_start("edge-check", keys_check_main, (void *)(uintptr_t)given, NULL, 0, &child, &why) != OK) {
        (void)fprintf(stderr, "atalaya-edge: %s\n", why.text);
        return 2;
    }
    return child_wait(&child, CHECK_MS) == 1 ? 0 : 2;
}

int edge_run(const struct edge_options *given)
{
    static struct parent parent;
    struct why why = {0};
    parent.options = *given;
    parent.started_ms = monotonic_ms();
    succession_read(&parent.left);
    /* Whoever takes a place that is held was asked before, and is not to leave it empty. */
    if (parent.left.n_before == 0 && edge_check(given) != 0) {
        return 2;
    }
    if (prepare(&parent, &why) != OK) {
        (void)fprintf(stderr, "atalaya-edge: %s\n", why.text);
        return 2;
    }
    for (uint32_t i = 0; i < parent.n_roles; i++) {
        parent_start(&parent.roles[i]);
    }
    say_addresses(&parent);
    manager_watch(parent.loop);
    watch(&parent);
    on_status(&parent);
    int code = loop_run(parent.loop);
    while (parent.again) {
        pass_on(&parent);
        code = loop_run(parent.loop);
    }
    manager_stopping();
    stop_all(&parent);
    parent_tell(&parent, "stopped");
    return code;
}

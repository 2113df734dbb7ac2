/* The parent: binds, starts the roles, starts them again when they die, writes the status file. It serves nobody and
 * reads nothing from outside. */
#include "edge/below.h"
#include "edge/health.h"
#include "edge/hits_ring.h"
#include "edge/keys.h"
#include "edge/roles.h"
#include "edge/succession.h"

#include "base/log.h"
#include "doors/status.h"
#include "os/clock.h"
#include "os/crew.h"
#include "os/file.h"
#include "os/loop.h"
#include "os/proc.h"
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
    SPARE_DESCRIPTORS = 400,
    HAND_OVER_MS = 10000 /* whoever was here before finishes at the latest then */
};

struct role {
    const char *name;
    role_main main;
    struct role_gift gift;
    struct child child;
    int keep[2 * EDGE_WORKERS_MAX + 6];
    int n_keep;
    int64_t started_ms;
    int64_t retry_ms; /* 0: it runs */
    uint32_t failures;
};

struct parent {
    struct edge_options options;
    struct loop *loop;
    struct notice_board *board;
    struct clock *clock;
    struct role
        roles[EDGE_WORKERS_MAX + 4]; /* the loader first, then workers, health, the scribe, the keys */
    uint32_t n_roles;
    uint32_t restarts;
    struct succession left; /* by the program before */
    int64_t started_ms;
    int64_t told_before_ms; /* when those before were told to finish, 0: not yet */
    struct succession mine; /* what the next one gets */
    bool again;             /* the program is to be executed again */
    struct status status;
    struct loader_notice told; /* what the status file said last */
    char address[96];
};

const char *edge_kind_name(enum edge_kind kind)
{
    static const char *const names[EDGE_KINDS] = {"results", "mirror", "feed", "site"};
    return names[kind];
}

static void start(struct parent *parent, struct role *role)
{
    struct why why = {0};
    int64_t now = monotonic_ms();
    if (role_start(role->name, role->main, &role->gift, role->keep, role->n_keep, &role->child, &why) != OK) {
        log_line(LOG_ERROR, "role_failed", "name=%s why=\"%s\"", role->name, why.text);
        role->child = (struct child){.pid = -1, .pidfd = -1};
        role->retry_ms = now + crew_pause_ms(++role->failures);
        return;
    }
    role->started_ms = now;
    role->retry_ms = 0;
    (void)parent;
}

/* Resident memory of a process, and how much of it is its own, in bytes (proc(5), statm). */
static void memory_of(pid_t pid, uint64_t *resident, uint64_t *own)
{
    char path[64];
    unsigned long size = 0;
    unsigned long pages = 0;
    unsigned long shared = 0;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    (void)snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL || fscanf(file, "%lu %lu %lu", &size, &pages, &shared) != 3) {
        pages = 0;
        shared = 0;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    *resident = pages * page;
    *own = pages > shared ? (pages - shared) * page : 0;
}

/* Segments lie in shared memory: counted once, by what the loader holds. */
static uint64_t memory_bytes(const struct parent *parent, const struct loader_notice *notice)
{
    uint64_t sum = notice->held_bytes;
    uint64_t resident = 0;
    uint64_t own = 0;
    memory_of(getpid(), &resident, &own);
    sum += own;
    for (uint32_t i = 0; i < parent->n_roles; i++) {
        if (parent->roles[i].retry_ms == 0) {
            memory_of(parent->roles[i].child.pid, &resident, &own);
            sum += own;
        }
    }
    return sum;
}

static uint64_t connections(const struct parent *parent)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < parent->options.workers; i++) {
        sum += atomic_load(&parent->board->workers[i].connections);
    }
    return sum;
}

static void add_counters(struct parent *parent)
{
    static const char *const names[COUNTERS] = {
#define ROW(id, name) [COUNT_##id] = (name),
        EDGE_COUNTERS(ROW)
#undef ROW
    };
    for (int i = 0; i < COUNTERS; i++) {
        status_add_u64(&parent->status, names[i], notice_sum(parent->board, (enum edge_counter)i));
    }
}

static void write_status(struct parent *parent, const char *state)
{
    struct loader_notice notice;
    struct status *status = &parent->status;
    int64_t now = clock_now_ms(parent->clock);
    notice_read(parent->board, &notice);
    parent->told = notice;
    bool all_up = true;
    for (uint32_t i = 0; i < parent->n_roles; i++) {
        all_up = all_up && parent->roles[i].retry_ms == 0;
    }
    if (state == NULL) {
        bool ready = notice.has_view && (notice.has_cut || parent->options.kind == EDGE_SITE);
        state = notice.alarm[0] != '\0' || !all_up ? "degraded" : ready ? "running" : "starting";
    }
    status_begin(status, parent->options.program, state, now);
    status->alarm = notice.alarm[0] != '\0' ? span_str(notice.alarm)
                    : all_up                ? SPAN("")
                                            : SPAN("un proceso del servidor ha muerto y se reinicia");
    add_counters(parent);
    status_add_u64(status, "connections", connections(parent));
    if (notice.has_cut) {
        int64_t age = (now - notice.cut_time_ms) / 1000;
        status_add_u64(status, "cut", notice.cut);
        status_add_u64(status, "cut_age_s", age > 0 ? (uint64_t)age : 0);
        status_add_u64(status, "cuts", notice.cuts);
    }
    if (parent->options.sealed != NULL) {
        status_add_u64(status, "sealed_version", notice.sealed_version);
        status_add(status, "site_mode", notice.site_down ? SPAN("down") : SPAN("normal"));
        status_add_u64(status, "mode_serial", notice.mode_serial);
        status_add_u64(status, "differences", notice.differences);
    }
    status_add_u64(status, "load_failures", notice.load_failures);
    status_add_u64(status, "load_ms", (uint64_t)notice.load_ms);
    status_add_u64(status, "restarts", parent->restarts);
    status_add_u64(status, "held_bytes", notice.held_bytes);
    status_add_u64(status, "memory_bytes", memory_bytes(parent, &notice));
    if (parent->options.hits != NULL) {
        const struct hits_place *hits = &parent->board->hits[0];
        status_add_u64(status, "hits", atomic_load(&hits->seen));
        status_add_u64(status, "hits_lost", atomic_load(&hits->lost));
        status_add_u64(status, "hits_unwritten", atomic_load(&hits->unwritten));
    }
    status_add(status, "address", span_str(parent->address));
    struct why why = {0};
    if (parent->options.status != NULL && status_write(parent->options.status, status, &why) != OK) {
        log_line(LOG_WARN, "status_failed", "why=\"%s\"", why.text);
    }
}

/* A new cut or another alarm is told at once, not at the next second. */
static bool has_news(const struct parent *parent)
{
    struct loader_notice now;
    notice_read(parent->board, &now);
    return now.cut != parent->told.cut || now.has_view != parent->told.has_view ||
           strcmp(now.alarm, parent->told.alarm) != 0;
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
            start(parent, role);
        }
    }
    hand_over(parent, now);
    if (has_news(parent)) {
        write_status(parent, NULL);
    }
    loop_after(parent->loop, WATCH_MS, watch, parent);
}

static void on_status(void *arg)
{
    struct parent *parent = arg;
    write_status(parent, NULL);
    loop_after(parent->loop, STATUS_MS, on_status, parent);
}

/* As many descriptors as the system gives, and no more connections than those carry. */
static int64_t connections_possible(int64_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        uint64_t spare =
            limit.rlim_cur > 2 * SPARE_DESCRIPTORS ? limit.rlim_cur - SPARE_DESCRIPTORS : SPARE_DESCRIPTORS;
        wanted = wanted < (int64_t)spare ? wanted : (int64_t)spare;
    }
    return wanted;
}

static void keep(struct role *role, int fd)
{
    role->keep[role->n_keep++] = fd;
}

static enum err prepare_roles(struct parent *parent, const struct role_gift *gift, struct why *why)
{
    static const char *const names[] = {"edge-loader", "edge-worker", "edge-health", "edge-scribe",
                                        "edge-keys"};
    static const role_main mains[] = {loader_main, worker_main, health_main, scribe_main, keys_main};
    struct role_gift all = *gift;
    for (uint32_t i = 0; i < parent->options.workers; i++) {
        int ends[2];
        if (sock_pair(ends) != OK) {
            return why_set(why, ERR_IO, "a channel between the roles cannot be made");
        }
        all.loader_ends[i] = ends[0];
        all.worker_ends[i] = ends[1];
        if (sock_pair(ends) != OK) {
            return why_set(why, ERR_IO, "a channel between the roles cannot be made");
        }
        all.key_ends[i] = ends[0];
        all.asking_ends[i] = ends[1];
    }
    uint32_t others = parent->options.workers + 1 + (gift->health >= 0);
    uint32_t scribes = others + (parent->options.hits != NULL);
    parent->n_roles = scribes + (gift->tls_listener >= 0);
    for (uint32_t i = 0; i < parent->n_roles; i++) {
        struct role *role = &parent->roles[i];
        int kind = i == 0 ? 0 : i <= parent->options.workers ? 1 : i < others ? 2 : i < scribes ? 3 : 4;
        role->name = names[kind];
        role->main = mains[kind];
        role->gift = all;
        role->gift.index = i == 0 ? 0 : i - 1;
        if (kind == 2) {
            keep(role, gift->health);
            continue;
        }
        for (uint32_t k = 0; kind == 3 && k < parent->options.workers; k++) {
            keep(role, gift->rings[k]);
        }
        for (uint32_t k = 0; kind == 4 && k < parent->options.workers; k++) {
            keep(role, all.key_ends[k]);
        }
        if (kind >= 3) {
            continue;
        }
        keep(role, gift->folder);
        if (kind == 1) {
            keep(role, gift->listener);
            keep(role, all.worker_ends[i - 1]);
            keep(role, all.asking_ends[i - 1]);
            if (gift->tls_listener >= 0) {
                keep(role, gift->tls_listener);
            }
            if (gift->rings[i - 1] >= 0) {
                keep(role, gift->rings[i - 1]);
            }
        }
        for (uint32_t k = 0; i == 0 && k < parent->options.workers; k++) {
            keep(role, all.loader_ends[k]);
        }
    }
    return OK;
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
    return OK;
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

static enum err prepare(struct parent *parent, struct why *why)
{
    struct edge_options *options = &parent->options;
    struct role_gift gift = {.options = options};
    TRY(folder_make(options->tree, why)); /* a tree that is not there yet is an empty one */
    TRY(below_folder(options->tree, &gift.folder, why));
    TRY(make_sealed(options->sealed, why));
    TRY(listeners(parent, &gift, why));
    TRY(sock_listen_public(gift.listener, (int)options->limits.backlog, (int)options->limits.unsent_bytes,
                           why));
    if (gift.tls_listener >= 0) {
        TRY(sock_listen_public(gift.tls_listener, (int)options->limits.backlog,
                               (int)options->limits.unsent_bytes, why));
    }
    if (options->clock != NULL) {
        TRY(clock_open(options->clock, &parent->clock, why));
    }
    parent->board = notice_board_new();
    if (parent->board == NULL) {
        return why_set(why, ERR_FULL, "no shared memory");
    }
    gift.board = parent->board;
    gift.clock = parent->clock;
    TRY(prepare_hits(parent, &gift, why));
    options->limits.connections = connections_possible(options->limits.connections);
    size_t host = strlen(options->listen);
    while (host > 0 && options->listen[host - 1] != ':') {
        host--;
    }
    (void)snprintf(parent->address, sizeof parent->address, "http://%.*s%u/", (int)host, options->listen,
                   sock_port(gift.listener));
    TRY(prepare_roles(parent, &gift, why));
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
    }
    parent->again = false;
}

int edge_run(const struct edge_options *given)
{
    static struct parent parent;
    struct why why = {0};
    parent.options = *given;
    parent.started_ms = monotonic_ms();
    succession_read(&parent.left);
    if (prepare(&parent, &why) != OK) {
        (void)fprintf(stderr, "atalaya-edge: %s\n", why.text);
        return 2;
    }
    for (uint32_t i = 0; i < parent.n_roles; i++) {
        start(&parent, &parent.roles[i]);
    }
    (void)printf("atalaya-edge %s %s\n", edge_kind_name(parent.options.kind), parent.address);
    if (parent.mine.listeners[2] >= 0) {
        (void)printf("atalaya-edge tls port %u\n", sock_port(parent.mine.listeners[2]));
    }
    if (parent.mine.listeners[1] >= 0) {
        (void)printf("atalaya-edge health port %u\n", sock_port(parent.mine.listeners[1]));
    }
    (void)fflush(stdout);
    watch(&parent);
    on_status(&parent);
    int code = loop_run(parent.loop);
    while (parent.again) {
        pass_on(&parent);
        code = loop_run(parent.loop);
    }
    for (uint32_t i = 0; i < parent.n_roles; i++) {
        child_stop(&parent.roles[i].child, GRACE_MS);
    }
    for (int i = 0; i < parent.left.n_before; i++) {
        child_stop(&parent.left.before[i], GRACE_MS);
    }
    write_status(&parent, "stopped");
    return code;
}

/* The status file of an edge: what the workers counted, what the loader says and what the parent itself sees. */
#include "edge/parent.h"

#include "base/log.h"
#include "os/clock.h"

#include <stdio.h>
#include <unistd.h>

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

static uint64_t subscribers(const struct parent *parent)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < parent->options.workers; i++) {
        sum += atomic_load(&parent->board->workers[i].flows);
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

static bool all_up(const struct parent *parent)
{
    bool up = true;
    for (uint32_t i = 0; i < parent->n_roles; i++) {
        up = up && parent->roles[i].retry_ms == 0;
    }
    return up;
}

/* The gravest of what the parent itself sees. */
static struct span own_alarm(const struct parent *parent, bool up)
{
    if (atomic_load(&parent->board->certs.lacking) != 0) {
        return SPAN(
            "TLS no atiende: certificado o clave no se leen, o no van juntos (keys_failed en la bitácora)");
    }
    if (!up) {
        return SPAN("un proceso del servidor ha muerto y se reinicia");
    }
    return span_str(parent->refused[0] != '\0' ? parent->refused : parent->weak);
}

static void begin(struct parent *parent, const char *state, int64_t now)
{
    const struct loader_notice *notice = &parent->told;
    struct status *status = &parent->status;
    bool up = all_up(parent);
    bool alarmed = notice->alarm[0] != '\0';
    bool ready = notice->has_view && (notice->has_cut || parent->options.kind == EDGE_SITE);
    const char *follows = alarmed || !up ? "degraded" : ready ? "running" : "starting";
    status_begin(status, parent->options.program, state != NULL ? state : follows, now);
    status->alarm = alarmed ? span_str(parent->told.alarm) : own_alarm(parent, up);
}

static void add_served(struct parent *parent, int64_t now)
{
    const struct loader_notice *notice = &parent->told;
    struct status *status = &parent->status;
    if (notice->has_cut) {
        int64_t age = (now - notice->cut_time_ms) / 1000;
        status_add_u64(status, "cut", notice->cut);
        status_add_u64(status, "cut_age_s", age > 0 ? (uint64_t)age : 0);
        status_add_u64(status, "cuts", notice->cuts);
    }
    if (parent->options.sealed != NULL) {
        status_add_u64(status, "sealed_version", notice->sealed_version);
        status_add(status, "site_mode", notice->site_down ? SPAN("down") : SPAN("normal"));
        status_add_u64(status, "mode_serial", notice->mode_serial);
        status_add_u64(status, "differences", notice->differences);
    }
}

static void add_house(struct parent *parent)
{
    const struct loader_notice *notice = &parent->told;
    struct status *status = &parent->status;
    status_add_u64(status, "load_failures", notice->load_failures);
    status_add_u64(status, "load_ms", (uint64_t)notice->load_ms);
    status_add_u64(status, "restarts", parent->restarts);
    status_add_u64(status, "held_bytes", notice->held_bytes);
    status_add_u64(status, "memory_bytes", memory_bytes(parent, notice));
    if (parent->options.hits != NULL) {
        const struct hits_place *hits = &parent->board->hits[0];
        status_add_u64(status, "hits", atomic_load(&hits->seen));
        status_add_u64(status, "hits_lost", atomic_load(&hits->lost));
        status_add_u64(status, "hits_unwritten", atomic_load(&hits->unwritten));
    }
    status_add(status, "address", span_str(parent->address));
}

void parent_tell(struct parent *parent, const char *state)
{
    int64_t now = clock_now_ms(parent->clock);
    struct why why = {0};
    notice_read(parent->board, &parent->told);
    begin(parent, state, now);
    add_counters(parent);
    status_add_u64(&parent->status, "connections", connections(parent));
    status_add_u64(&parent->status, "flow_subscribers", subscribers(parent));
    add_served(parent, now);
    add_house(parent);
    if (parent->options.status != NULL && status_write(parent->options.status, &parent->status, &why) != OK) {
        log_line(LOG_WARN, "status_failed", "why=\"%s\"", why.text);
    }
}

bool parent_has_news(const struct parent *parent)
{
    struct loader_notice now;
    notice_read(parent->board, &now);
    return now.cut != parent->told.cut || now.has_view != parent->told.has_view ||
           strcmp(now.alarm, parent->told.alarm) != 0;
}

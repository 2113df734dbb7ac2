/* What a parent does for roles that neither serve nor die, and for who started it. */
#include "edge/metrics.h"
#include "edge/parent.h"

#include "base/log.h"
#include "os/manager.h"

#include <signal.h>

enum {
    HUNG_MS = 15000, /* three times what /healthz calls dead */
    ASLEEP_MS = 2000 /* we ourselves were stopped, or the machine: nobody is judged by that */
};

static void end_the_hung(struct parent *parent, int64_t now_ms)
{
    for (uint32_t i = 0; i < parent->n_roles; i++) {
        struct role *role = &parent->roles[i];
        if (role->main != worker_main || role->retry_ms != 0) {
            continue;
        }
        int64_t beat_ms = atomic_load(&parent->board->workers[role->gift.index].beat_ms);
        int64_t silent_ms = now_ms - (beat_ms > role->started_ms ? beat_ms : role->started_ms);
        if (silent_ms > HUNG_MS) {
            log_line(LOG_ERROR, "worker_hung", "worker=%u ms=%lld", role->gift.index, (long long)silent_ms);
            kill(role->child.pid, SIGKILL);
            role->started_ms = now_ms;
        }
    }
}

/* Ready: all workers live, and, after a program was replaced, those before have been told to finish. */
static bool is_ready(const struct parent *parent, int64_t now_ms)
{
    return health_alive(parent->board, parent->options.workers, now_ms) == NULL &&
           (parent->left.n_before == 0 || parent->told_before_ms != 0);
}

void parent_care(struct parent *parent, int64_t now_ms)
{
    if (now_ms - parent->watched_ms < ASLEEP_MS) {
        end_the_hung(parent, now_ms);
    } else {
        for (uint32_t i = 0; i < parent->n_roles; i++) {
            parent->roles[i].started_ms = now_ms; /* a new term for everybody */
        }
    }
    parent->watched_ms = now_ms;
    if (!parent->said_ready && is_ready(parent, now_ms)) {
        parent->said_ready = true;
        manager_ready();
        manager_status("%s %s", edge_kind_name(parent->options.kind), parent->address);
    }
}

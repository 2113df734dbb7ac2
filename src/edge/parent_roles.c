/* The roles of an edge: how many there are of each, and which descriptors it keeps. What is not in its row is closed in it
 * before its first line runs. */
#include "edge/health.h"
#include "edge/keys.h"
#include "edge/parent.h"

#include "base/log.h"
#include "os/clock.h"
#include "os/crew.h"
#include "os/sock.h"

static void keep(struct role *role, int fd)
{
    if (fd >= 0) {
        role->keep[role->n_keep++] = fd;
    }
}

static void keep_all(struct role *role, const int *fds)
{
    for (uint32_t i = 0; i < role->gift.options->workers; i++) {
        keep(role, fds[i]);
    }
}

static void loader_keeps(struct role *role)
{
    keep(role, role->gift.folder);
    keep_all(role, role->gift.loader_ends);
}

static void worker_keeps(struct role *role)
{
    const struct role_gift *gift = &role->gift;
    keep(role, gift->folder);
    keep(role, gift->listener);
    keep(role, gift->tls_listener);
    keep(role, gift->worker_ends[gift->index]);
    keep(role, gift->asking_ends[gift->index]);
    keep(role, gift->rings[gift->index]);
}

static void health_keeps(struct role *role)
{
    keep(role, role->gift.health);
}

static void scribe_keeps(struct role *role)
{
    keep_all(role, role->gift.rings);
}

static void keys_keep(struct role *role)
{
    keep_all(role, role->gift.key_ends);
}

enum kind { KIND_LOADER, KIND_WORKER, KIND_HEALTH, KIND_SCRIBE, KIND_KEYS, KINDS };

static const struct {
    const char *name;
    role_main main;
    void (*keeps)(struct role *role);
} kinds[KINDS] = {
    [KIND_LOADER] = {"edge-loader", loader_main, loader_keeps},
    [KIND_WORKER] = {"edge-worker", worker_main, worker_keeps},
    [KIND_HEALTH] = {"edge-health", health_main, health_keeps},
    [KIND_SCRIBE] = {"edge-scribe", scribe_main, scribe_keeps},
    [KIND_KEYS] = {"edge-keys", keys_main, keys_keep},
};

static uint32_t how_many(const struct role_gift *gift, enum kind kind)
{
    const uint32_t counts[KINDS] = {
        [KIND_LOADER] = 1,
        [KIND_WORKER] = gift->options->workers,
        [KIND_HEALTH] = gift->health >= 0,
        [KIND_SCRIBE] = gift->options->hits != NULL,
        [KIND_KEYS] = gift->tls_listener >= 0,
    };
    return counts[kind];
}

static enum err channels(struct role_gift *gift)
{
    for (uint32_t i = 0; i < gift->options->workers; i++) {
        int ends[2];
        TRY(sock_pair(ends));
        gift->loader_ends[i] = ends[0];
        gift->worker_ends[i] = ends[1];
        TRY(sock_pair(ends));
        gift->key_ends[i] = ends[0];
        gift->asking_ends[i] = ends[1];
    }
    return OK;
}

enum err parent_prepare_roles(struct parent *parent, const struct role_gift *gift, struct why *why)
{
    struct role_gift all = *gift;
    if (channels(&all) != OK) {
        return why_set(why, ERR_IO, "a channel between the roles cannot be made");
    }
    for (enum kind kind = 0; kind < KINDS; kind++) {
        for (uint32_t i = 0; i < how_many(gift, kind); i++) {
            struct role *role = &parent->roles[parent->n_roles++];
            role->name = kinds[kind].name;
            role->main = kinds[kind].main;
            role->gift = all;
            role->gift.index = i;
            kinds[kind].keeps(role);
        }
    }
    return OK;
}

void parent_start(struct role *role)
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
}

/* From what the loader holds to a view that every worker has, and what is said of that on the notice board. */
#include "edge/channel.h"
#include "edge/loader.h"
#include "edge/own_pages.h"
#include "edge/routes.h"

#include "base/log.h"
#include "os/clock.h"

#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

static enum err send_all(struct loader *loader, uint32_t worker)
{
    int socket = loader->gift->loader_ends[worker];
    for (uint32_t i = 0; i < loader->vault.n_objects; i++) {
        struct vault_object *object = &loader->vault.objects[i];
        if ((object->sent & (1U << worker)) != 0 || object->in_view == VIEW_NONE) {
            continue;
        }
        struct channel_message message = {
            .kind = object->is_file ? CHANNEL_FILE : CHANNEL_SEGMENT, .id = object->id, .size = object->size};
        TRY(channel_send(socket, &message, object->fd));
        object->sent |= 1U << worker;
    }
    struct channel_message view = {.kind = CHANNEL_VIEW, .size = loader->view_size};
    return channel_send(socket, &view, loader->view_fd);
}

static void hand_out(struct loader *loader, uint32_t worker)
{
    if (loader->view_fd < 0 || !loader->greeted[worker]) {
        return;
    }
    if (send_all(loader, worker) != OK) {
        loader->greeted[worker] = false; /* it says hello when it lives again */
        log_line(LOG_WARN, "worker_deaf", "worker=%u", worker);
    }
}

void loader_on_channel(void *arg, int fd, unsigned events)
{
    struct loader *loader = arg;
    struct channel_message message;
    int none = -1;
    (void)events;
    enum err err;
    while ((err = channel_receive(fd, &message, &none)) == OK) {
        for (uint32_t i = 0; message.kind == CHANNEL_HELLO && i < loader->n_workers; i++) {
            if (loader->gift->loader_ends[i] == fd) {
                for (uint32_t k = 0; k < loader->vault.n_objects; k++) {
                    loader->vault.objects[k].sent &= ~(1U << i);
                }
                loader->greeted[i] = true;
                hand_out(loader, i);
            }
        }
        if (none >= 0) {
            close(none);
            none = -1;
        }
    }
    if (err == ERR_IO) {
        loop_stop(loader->loop, 1); /* the parent is gone */
    }
}

static void fill_routes(struct loader *loader, struct routes *routes, struct body *missing,
                        struct body *first)
{
    static const char html[] = "text/html; charset=utf-8";
    struct body *missing_bodies[ENC_COUNT] = {missing, NULL, NULL};
    struct body *first_bodies[ENC_COUNT] = {first, NULL, NULL};
    if (loader->is_site) {
        site_view(&loader->site, routes);
        routes_add(routes, SPAN("index.html"), first_bodies, KEEP_SITE);
    } else {
        tree_view(&loader->tree, routes);
    }
    routes_add_as(routes, VIEW_NOT_FOUND, html, missing_bodies, KEEP_BRIEF);
}

static enum err print_view(struct loader *loader, struct body *missing, struct body *first, struct buf *out)
{
    struct view_builder builder;
    struct routes routes;
    struct view_facts facts = {.next_ms = -1};
    uint64_t key[2];
    if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key) {
        return ERR_IO;
    }
    view_builder_init(&builder);
    routes_init(&routes, &builder, &loader->vault, loader->is_site ? POLICY_SITE : POLICY_RESULTS);
    fill_routes(loader, &routes, missing, first);
    if (!loader->is_site) {
        tree_facts(&loader->tree, &facts);
    }
    view_print(&builder, &facts, key, out);
    routes_done(&routes);
    view_builder_done(&builder);
    return OK;
}

/* Sweeps the vault, builds the view of what is held now and seals it. */
static enum err make_view(struct loader *loader, struct why *why)
{
    struct body *missing = NULL;
    struct body *first = NULL;
    struct buf block;
    TRY(own_page_hold(&loader->vault, loader->is_site ? OWN_SITE : OWN_NOT_FOUND, &loader->site, &missing));
    TRY(own_page_hold(&loader->vault, OWN_SITE, &loader->site, &first));
    vault_sweep_begin(&loader->vault);
    vault_want(&loader->vault, missing);
    vault_want(&loader->vault, first);
    loader->is_site ? site_want(&loader->site) : tree_want(&loader->tree);
    TRY(vault_sweep_end(&loader->vault, why));
    buf_init(&block, 0);
    int fd = -1;
    enum err err = print_view(loader, missing, first, &block);
    err = err == OK ? memfd_of("edge-view", buf_as_span(&block), &fd, why) : err;
    if (err == OK) {
        if (loader->view_fd >= 0) {
            close(loader->view_fd);
        }
        loader->view_fd = fd;
        loader->view_size = block.len;
    }
    buf_done(&block);
    return err;
}

void loader_tell(struct loader *loader)
{
    struct loader_notice *notice = &loader->notice;
    struct view_facts facts = {0};
    if (!loader->is_site) {
        tree_facts(&loader->tree, &facts);
    }
    notice->has_view = loader->view_fd >= 0;
    notice->has_cut = facts.has_cut;
    notice->cut = facts.cut;
    notice->cuts = facts.cuts;
    notice->cut_time_ms = facts.time_ms;
    notice->held_bytes = loader->vault.bytes + loader->view_size;
    notice_write(loader->gift->board, notice);
}

void loader_publish(struct loader *loader, int64_t started_ms)
{
    struct why why = {0};
    enum err err = make_view(loader, &why);
    if (err != OK) {
        log_line(LOG_ERROR, "view_failed", "why=\"%s\"", why.text);
        (void)snprintf(loader->notice.alarm, sizeof loader->notice.alarm, "no se pudo armar la vista: %.200s",
                       why.text);
        loader_tell(loader);
        return;
    }
    for (uint32_t i = 0; i < loader->n_workers; i++) {
        hand_out(loader, i);
    }
    loader->notice.load_ms = monotonic_ms() - started_ms;
    loader->notice.alarm[0] = '\0';
    loader->failures = 0;
    loader_tell(loader);
}

void loader_publish_first(struct loader *loader, int64_t started_ms)
{
    if (loader->view_fd < 0) {
        loader_publish(loader, started_ms);
    }
}

void loader_all_well(struct loader *loader)
{
    if (loader->failures > 0 || loader->notice.alarm[0] != '\0') {
        loader->failures = 0;
        loader->notice.alarm[0] = '\0';
        loader_tell(loader);
    }
}

void loader_complain(struct loader *loader, const struct why *why)
{
    char safe[256];
    loader->failures++;
    loader->notice.load_failures++;
    if (loader->failures >= LOADER_PATIENCE) {
        (void)snprintf(loader->notice.alarm, sizeof loader->notice.alarm, "%s: %s",
                       loader->is_site ? "no se pudo leer el sitio" : "corte rechazado",
                       log_safe(span_str(why->text), safe, sizeof safe));
    }
    if (loader->failures == LOADER_PATIENCE) {
        log_line(LOG_ERROR, "load_refused", "why=\"%s\"", safe);
    }
    loader_tell(loader);
}

/* The loader role: looks for a new cut (or a changed site), verifies it, and hands the workers a new view. What does
 * not verify changes nothing but the alarm. */
#include "edge/loader.h"
#include "edge/key_list.h"

#include "edge/feed_state.h"

#include "base/log.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/jail.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { FEED_MS = 1000, SEND_TIMEOUT_S = 2, END_MS = 1000 };

/* Before the jail. What a loader before this one has seen is not forgotten with it. */
static enum err prepare_sealed(struct loader *loader, struct why *why)
{
    const struct edge_options *options = loader->gift->options;
    struct loader_notice before = {0};
    if (options->sealed == NULL) {
        return OK;
    }
    TRY(sealed_site_init(&loader->sealed, &loader->site, &options->vkey, options->sealed, why));
    if (notice_read(loader->gift->board, &before)) {
        loader->sealed.least_version = before.sealed_version;
        loader->sealed.least_serial = before.mode_serial;
    }
    return OK;
}

static void look_at_feed(void *arg)
{
    struct loader *loader = arg;
    struct notice_board *board = loader->gift->board;
    struct buf text;
    enum feed_state state;
    int64_t age_s;
    buf_init(&text, 0);
    /* A state that cannot be read is a feed that is lost. */
    if (file_read(loader->gift->options->feed_state, 4096, &text, NULL) != OK) {
        buf_clear(&text);
    }
    feed_state_parse(buf_as_span(&text), clock_now_ms(loader->gift->clock), &state, &age_s);
    buf_done(&text);
    atomic_store(&board->feed, (uint32_t)state);
    atomic_store(&board->feed_age_s, age_s);
    loop_after(loader->loop, FEED_MS, look_at_feed, loader);
}

static void prepare_tree(struct loader *loader)
{
    struct cut_keys keys = loader->gift->options->cut_keys;
    (void)key_list_read(loader->gift->board, &loader->keys_round,
                        &keys); /* what the file held when the last one was started is old */
    tree_init(&loader->tree, loader->gift->folder, &keys, &loader->vault);
}

static void prepare_site(struct loader *loader)
{
    const struct edge_options *options = loader->gift->options;
    uint32_t n = 0;
    site_init(&loader->site, loader->gift->folder, options->tree, &loader->vault);
    if (options->results != NULL) {
        loader->links[n++] =
            (struct site_link){.name = "Resultados preliminares (PREP)", .url = options->results};
    }
    for (uint32_t i = 0; i < options->n_mirrors; i++) {
        loader->links[n++] = options->mirrors[i];
    }
    loader->site.links = loader->links;
    loader->site.n_links = n;
}

static void on_end(void *arg)
{
    struct loader *loader = arg;
    loop_stop(loader->loop, 0);
}

/* Another loader has taken over. The workers are told at the same time and let go of the channel; then this one ends. */
static void on_signal(void *arg, int signal)
{
    struct loader *loader = arg;
    if (signal == SIGUSR1) {
        loop_after(loader->loop, END_MS, on_end, loader);
    }
}

static enum err prepare(struct loader *loader, struct why *why)
{
    const struct role_gift *gift = loader->gift;
    uint64_t first_id = 0;
    if (getrandom(&first_id, sizeof first_id, 0) != (ssize_t)sizeof first_id) {
        return why_set(why, ERR_IO, "no randomness");
    }
    const size_t mine = offsetof(struct notice_board, feed);
    TRY(notice_board_keep(gift->board, (const char *)gift->board + mine, sizeof *gift->board - mine, why));
    TRY(loop_new(&loader->loop, why));
    TRY(loop_signals(loader->loop, on_signal, loader, why));
    vault_init(&loader->vault, gift->options->budget, first_id, gift->options->packs);
    prepare_site(loader);
    prepare_tree(loader);
    TRY(prepare_sealed(loader, why));
    for (uint32_t i = 0; i < loader->n_workers; i++) {
        struct timeval patience = {.tv_sec = SEND_TIMEOUT_S};
        setsockopt(gift->loader_ends[i], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        loader->greeted[i] = true; /* a new loader knows of no worker; those who live take what comes */
        TRY(loop_watch(loader->loop, gift->loader_ends[i], LOOP_READ, loader_on_channel, loader));
    }
    return OK;
}

/* What the loader may do: read below the tree, and the folder where the mirror leaves its feed's state or the log its notice. */
static enum err enter_jail(const struct loader *loader, struct why *why)
{
    const struct edge_options *options = loader->gift->options;
    char beside[FILE_PATH_MAX] = "";
    const char *file = loader->is_site ? options->notice : options->feed_state;
    if (file != NULL) {
        const char *slash = strrchr(file, '/');
        (void)snprintf(beside, sizeof beside, "%.*s", slash != NULL ? (int)(slash - file) : 1,
                       slash != NULL ? file : ".");
    }
    const char *read[7] = {options->tree};
    size_t n = 1;
    if (options->flow != NULL) {
        read[n++] = options->flow;
    }
    static const char *const names[] = {"sealed", "objects", "mode"};
    char inside[3][FILE_PATH_MAX];
    for (size_t i = 0; options->sealed != NULL && i < 3; i++) {
        read[n++] = path_join(inside[i], options->sealed, names[i]);
    }
    read[n] = beside[0] != '\0' ? beside : NULL;
    const char *const packs[] = {options->packs, NULL};
    const struct jail jail = {
        .name = "edge-loader", .rights = JAIL_READ | JAIL_SEAL, .read = read, .nameless = packs};
    return jail_enter(&jail, why);
}

int loader_main(void *arg)
{
    static struct loader loader;
    struct why why = {0};
    /* What a cut needed while it was loaded goes back to the system, whatever its size was. */
    (void)mallopt(M_MMAP_THRESHOLD, 128 << 10);
    loader = (struct loader){.gift = arg, .view_fd = -1};
    loader.is_site = loader.gift->options->kind == EDGE_SITE;
    loader.n_workers = loader.gift->options->workers;
    if (prepare(&loader, &why) != OK || enter_jail(&loader, &why) != OK) {
        log_line(LOG_ERROR, "loader_failed", "why=\"%s\"", why.text);
        return 1;
    }
    loop_after(loader.loop, 0,
               loader.is_site ? (loader.gift->options->sealed != NULL ? look_at_sealed : look_at_site)
                              : look_at_tree,
               &loader);
    if (loader.gift->options->feed_state != NULL) {
        loop_after(loader.loop, 0, look_at_feed, &loader);
    }
    if (flow_is_here(loader.gift->options->kind)) {
        flow_source_init(&loader.flow, loader.gift->board, loader.gift->options->flow);
        loop_after(loader.loop, 0, look_at_flow, &loader);
    }
    return loop_run(loader.loop);
}

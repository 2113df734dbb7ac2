/* The loader role: looks for a new cut (or a changed site), verifies it, and hands the workers a new view. What does
 * not verify changes nothing but the alarm. */
#include "edge/below.h"
#include "edge/channel.h"
#include "edge/feed_state.h"
#include "edge/own_pages.h"
#include "edge/roles.h"
#include "edge/routes.h"
#include "edge/sealed.h"
#include "edge/tree.h"

#include "base/log.h"
#include "doors/cut_code.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/jail.h"
#include "os/loop.h"
#include "seal/digest.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    LOOK_TREE_MS = 200,
    LOOK_REFUSED_MS = 1000,
    LOOK_SITE_MS = 1000,
    LOOK_SEALED_MS = 150,
    FEED_MS = 1000,
    SEND_TIMEOUT_S = 2,
    END_MS = 1000,
    PATIENCE = 5 /* failures in a row before the alarm: a cut may be half way through its publication */
};

struct loader {
    const struct role_gift *gift;
    struct loop *loop;
    struct vault vault;
    struct tree tree;
    struct site site;
    struct sealed_site sealed; /* with --sealed */
    struct site_link links[EDGE_LINKS_MAX + 1];
    bool is_site;
    uint32_t reach;    /* cuts still to be looked for before the oldest */
    uint64_t seen[4];  /* latest.json at the last look */
    uint32_t failures; /* in a row */
    struct loader_notice notice;
    int view_fd; /* the newest view, -1: none yet */
    uint64_t view_size;
    uint32_t n_workers;
    bool greeted[EDGE_WORKERS_MAX];
};

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

static void on_channel(void *arg, int fd, unsigned events)
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

static void tell(struct loader *loader)
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

static void publish(struct loader *loader, int64_t started_ms)
{
    struct why why = {0};
    enum err err = make_view(loader, &why);
    if (err != OK) {
        log_line(LOG_ERROR, "view_failed", "why=\"%s\"", why.text);
        (void)snprintf(loader->notice.alarm, sizeof loader->notice.alarm, "no se pudo armar la vista: %.200s",
                       why.text);
        tell(loader);
        return;
    }
    for (uint32_t i = 0; i < loader->n_workers; i++) {
        hand_out(loader, i);
    }
    loader->notice.load_ms = monotonic_ms() - started_ms;
    loader->notice.alarm[0] = '\0';
    loader->failures = 0;
    tell(loader);
}

/* Pages of our own are better than no answer at all. */
static void publish_first(struct loader *loader, int64_t started_ms)
{
    if (loader->view_fd < 0) {
        publish(loader, started_ms);
    }
}

static void all_well(struct loader *loader)
{
    if (loader->failures > 0 || loader->notice.alarm[0] != '\0') {
        loader->failures = 0;
        loader->notice.alarm[0] = '\0';
        tell(loader);
    }
}

static void complain(struct loader *loader, const struct why *why)
{
    char safe[256];
    loader->failures++;
    loader->notice.load_failures++;
    if (loader->failures >= PATIENCE) {
        (void)snprintf(loader->notice.alarm, sizeof loader->notice.alarm, "%s: %s",
                       loader->is_site ? "no se pudo leer el sitio" : "corte rechazado",
                       log_safe(span_str(why->text), safe, sizeof safe));
    }
    if (loader->failures == PATIENCE) {
        log_line(LOG_ERROR, "load_refused", "why=\"%s\"", safe);
    }
    tell(loader);
}

/* What latest.json looks like from outside: cheap, so it can be asked five times a second. */
static bool has_moved(struct loader *loader)
{
    struct stat info;
    if (fstatat(loader->gift->folder, "latest.json", &info, AT_SYMLINK_NOFOLLOW) != 0) {
        memset(&info, 0, sizeof info);
    }
    uint64_t look[4] = {(uint64_t)info.st_ino, (uint64_t)info.st_size, (uint64_t)info.st_mtim.tv_sec,
                        (uint64_t)info.st_mtim.tv_nsec};
    bool moved = memcmp(look, loader->seen, sizeof look) != 0;
    memcpy(loader->seen, look, sizeof look);
    return moved;
}

/* After the newest cut is up: one older cut a turn, until ten are held. */
static void reach_back(struct loader *loader, int64_t started_ms)
{
    if (loader->reach == 0) {
        return;
    }
    /* Each is published by itself: what it brings is sealed before the next is read, so memory has no peak. */
    if (tree_reach_back(&loader->tree) == OK) {
        loader->reach--;
        publish(loader, started_ms);
    } else {
        loader->reach = 0;
    }
}

static void advance(struct loader *loader, int64_t started_ms)
{
    struct why why = {0};
    bool first = loader->tree.n_cuts == 0;
    enum err err = tree_advance(&loader->tree, &why);
    while (err == ERR_FULL && tree_shorten(&loader->tree)) {
        publish(loader, started_ms); /* without the oldest cut there is room again */
        why = (struct why){0};
        err = tree_advance(&loader->tree, &why);
    }
    if (err == OK) {
        loader->reach = first ? TREE_CUTS - 1 : loader->reach;
        publish(loader, started_ms);
    } else if (err == ERR_EXISTS) {
        all_well(loader);
    } else {
        publish_first(loader, started_ms);
        complain(loader, &why);
    }
}

/* The newest cut's code, once its proof is there: a hash over the file, which is not looked into. It comes a moment after the cut,
 * when the log has signed a tree that holds the cut's entry. */
static void look_at_code(struct loader *loader)
{
    struct loader_notice *notice = &loader->notice;
    struct view_facts facts = {0};
    char path[CUT_PROOF_PATH_MAX];
    struct buf bytes = {0};
    struct why why = {0};
    tree_facts(&loader->tree, &facts);
    if (!facts.has_cut || (notice->code_cut == facts.cut && notice->code[0] != '\0')) {
        return;
    }
    notice->code_cut = facts.cut;
    notice->code[0] = '\0';
    cut_proof_path(facts.cut, path);
    if (below_read(loader->gift->folder, path, CUT_PROOF_BYTES_MAX, &bytes, &why) == OK && bytes.len > 0) {
        cut_code_print(buf_as_span(&bytes), notice->code);
        tell(loader);
    }
    buf_done(&bytes);
}

static bool same_notice(const struct notice_text *a, const struct notice_text *b)
{
    return a->time_ms == b->time_ms && span_equal(span_of(a->text, a->len), span_of(b->text, b->len));
}

/* The newest notice, which is shown before any cut has it. */
static void look_at_notice(struct loader *loader)
{
    struct notice_text *shown = &loader->notice.public_notice;
    struct notice_text found = {0};
    struct buf bytes = {0};
    struct why why = {0};
    if (below_read(loader->gift->folder, NOTICE_PATH, NOTICE_FILE_MAX, &bytes, &why) == OK &&
        notice_parse(buf_as_span(&bytes), &found) == OK && !same_notice(&found, shown)) {
        *shown = found;
        tell(loader);
    }
    buf_done(&bytes);
}

static void look_at_tree(void *arg)
{
    struct loader *loader = arg;
    int64_t started = monotonic_ms();
    bool moved = has_moved(loader);
    bool nothing_yet = loader->tree.n_cuts == 0 && loader->seen[0] == 0;
    if (nothing_yet) {
        publish_first(loader, started);
    } else if (moved || loader->failures > 0) {
        advance(loader, started);
    } else {
        reach_back(loader, started);
    }
    look_at_code(loader);
    look_at_notice(loader);
    int64_t next = loader->failures >= PATIENCE ? LOOK_REFUSED_MS : LOOK_TREE_MS;
    loop_after(loader->loop, loader->reach > 0 ? 1 : next, look_at_tree, loader);
}

/* A site has no tree: its notice comes as a file of the results' plane, which it may read and nothing else there. */
static void look_at_site_notice(struct loader *loader)
{
    const char *path = loader->gift->options->notice;
    struct buf bytes = {0};
    struct notice_text found = {0};
    if (path != NULL && file_read(path, NOTICE_FILE_MAX, &bytes, NULL) == OK &&
        notice_parse(buf_as_span(&bytes), &found) == OK) {
        loader->site.notice = found;
        loader->notice.public_notice = found;
    }
    buf_done(&bytes);
}

static void look_at_site(void *arg)
{
    struct loader *loader = arg;
    struct why why = {0};
    look_at_site_notice(loader);
    int64_t started = monotonic_ms();
    enum err err = site_advance(&loader->site, &why);
    if (err == OK) {
        publish(loader, started);
    } else if (err == ERR_EXISTS) {
        all_well(loader);
    } else if (err != ERR_AGAIN) {
        publish_first(loader, started);
        complain(loader, &why);
    }
    loop_after(loader->loop, LOOK_SITE_MS, look_at_site, loader);
}

/* What is wrong with a sealed site is told, and what is served stays. */
static void tell_sealed(struct loader *loader, const char *alarm)
{
    struct sealed_site *sealed = &loader->sealed;
    struct loader_notice *notice = &loader->notice;
    struct loader_notice before = *notice;
    char safe[sizeof notice->alarm];
    notice->sealed_version = sealed->sealed.version > 0 ? sealed->sealed.version : sealed->least_version;
    notice->mode_serial = sealed->mode.serial > 0 ? sealed->mode.serial : sealed->least_serial;
    notice->site_down = sealed->mode.down;
    notice->differences = sealed->differences;
    (void)snprintf(notice->alarm, sizeof notice->alarm, "%s", alarm);
    if (strcmp(before.alarm, notice->alarm) != 0 && alarm[0] != '\0') {
        log_line(LOG_ERROR, "site_alarm", "why=\"%s\"", log_safe(span_str(alarm), safe, sizeof safe));
    }
    if (before.sealed_version != notice->sealed_version || before.mode_serial != notice->mode_serial ||
        before.site_down != notice->site_down || before.differences != notice->differences ||
        strcmp(before.alarm, notice->alarm) != 0) {
        tell(loader);
    }
}

static void look_at_sealed(void *arg)
{
    struct loader *loader = arg;
    struct sealed_site *sealed = &loader->sealed;
    struct why why = {0};
    char alarm[SEALED_ALARM_MAX];
    look_at_site_notice(loader);
    int64_t started = monotonic_ms();
    enum err err = sealed_site_advance(sealed, started, &why);
    if (err == OK) {
        publish(loader, started);
    } else if (err != ERR_EXISTS && sealed->least_version == 0) {
        publish_first(loader, started);
    }
    sealed_site_compare(sealed, started);
    (void)snprintf(alarm, sizeof alarm, "%.319s",
                   err != OK && err != ERR_EXISTS  ? why.text
                   : sealed->note_alarm[0] != '\0' ? sealed->note_alarm
                                                   : sealed->root_alarm);
    tell_sealed(loader, alarm);
    loop_after(loader->loop, LOOK_SEALED_MS, look_at_sealed, loader);
}

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

static enum err prepare_tree(struct loader *loader)
{
    const struct edge_options *options = loader->gift->options;
    struct buf vkey;
    uint8_t digest[32];
    tree_init(&loader->tree, loader->gift->folder, &options->vkey, &loader->vault);
    buf_init(&vkey, 0);
    note_key_print(&options->vkey, &vkey);
    buf_char(&vkey, '\n');
    digest_of(buf_as_span(&vkey), digest);
    enum err err = vault_put(&loader->vault, digest, buf_as_span(&vkey), &loader->tree.vkey);
    buf_done(&vkey);
    return err;
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
    TRY(loop_new(&loader->loop, why));
    TRY(loop_signals(loader->loop, on_signal, loader, why));
    vault_init(&loader->vault, gift->options->budget, first_id);
    prepare_site(loader);
    TRY(prepare_tree(loader));
    TRY(prepare_sealed(loader, why));
    for (uint32_t i = 0; i < loader->n_workers; i++) {
        struct timeval patience = {.tv_sec = SEND_TIMEOUT_S};
        setsockopt(gift->loader_ends[i], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        loader->greeted[i] = true; /* a new loader knows of no worker; those who live take what comes */
        TRY(loop_watch(loader->loop, gift->loader_ends[i], LOOP_READ, on_channel, loader));
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
    const char *read[6] = {options->tree};
    size_t n = 1;
    static const char *const names[] = {"sealed", "objects", "mode"};
    char inside[3][FILE_PATH_MAX];
    for (size_t i = 0; options->sealed != NULL && i < 3; i++) {
        read[n++] = path_join(inside[i], options->sealed, names[i]);
    }
    read[n] = beside[0] != '\0' ? beside : NULL;
    const struct jail jail = {.name = "edge-loader", .rights = JAIL_FILES, .read = read};
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
    return loop_run(loader.loop);
}

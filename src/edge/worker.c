/* The worker role: accepts, answers, and takes new views from the loader. It parses what strangers send; it opens
 * nothing but images and bundles below the tree, writes nothing, and connects to nobody. */
#include "edge/caption.h"
#include "edge/census.h"
#include "edge/conn_tls.h"
#include "edge/estado.h"
#include "edge/flow.h"
#include "edge/flow_source.h"
#include "edge/hits_ring.h"
#include "edge/host_page.h"
#include "edge/key_asks.h"
#include "edge/protocol.h"
#include "edge/roles.h"
#include "edge/server.h"
#include "tls/house.h"

#include "base/log.h"
#include "os/clock.h"
#include "os/jail.h"
#include "os/sock.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { SECOND_MS = 1000, DOOR_MS = 3000, END_LOOK_MS = 100, END_MS = 60000 };

struct worker {
    const struct role_gift *gift;
    struct loop *loop;
    struct server server;
    struct hits_pen hits;
    struct census census;
    struct flow flow;
    struct buf estado, caption, host, date, coded_date, hsts, coded_hsts;
    int channel;
    int64_t end_by_ms;
    bool open;     /* the listener is watched */
    bool tls_open; /* and that for TLS */
};

static void make_estado(struct worker *worker)
{
    struct notice_board *board = worker->gift->board;
    const struct shelf_view *view = worker->server.shelf.current;
    const struct view_facts *facts = view == NULL ? NULL : &view->map.top->facts;
    struct loader_notice notice;
    bool whole = notice_read(board, &notice);
    bool has_code = whole && facts != NULL && facts->has_cut && facts->cut == notice.code_cut;
    const char *code = has_code ? notice.code : "";
    buf_clear(&worker->estado);
    enum feed_state feed = (enum feed_state)atomic_load(&board->feed);
    int64_t feed_age_s = atomic_load(&board->feed_age_s);
    int64_t now_ms = clock_now_ms(worker->gift->clock);
    estado_print(worker->gift->options, facts, feed, feed_age_s, code, &notice, now_ms, &worker->estado);
    worker->server.answers.estado = buf_as_span(&worker->estado);
    buf_clear(&worker->caption);
    caption_print(worker->gift->options, facts, code, &worker->caption);
    worker->server.answers.caption = buf_as_span(&worker->caption);
    buf_clear(&worker->host);
    host_page_print(worker->gift->options, facts, feed, feed_age_s, code, now_ms, &worker->host);
    worker->server.answers.host = buf_as_span(&worker->host);
}

/* HTTP's dates are the world's, not the night's: caches compare them with their own clocks. */
static void make_date(struct worker *worker)
{
    buf_clear(&worker->date);
    buf_str(&worker->date, "Date: ");
    http1_date(&worker->date, clock_now_ms(NULL));
    buf_str(&worker->date, "\r\n");
    worker->server.answers.date = buf_as_span(&worker->date);
    worker->server.answers.date_round++;
    buf_clear(&worker->coded_date);
    coded_lines(buf_as_span(&worker->date), &worker->coded_date);
    worker->server.answers.coded_date = buf_as_span(&worker->coded_date);
}

/* RFC 6797; said over TLS alone. */
static void make_hsts(struct worker *worker)
{
    struct edge_shelf *answers = &worker->server.answers;
    const char *rule = worker->gift->options->hsts;
    buf_init(&worker->hsts, 0);
    buf_init(&worker->coded_hsts, 0);
    if (rule != NULL) {
        buf_printf(&worker->hsts, "Strict-Transport-Security: %s\r\n", rule);
        coded_lines(buf_as_span(&worker->hsts), &worker->coded_hsts);
        answers->hsts = buf_as_span(&worker->hsts);
        answers->coded_hsts = buf_as_span(&worker->coded_hsts);
    }
}

static void on_second(void *arg)
{
    struct worker *worker = arg;
    make_date(worker);
    make_estado(worker);
    census_take(&worker->census, &worker->server.conns, worker->server.answers.row);
    atomic_store_explicit(&worker->server.answers.row->beat_ms, monotonic_ms(), memory_order_relaxed);
    loop_after(worker->loop, SECOND_MS, on_second, worker);
}

static void on_listener(void *arg, int listener, unsigned events)
{
    struct worker *worker = arg;
    (void)events;
    server_accept(&worker->server, listener,
                  listener == worker->gift->tls_listener ? PROTOCOL_TLS : PROTOCOL_HTTP1);
}

/* The worker that comes after serves already: nobody new is let in, every answer says that it is the last, and when all
 * are gone, so is this. What comes over the channel is the other's. */
static void watch_the_end(void *arg)
{
    struct worker *worker = arg;
    if (worker->server.conns.n == 0 || monotonic_ms() > worker->end_by_ms) {
        loop_stop(worker->loop, 0);
    } else {
        loop_after(worker->loop, END_LOOK_MS, watch_the_end, worker);
    }
}

static void on_signal(void *arg, int signal)
{
    struct worker *worker = arg;
    if (signal != SIGUSR1 || worker->server.answers.ending) {
        return;
    }
    worker->server.answers.ending = true;
    worker->end_by_ms = monotonic_ms() + END_MS;
    loop_unwatch(worker->loop, worker->channel);
    if (worker->open) {
        loop_unwatch(worker->loop, worker->gift->listener);
    }
    if (worker->tls_open) {
        loop_unwatch(worker->loop, worker->gift->tls_listener);
    }
    worker->open = true; /* for good: the door is not opened again */
    loop_after(worker->loop, 0, watch_the_end, worker);
}

static void on_turn(void *arg)
{
    key_asks_send(arg);
}

/* TLS also needs a certificate. */
static void open_tls_door(struct worker *worker)
{
    const struct server *server = &worker->server;
    if (worker->open && !worker->tls_open && !server->answers.ending && server->house != NULL &&
        tls_house_is_ready(server->house)) {
        worker->tls_open =
            loop_watch_ahead(worker->loop, worker->gift->tls_listener, LOOP_READ, on_listener, worker) == OK;
    }
}

static void on_keys(void *arg, int socket, unsigned events)
{
    struct worker *worker = arg;
    (void)socket;
    (void)events;
    if (conn_tls_on_keys(&worker->server) != OK) {
        loop_stop(worker->loop, 1); /* the parent is gone */
    }
    open_tls_door(worker);
}

/* Nobody is let in before there is something to answer with: after a start or a restart newcomers wait in the
 * listener's queue for the few milliseconds that the loader needs. */
static void open_door(void *arg)
{
    struct worker *worker = arg;
    if (!worker->open) {
        worker->open =
            loop_watch_ahead(worker->loop, worker->gift->listener, LOOP_READ, on_listener, worker) == OK;
    }
    open_tls_door(worker);
}

static void on_channel(void *arg, int fd, unsigned events)
{
    struct worker *worker = arg;
    struct channel_message message;
    int came = -1;
    struct why why = {0};
    (void)events;
    enum err err;
    while ((err = channel_receive(fd, &message, &came)) == OK) {
        enum err taken =
            message.kind == CHANNEL_HELLO ? OK : shelf_take(&worker->server.shelf, &message, came, &why);
        if (taken != OK) {
            log_line(LOG_WARN, "view_refused", "why=\"%s\"", why.text);
        } else if (message.kind == CHANNEL_VIEW) {
            count(worker->server.answers.row, COUNT_VIEWS, 1);
            make_estado(worker);
            open_door(worker);
        }
        came = -1;
    }
    if (err == ERR_IO) {
        loop_stop(worker->loop, 1); /* the parent is gone */
    }
}

static enum err prepare(struct worker *worker, struct why *why)
{
    const struct role_gift *gift = worker->gift;
    struct edge_shelf *answers = &worker->server.answers;
    worker->channel = gift->worker_ends[gift->index];
    TRY(loop_new(&worker->loop, why));
    TRY(loop_signals(worker->loop, on_signal, worker, why));
    answers->is_site = gift->options->kind == EDGE_SITE;
    answers->is_feed = gift->options->kind == EDGE_FEED;
    answers->folder = answers->is_site ? -1 : gift->folder;
    answers->row = &gift->board->workers[gift->index];
    TRY(notice_board_keep(gift->board, answers->row, sizeof *answers->row, why));
    atomic_store(&answers->row->connections, 0);
    worker->server.loop = worker->loop;
    TRY(hits_pen_open(&worker->hits, gift->rings[gift->index], why));
    worker->server.hits = worker->hits.ring == NULL ? NULL : &worker->hits;
    TRY(server_init(&worker->server, &gift->options->limits, &gift->options->forwarders, why));
    if (flow_is_here(gift->options->kind)) {
        answers->has_flow = true;
        TRY(flow_init(&worker->flow, &worker->server, &gift->board->flow));
    }
    buf_init(&worker->estado, 0);
    buf_init(&worker->caption, 0);
    buf_init(&worker->host, 0);
    buf_init(&worker->date, 0);
    buf_init(&worker->coded_date, 0);
    make_hsts(worker);
    TRY(loop_watch(worker->loop, worker->channel, LOOP_READ, on_channel, worker));
    if (gift->tls_listener >= 0) {
        int keys = gift->asking_ends[gift->index];
        TRY(conn_tls_init(&worker->server, keys));
        TRY(loop_watch_ahead(worker->loop, keys, LOOP_READ, on_keys, worker));
        loop_each_turn(worker->loop, on_turn, &worker->server);
    }
    struct channel_message hello = {.kind = CHANNEL_HELLO};
    return channel_send(worker->channel, &hello, -1);
}

/* What a worker may do: talk on sockets it was given and, beside a tree, read files below it. */
static enum err enter_jail(const struct worker *worker, struct why *why)
{
    const struct edge_options *options = worker->gift->options;
    const char *const tree[] = {options->tree, NULL};
    bool is_site = options->kind == EDGE_SITE;
    struct jail jail = {.name = "edge-worker", .rights = JAIL_SERVE | (is_site ? 0 : (unsigned)JAIL_READ)};
    jail.read = is_site ? NULL : tree;
    jail.nobody = true;
    return jail_enter(&jail, why);
}

int worker_main(void *arg)
{
    static struct worker worker;
    struct why why = {0};
    worker = (struct worker){.gift = arg};
    if (prepare(&worker, &why) != OK || enter_jail(&worker, &why) != OK) {
        log_line(LOG_ERROR, "worker_failed", "why=\"%s\"", why.text);
        return 1;
    }
    on_second(&worker);
    loop_after(worker.loop, DOOR_MS, open_door,
               &worker); /* also without a loader: /estado and 503 are answers */
    return loop_run(worker.loop);
}

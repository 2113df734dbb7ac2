/* Connections come, change their stages, and go. */
#include "edge/server.h"

#include "edge/conn_tls.h"
#include "edge/hits_ring.h"
#include "edge/protocol.h"
#include "edge/transport.h"
#include "os/clock.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SWEEP_MS = TICK_MS,
    DUE_A_TURN = 64,  /* deadlines handled before others have their turn */
    TRIM_LINES = 500, /* so many gone: what they took goes back, in 3 ms at the most */
    TRIM_FEW = 64,    /* fewer are not worth it */
    TRIM_TICKS = 50,  /* memory of places that are free again goes back */
    ROOM_TRIES = 8,   /* evictions for one connection */
    ACCEPTING_MS = 2, /* greetings over TLS, or large answers at once: fewer newcomers than the limit */
    ACCEPTS_A_LOOK = 8,
};

static uint32_t tick_now(void)
{
    return (uint32_t)(monotonic_ms() / TICK_MS);
}

static void on_swarm(void *arg, uint64_t tag, unsigned events)
{
    struct server *server = arg;
    struct conn *conn = conn_of_tag(&server->conns, tag);
    if (conn != NULL && conn->tls != NULL) {
        events = conn_tls_events(server, conn, events);
    }
    if (conn != NULL && events != 0) {
        protocol_of(conn)->on_event(server, conn, events);
    }
}

static void on_due(void *arg, struct conn *conn)
{
    protocol_of(conn)->on_due(arg, conn);
}

/* What many TLS connections took lies in holes between what others hold. It is given back by the hundred, because nobody is
 * served meanwhile (0.1 ms a MiB), and what is left now and then. */
static void trim_lines(struct server *server, bool also_few)
{
    uint32_t gone = server->tls_most > server->tls_lines ? server->tls_most - server->tls_lines : 0;
    bool most_of_few = also_few && server->tls_most >= TRIM_FEW && gone > server->tls_most / 2;
    if (gone >= TRIM_LINES || most_of_few) {
        (void)malloc_trim(0);
        server->tls_most = server->tls_lines;
    }
    server->tls_most = server->tls_lines > server->tls_most ? server->tls_lines : server->tls_most;
}

static void on_sweep(void *arg)
{
    struct server *server = arg;
    server->now = tick_now();
    bool more = wheel_turn(&server->wheel, server->now, DUE_A_TURN, on_due, server);
    bool now_and_then = server->now % TRIM_TICKS == 0;
    if (now_and_then) {
        conns_trim(&server->conns);
    }
    trim_lines(server, now_and_then);
    if (server->hits != NULL) {
        hits_pen_flush(server->hits);
    }
    loop_after(server->loop, more ? 0 : SWEEP_MS, on_sweep, server);
}

enum err server_init(struct server *server, const struct limits *limits, const struct forwarders *forwarders,
                     struct why *why)
{
    server->forwarders = forwarders;
    uint64_t key[2];
    server->limits = *limits;
    server->now = tick_now();
    if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key) {
        return why_set(why, ERR_IO, "no randomness");
    }
    if (conns_init(&server->conns, (uint32_t)limits->connections) != OK ||
        crowd_init(&server->crowd, &server->conns, key, (uint8_t)limits->prefix4_bits,
                   (uint8_t)limits->prefix6_bits) != OK) {
        return why_set(why, ERR_FULL, "no address space for %lld connections",
                       (long long)limits->connections);
    }
    wheel_init(&server->wheel, &server->conns, server->now);
    buf_init(&server->out, 0);
    if (loop_swarm(server->loop, on_swarm, server) != OK) {
        return why_set(why, ERR_FULL, "no descriptor for the event loop");
    }
    loop_after(server->loop, SWEEP_MS, on_sweep, server);
    return OK;
}

static uint32_t due_in(const struct server *server, int64_t ms)
{
    return server->now + 1 + (uint32_t)((ms + TICK_MS - 1) / TICK_MS);
}

void server_stage(struct server *server, struct conn *conn, enum conn_stage stage, int64_t within_ms)
{
    conn->stage = stage & 0x7f;
    conn->since = server->now;
    wheel_set(&server->wheel, conn, due_in(server, within_ms));
}

void server_extend(struct server *server, struct conn *conn, int64_t within_ms)
{
    wheel_set(&server->wheel, conn, due_in(server, within_ms));
}

static void tell_number(struct server *server)
{
    atomic_store_explicit(&server->answers.row->connections, server->conns.n, memory_order_relaxed);
}

void server_close(struct server *server, struct conn *conn)
{
    protocol_of(conn)->done(server, conn);
    if (conn->tls != NULL) {
        conn_tls_done(server, conn);
    }
    if ((conn->flags & CONN_ABORT) != 0) {
        const struct linger at_once = {.l_onoff = 1};
        setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    close(conn->fd);
    wheel_leave(&server->wheel, conn);
    crowd_leave(&server->crowd, conn);
    conns_give(&server->conns, conn);
    tell_number(server);
}

void server_cut_off(struct server *server, struct conn *conn, enum decision decision,
                    enum edge_counter reason)
{
    struct finished finished = {.conn = conn, .decision = decision, .reason = reason};
    server_record(server, &finished);
    conn->flags |= CONN_ABORT;
    server_close(server, conn);
}

static void evict(struct server *server, struct conn *conn)
{
    server_cut_off(server, conn, DECIDED_EVICTED, COUNT_EVICTED);
}

/* Descriptors or places are short: the worst connection of the busiest network goes. */
static bool make_place(struct server *server)
{
    struct conn *worst = crowd_worst(&server->crowd, server->now, false);
    if (worst != NULL) {
        evict(server, worst);
    }
    return worst != NULL;
}

bool server_has_room(struct server *server, const struct conn *conn)
{
    uint64_t most = (uint64_t)server->limits.buffers_mb << 20;
    for (int i = 0; i < ROOM_TRIES && server->pool.bytes + tls_lines_left() + server->h2_left > most; i++) {
        struct conn *worst = crowd_worst(&server->crowd, server->now, true);
        if (worst == NULL || worst == conn) {
            return false;
        }
        evict(server, worst);
    }
    return true;
}

bool server_evict_line(struct server *server, const struct conn *conn)
{
    for (int i = 0; i < ROOM_TRIES; i++) {
        struct conn *worst = crowd_worst(&server->crowd, server->now, true);
        if (worst == NULL || worst == conn) {
            return false;
        }
        bool had_line = worst->tls != NULL;
        evict(server, worst);
        if (had_line) {
            return true;
        }
    }
    return false;
}

uint32_t server_unacknowledged(const struct conn *conn)
{
    int queued = 0;
    uint32_t left = (uint32_t)transport_left(conn);
    return ioctl(conn->fd, TIOCOUTQ, &queued) == 0 && queued > 0 ? left + (uint32_t)queued : left;
}

struct peer {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } as;
};

static void set_peer(struct conn *conn, const struct peer *peer)
{
    if (peer->as.any.sa_family == AF_INET6) {
        memcpy(conn->address, &peer->as.v6.sin6_addr, 16);
        conn->port = ntohs(peer->as.v6.sin6_port);
    } else {
        conn->address[10] = 0xff;
        conn->address[11] = 0xff;
        memcpy(conn->address + 12, &peer->as.v4.sin_addr, 4);
        conn->port = ntohs(peer->as.v4.sin_port);
    }
}

/* Most have sent their request before they are accepted: it is tried before the event loop learns of them. */
static void begin(struct server *server, struct conn *conn)
{
    uint64_t tag = conn_tag(&server->conns, conn);
    protocol_of(conn)->on_event(server, conn, LOOP_READ);
    conn = conn_of_tag(&server->conns, tag);
    if (conn == NULL) {
        return;
    }
    if (loop_join(server->loop, conn->fd, tag) != OK) {
        server_close(server, conn);
        return;
    }
    conn->flags |= CONN_WATCHED;
}

void server_rename(struct server *server, struct conn *conn, const uint8_t address[16], uint16_t port)
{
    crowd_leave(&server->crowd, conn);
    memcpy(conn->address, address, sizeof conn->address);
    conn->port = port;
    conn->flags &= (uint8_t)~CONN_EXEMPT;
    crowd_join(&server->crowd, conn);
}

void server_again(struct server *server, struct conn *conn)
{
    /* One that is new joins the loop in a moment, and hears then. */
    if ((conn->flags & CONN_WATCHED) != 0) {
        loop_rejoin(server->loop, conn->fd, conn_tag(&server->conns, conn));
    }
}

static void take(struct server *server, int fd, const struct peer *peer, uint8_t protocol)
{
    struct conn *conn = conns_take(&server->conns);
    if (conn == NULL && make_place(server)) {
        conn = conns_take(&server->conns);
    }
    if (conn == NULL) {
        close(fd);
        count(server->answers.row, COUNT_REFUSED_FULL, 1);
        return;
    }
    conn->fd = fd;
    conn->protocol = protocol;
    conn->flags = protocol == PROTOCOL_TLS ? CONN_OVER_TLS : 0;
    conn->stage = CONN_NEW;
    conn->since = server->now;
    set_peer(conn, peer);
    if (server->forwarders->n > 0 && forwarders_have(server->forwarders, conn->address)) {
        conn->flags |= CONN_EXEMPT;
        conn->protocol = server->forwarders->how == FORWARDED_PROXY ? (uint8_t)PROTOCOL_PROXY : protocol;
    }
    wheel_join(&server->wheel, conn, due_in(server, server->limits.first_ms));
    crowd_join(&server->crowd, conn);
    tell_number(server);
    count(server->answers.row, COUNT_ACCEPTED, 1);
    begin(server, conn);
}

static bool is_short(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

void server_accept(struct server *server, int listener, uint8_t protocol)
{
    int64_t began_ms = monotonic_ms();
    for (int64_t i = 0; i < server->limits.accepts; i++) {
        if (i % ACCEPTS_A_LOOK == ACCEPTS_A_LOOK - 1 && monotonic_ms() - began_ms >= ACCEPTING_MS) {
            return;
        }
        struct peer peer = {0};
        socklen_t len = sizeof peer.as;
        int fd = accept4(listener, &peer.as.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take(server, fd, &peer, protocol);
        } else if (errno != ECONNABORTED && errno != EINTR && !(is_short(errno) && make_place(server))) {
            return;
        }
    }
}

void server_record(struct server *server, const struct finished *finished)
{
    struct worker_row *row = server->answers.row;
    enum hits_path path = hits_path_of(finished->target);
    if (finished->status >= 200 && finished->status < 600) {
        count(row, COUNT_REQUESTS, 1);
        count_path(row, path);
        count(row, count_of_status(finished->status), 1);
    }
    if (finished->reason != COUNTERS) {
        count(row, finished->reason, 1);
    }
    if (server->hits != NULL) {
        hits_pen_write(server->hits, finished, path);
    }
}

void server_answered(struct server *server, const struct conn *conn, const struct http1_request *request,
                     const struct reply *reply)
{
    struct finished finished = {
        .conn = conn, .reason = reply->reason, .status = reply->status, .bytes = reply->len};
    finished.decision = reply->reason == COUNTERS ? DECIDED_SERVED : DECIDED_REFUSED;
    finished.method = request != NULL ? request->method : HTTP_OTHER;
    uint8_t client[16];
    if (request != NULL && (conn->flags & CONN_EXEMPT) != 0 &&
        forwarders_client(server->forwarders, request, client)) {
        finished.client = client;
    }
    finished.target = request != NULL ? request->target : SPAN("");
    finished.request = request;
    server_record(server, &finished);
}

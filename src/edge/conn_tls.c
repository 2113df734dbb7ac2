/* Handshakes: begun with the first bytes, ended by a deadline, signed elsewhere. */
#include "edge/conn_tls.h"

#include "base/log.h"
#include "edge/keys.h"
#include "edge/protocol.h"
#include "tls/house.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Half of the some 160 packets that the channel holds each way: an answer always finds room. */
enum { OUT_MOST = 80, LOOKS = 256 };

/* A worker has one channel to the keys. */
static struct keys_packet packet;
static uint32_t out; /* questions without an answer yet */
static struct {
    uint64_t *tags; /* of connections whose question waits for its turn, until their deadline */
    uint32_t places, first, n;
} queue;

/* The network that answers for a connection's questions; NULL for a listed forwarder's, which is not counted. */
static struct crowd_prefix *prefix_of(struct server *server, const struct conn *conn)
{
    return conn->prefix == CONN_NONE ? NULL : &server->crowd.prefixes[conn->prefix];
}

static void begin_packet(enum keys_kind kind)
{
    memset(&packet, 0, offsetof(struct keys_packet, bytes));
    packet.kind = kind;
}

/* A network has so many questions out at once at most, so that nobody fills the channel alone; all together never more than it holds. */
static bool ask_now(struct server *server, const struct conn *conn, const struct tls_question *question)
{
    struct crowd_prefix *prefix = prefix_of(server, conn);
    if (out >= OUT_MOST || (prefix != NULL && prefix->asks >= server->limits.key_asks)) {
        return false;
    }
    begin_packet(KEYS_ASK);
    packet.cert = question->cert;
    packet.what = question->kind;
    packet.padding = (uint32_t)question->padding;
    packet.tag = conn_tag(&server->conns, conn);
    if (!keys_send(server->keys, &packet, question->bytes, false)) {
        return false;
    }
    out++;
    if (prefix != NULL) {
        prefix->asks++;
    }
    count(server->answers.row, COUNT_TLS_SIGNED, 1);
    return true;
}

/* Places are for twice as many as there can be: of a connection that closed one stays until its turn. */
static bool queue_put(uint64_t tag)
{
    if (queue.n == queue.places) {
        return false;
    }
    queue.tags[(queue.first + queue.n++) % queue.places] = tag;
    return true;
}

static uint64_t queue_take(void)
{
    uint64_t tag = queue.tags[queue.first];
    queue.first = (queue.first + 1) % queue.places;
    queue.n--;
    return tag;
}

static bool ask(void *arg, void *owner, struct tls_question *question)
{
    struct server *server = arg;
    const struct conn *conn = &server->conns.all[(uint32_t)(uintptr_t)owner];
    if (ask_now(server, conn, question)) {
        return true;
    }
    if (!queue_put(conn_tag(&server->conns, conn))) {
        count(server->answers.row, COUNT_REFUSED_KEY_ASKS, 1);
        return false;
    }
    question->waits = true;
    return true;
}

/* The question that a connection in the queue still has; NULL: it is gone, or was asked. */
static struct tls_question *waiting_question(struct server *server, uint64_t tag)
{
    const struct conn *conn = conn_of_tag(&server->conns, tag);
    struct tls_question *question = conn == NULL || conn->tls == NULL ? NULL : tls_line_question(conn->tls);
    return question != NULL && question->waits ? question : NULL;
}

/* Those who waited, in their order, as far as their networks may. */
static void ask_waiting(struct server *server)
{
    for (uint32_t looks = queue.n < LOOKS ? queue.n : LOOKS; looks > 0 && out < OUT_MOST; looks--) {
        uint64_t tag = queue_take();
        struct tls_question *question = waiting_question(server, tag);
        if (question == NULL) {
            continue;
        }
        question->waits = !ask_now(server, conn_of_tag(&server->conns, tag), question);
        if (question->waits) {
            bool put = queue_put(tag);
            assert(put); /* one was taken */
        }
    }
}

enum err conn_tls_init(struct server *server, int socket)
{
    server->keys = socket;
    server->house = tls_house_new(ask, server);
    queue.places = 2 * server->conns.max;
    queue.tags = calloc(queue.places, sizeof *queue.tags);
    if (queue.tags == NULL) {
        return ERR_FULL;
    }
    begin_packet(KEYS_HELLO);
    return keys_send(socket, &packet, SPAN(""), false) ? OK : ERR_IO;
}

static void forget_question(struct server *server, const struct conn *conn)
{
    struct crowd_prefix *prefix = prefix_of(server, conn);
    const struct tls_question *question = tls_line_question(conn->tls);
    if (question != NULL && !question->waits && prefix != NULL && prefix->asks > 0) {
        prefix->asks--;
    }
}

static void on_answer(struct server *server)
{
    uint32_t place = (uint32_t)packet.tag;
    struct conn *conn = place < server->conns.max ? conn_of_tag(&server->conns, packet.tag) : NULL;
    out -= out > 0;
    if (conn == NULL || conn->tls == NULL || !tls_line_asks(conn->tls) ||
        tls_line_question(conn->tls)->waits) {
        return; /* it is gone */
    }
    forget_question(server, conn);
    tls_line_answer(conn->tls, span_of(packet.bytes, packet.len));
    protocol_of(conn)->on_event(server, conn, LOOP_READ);
}

enum err conn_tls_on_keys(struct server *server)
{
    struct why why = {0};
    enum err err = OK;
    while ((err = keys_receive(server->keys, &packet)) == OK) {
        struct span bytes = span_of(packet.bytes, packet.len);
        enum err taken = OK;
        if (packet.kind == KEYS_ANSWER) {
            on_answer(server);
        } else if (packet.kind == KEYS_BEGIN) {
            out = packet.what == 1 ? 0 : out; /* one that ended may have left some unanswered */
            tls_house_begin(server->house);
        } else if (packet.kind == KEYS_CHAIN) {
            taken = tls_house_add(server->house, packet.cert, bytes, &why);
        } else if (packet.kind == KEYS_READY) {
            taken = tls_house_ready(server->house, &why);
        } else if (packet.kind == KEYS_TICKETS &&
                   bytes.len == sizeof(uint8_t[TLS_TICKET_KEYS][TLS_TICKET_KEY])) {
            uint8_t keys[TLS_TICKET_KEYS][TLS_TICKET_KEY];
            memcpy(keys, bytes.at, sizeof keys);
            tls_house_tickets(server->house, (const uint8_t(*)[TLS_TICKET_KEY])keys);
        }
        if (taken != OK) {
            log_line(LOG_WARN, "certificate_refused", "why=\"%s\"", why.text);
        }
    }
    ask_waiting(server);
    return err == ERR_AGAIN ? OK : err;
}

unsigned conn_tls_events(struct server *server, struct conn *conn, unsigned events)
{
    if ((events & (LOOP_READ | LOOP_HANGUP)) != 0) {
        tls_line_wake(conn->tls, (events & LOOP_HANGUP) != 0);
    }
    if (tls_line_left(conn->tls) > 0) {
        if (!tls_line_flush(conn->tls)) {
            server_close(server, conn);
            return 0;
        }
        events &= tls_line_left(conn->tls) > 0 ? ~(unsigned)LOOP_WRITE : ~0U;
    }
    return events | (tls_line_pending(conn->tls) ? LOOP_READ : 0U);
}

void conn_tls_done(struct server *server, struct conn *conn)
{
    if (tls_line_asks(conn->tls)) {
        forget_question(server, conn);
    }
    tls_line_free(conn->tls, (conn->flags & CONN_ABORT) != 0);
    conn->tls = NULL;
    server->tls_lines--;
}

static void fail(struct server *server, struct conn *conn, enum decision decision, enum edge_counter reason)
{
    struct finished finished = {.conn = conn, .decision = decision, .reason = reason};
    server_record(server, &finished);
    server_close(server, conn);
}

/* TLS costs some 15 KiB a connection: past the budget the worst that has it goes. */
static bool make_line(struct server *server, struct conn *conn)
{
    if (!tls_house_is_ready(server->house)) {
        return false;
    }
    if (server->tls_lines >= server->limits.tls_connections && !server_evict_line(server, conn)) {
        return false;
    }
    void *place = (void *)(uintptr_t)conn_index(&server->conns, conn);
    if (tls_line_new(server->house, conn->fd, place, &conn->tls) != OK) {
        return false;
    }
    server->tls_lines++;
    return true;
}

/* True when something came, or the other side is gone: until then a connection costs its record. */
static bool has_bytes(struct server *server, struct conn *conn)
{
    char byte = 0;
    ssize_t n = recv(conn->fd, &byte, 1, MSG_PEEK);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        server_close(server, conn);
        return false;
    }
    return n > 0;
}

static void count_handshake(const struct server *server, const struct conn *conn)
{
    count(server->answers.row, tls_line_resumed(conn->tls) ? COUNT_TLS_RESUMED : COUNT_TLS_FULL, 1);
}

static void shaken(struct server *server, struct conn *conn)
{
    count_handshake(server, conn);
    conn->protocol = tls_line_is_h2(conn->tls) ? PROTOCOL_HTTP2 : PROTOCOL_HTTP1;
    server_stage(server, conn, CONN_IDLE, server->limits.idle_ms);
    protocol_of(conn)->on_event(server, conn, LOOP_READ);
}

static void on_event(struct server *server, struct conn *conn, unsigned events)
{
    if (conn->tls == NULL) {
        if ((events & (LOOP_READ | LOOP_HANGUP)) == 0 || !has_bytes(server, conn)) {
            return;
        }
        if (!make_line(server, conn)) {
            fail(server, conn, DECIDED_EVICTED, COUNT_EVICTED);
            return;
        }
        server_stage(server, conn, CONN_HEAD, server->limits.handshake_ms);
    }
    if (tls_line_asks(conn->tls)) {
        return; /* bytes wait until the answer is there */
    }
    enum err err = tls_line_shake(conn->tls);
    if (err == OK) {
        shaken(server, conn);
    } else if (err != ERR_AGAIN && tls_line_version(conn->tls) != 0) {
        count_handshake(server, conn); /* whole, but the other side did not stay for its tickets */
        server_close(server, conn);
    } else if (err != ERR_AGAIN) {
        fail(server, conn, DECIDED_REFUSED, COUNT_REFUSED_TLS);
    }
}

static void on_due(struct server *server, struct conn *conn)
{
    bool began = conn->tls != NULL;
    conn->flags |= CONN_ABORT;
    fail(server, conn, DECIDED_TIMEOUT, began ? COUNT_TIMEOUT_HANDSHAKE : COUNT_TIMEOUT_IDLE);
}

static void done(struct server *server, struct conn *conn)
{
    (void)server;
    (void)conn;
}

const struct protocol protocol_tls = {.name = "tls", .on_event = on_event, .on_due = on_due, .done = done};

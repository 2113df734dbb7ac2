/* Handshakes: begun with the first bytes, ended by a deadline, signed elsewhere. */
#include "edge/conn_tls.h"

#include "base/log.h"
#include "edge/key_asks.h"
#include "edge/protocol.h"
#include "tls/house.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* What came from the keys last. */
static struct keys_packet packet;

enum err conn_tls_init(struct server *server, int socket)
{
    server->house = tls_house_new(key_asks_ask, server);
    return key_asks_init(server, socket);
}

static void on_answer(struct server *server, const struct keys_slot *slot)
{
    uint32_t place = (uint32_t)slot->tag;
    struct conn *conn = place < server->conns.max ? conn_of_tag(&server->conns, slot->tag) : NULL;
    if (key_asks_answered(server, conn)) {
        tls_line_answer(conn->tls, span_of(slot->bytes, slot->len));
        protocol_of(conn)->on_event(server, conn, LOOP_READ);
    }
}

static void on_answers(struct server *server)
{
    uint32_t n = keys_slots(&packet);
    for (uint32_t i = 0; i < n; i++) {
        on_answer(server, &packet.slots[i]);
    }
}

enum err conn_tls_on_keys(struct server *server)
{
    struct why why = {0};
    enum err err = OK;
    key_asks_send(server); /* what waited for room */
    while ((err = keys_receive(server->keys, &packet)) == OK) {
        struct span bytes = span_of(packet.bytes, packet.len);
        enum err taken = OK;
        if (packet.kind == KEYS_ANSWER) {
            on_answers(server);
        } else if (packet.kind == KEYS_BEGIN) {
            if (packet.what == 1) {
                key_asks_forgotten(); /* one that ended may have left some unanswered */
            }
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
    key_asks_next(server);
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
        key_asks_leave(server, conn);
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

/* The PROXY head of a listed forwarder: read once, before anything else; then the connection is its client's and speaks
 * HTTP. The head is looked at where it lies in the socket, so half of one costs no memory. */
#include "edge/protocol.h"

#include "wire/proxy.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static void refuse(struct server *server, struct conn *conn)
{
    struct finished finished = {.conn = conn, .decision = DECIDED_REFUSED, .reason = COUNT_REFUSED_HEAD};
    server_record(server, &finished);
    server_close(server, conn);
}

static void on_event(struct server *server, struct conn *conn, unsigned events)
{
    struct proxy_head head;
    conn->flags |= (events & LOOP_HANGUP) != 0 ? CONN_HUNG_UP : 0;
    ssize_t n = recv(conn->fd, server->in, PROXY_HEAD_MAX, MSG_PEEK);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    enum err err = n <= 0 ? ERR_IO : proxy_parse(span_of(server->in, (size_t)n), &head, NULL);
    if (err == ERR_AGAIN && (conn->flags & CONN_HUNG_UP) == 0) {
        if (conn->stage != CONN_HEAD) {
            server_stage(server, conn, CONN_HEAD, server->limits.head_ms);
        }
        return;
    }
    if (err != OK || recv(conn->fd, server->in, head.len, 0) != (ssize_t)head.len) {
        refuse(server, conn);
        return;
    }
    if (!head.local) {
        server_rename(server, conn, head.address, head.port);
    }
    conn->protocol = (conn->flags & CONN_OVER_TLS) != 0 ? PROTOCOL_TLS : PROTOCOL_HTTP1;
    server_stage(server, conn, CONN_NEW, server->limits.first_ms);
    protocol_of(conn)->on_event(server, conn, LOOP_READ);
}

static void on_due(struct server *server, struct conn *conn)
{
    struct finished finished = {.conn = conn, .decision = DECIDED_TIMEOUT, .reason = COUNT_TIMEOUT_HEAD};
    server_record(server, &finished);
    server_close(server, conn);
}

static void done(struct server *server, struct conn *conn)
{
    (void)server;
    (void)conn; /* it holds nothing */
}

const struct protocol protocol_proxy = {
    .name = "proxy", .on_event = on_event, .on_due = on_due, .done = done};

/* A subscriber of HTTP/1.1: from its request on the connection is its own, and ends with it. What it sends is passed over. */
#include "edge/flow.h"
#include "edge/protocol.h"
#include "edge/transport.h"

#include <string.h>

enum {
    HEARD_MAX = 4096, /* a client that goes on talking has not understood */
    READS = 4
};

/* Nothing of its own waits here, and little in the kernel. */
static bool has_room(const struct server *server, const struct conn *conn, const struct flow_sub *sub)
{
    return sub->left_len == 0 && transport_left(conn) == 0 &&
           server_unacknowledged(conn) <= server->limits.flow_queue;
}

/* False: the connection is gone. *whole: it went out, be it that the rest of it is kept. */
static bool say(struct server *server, struct conn *conn, struct flow_sub *sub, struct span text, bool *whole)
{
    ssize_t n = transport_send(conn, text.at, text.len, false);
    *whole = n > 0;
    if (n < 0 && !transport_would_block()) {
        server_close(server, conn);
        return false;
    }
    if (n <= 0) {
        return true;
    }
    flow_said(server, sub, (uint32_t)n);
    struct span rest = span_from(text, (size_t)n);
    if (rest.len > 0) {
        sub->left = pool_take(&server->pool, rest.len);
        memcpy(sub->left, rest.at, rest.len);
        sub->left_len = (uint16_t)rest.len;
        sub->left_at = 0;
    }
    return true;
}

void flow_http1_push(struct server *server, struct conn *conn, struct flow_sub *sub)
{
    const struct flow *flow = server->flow;
    bool whole = false;
    if (has_room(server, conn, sub) &&
        !say(server, conn, sub, span_of(flow->event.text, flow->event.len), &whole)) {
        return;
    }
    sub->seen = whole ? flow->number : sub->seen;
    count(server->answers.row, whole ? COUNT_FLOW_EVENTS : COUNT_FLOW_SKIPPED, 1);
}

void flow_http1_end(struct server *server, struct conn *conn, struct flow_sub *sub)
{
    (void)sub;
    struct finished finished = {.conn = conn, .decision = DECIDED_EVICTED, .reason = COUNT_EVICTED};
    if (!server->answers.ending) {
        server_record(server, &finished);
    }
    transport_end(conn);
    server_close(server, conn);
}

void flow_http1_begin(struct server *server, struct conn *conn)
{
    struct flow_sub *sub = NULL;
    if (flow_join(server, conn, NULL, &sub) != OK) {
        server_cut_off(server, conn, DECIDED_EVICTED, COUNT_EVICTED);
        return;
    }
    conn->state = sub;
    conn->protocol = PROTOCOL_FLOW;
    server_stage(server, conn, CONN_FLOW, server->limits.drain_ms);
}

/* False: gone. */
static bool flush(struct server *server, struct conn *conn, struct flow_sub *sub)
{
    while (sub->left_at < sub->left_len) {
        ssize_t n =
            transport_send(conn, sub->left + sub->left_at, (size_t)(sub->left_len - sub->left_at), false);
        if (n < 0 && !transport_would_block()) {
            server_close(server, conn);
            return false;
        }
        if (n <= 0) {
            return true;
        }
        flow_said(server, sub, (uint32_t)n);
        sub->left_at = (uint16_t)(sub->left_at + n);
    }
    pool_give(&server->pool, sub->left);
    sub->left = NULL;
    sub->left_at = 0;
    sub->left_len = 0;
    return true;
}

/* Reads and forgets. False: gone, because the other side is, or because it does not stop. */
static bool pass_over(struct server *server, struct conn *conn, struct flow_sub *sub)
{
    for (int i = 0; i < READS; i++) {
        ssize_t n = transport_receive(conn, server->in, LIMIT_READ_BYTES);
        if (n < 0 && transport_would_block()) {
            return true;
        }
        if (n <= 0) {
            server_close(server, conn);
            return false;
        }
        if (sub->heard + n > HEARD_MAX) {
            server_cut_off(server, conn, DECIDED_REFUSED, COUNT_REFUSED_BODY);
            return false;
        }
        sub->heard = (uint16_t)(sub->heard + n);
    }
    server_again(server, conn);
    return true;
}

static void on_event(struct server *server, struct conn *conn, unsigned events)
{
    struct flow_sub *sub = conn->state;
    if ((events & (LOOP_READ | LOOP_HANGUP)) != 0 && !pass_over(server, conn, sub)) {
        return;
    }
    if ((events & LOOP_WRITE) != 0 && flush(server, conn, sub) && flow_is_behind(server->flow, sub)) {
        flow_http1_push(server, conn, sub);
    }
}

/* What it had been given by the last look must have been taken by this one. */
static void on_due(struct server *server, struct conn *conn)
{
    struct flow_sub *sub = conn->state;
    bool whole = false;
    uint32_t taken = sub->passed - server_unacknowledged(conn);
    if (sub->left_len > 0 || (int32_t)(taken - sub->mark) < 0) {
        server_cut_off(server, conn, DECIDED_TIMEOUT, COUNT_TIMEOUT_RESPONSE);
        return;
    }
    server_extend(server, conn, server->limits.drain_ms);
    sub->mark = sub->passed;
    if (flow_is_behind(server->flow, sub)) {
        flow_http1_push(server, conn, sub);
    } else if (flow_is_silent(server, sub) && has_room(server, conn, sub)) {
        (void)say(server, conn, sub, SPAN(FLOW_COMMENT), &whole);
    }
}

static void done(struct server *server, struct conn *conn)
{
    flow_leave(server, conn->state);
    conn->state = NULL;
}

const struct protocol protocol_flow = {.name = "flow", .on_event = on_event, .on_due = on_due, .done = done};

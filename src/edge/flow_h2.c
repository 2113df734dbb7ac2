/* A subscriber on a stream of HTTP/2: an answer whose DATA never ends. What windows or the connection do not take is skipped. */
#include "edge/flow.h"
#include "edge/h2.h"
#include "edge/transport.h"

static bool put(struct server *server, struct h2 *h2, struct flow_sub *sub, struct span text)
{
    struct h2_stream *stream = sub->stream;
    if (h2->window < (int64_t)text.len || stream->window < (int64_t)text.len) {
        return false;
    }
    h2->window -= (int64_t)text.len;
    stream->window -= (int32_t)text.len;
    h2_head_put(&server->out, (uint32_t)text.len, H2_DATA, 0, stream->id);
    buf_span(&server->out, text);
    sub->said = server->now;
    return true;
}

/* Nothing that was formed waits, and little in the kernel. */
static bool has_room(const struct server *server, const struct conn *conn)
{
    return h2_of(conn)->left_len == 0 && transport_left(conn) == 0 &&
           server_unacknowledged(conn) <= server->limits.flow_queue;
}

void h2_flow_begin(struct server *server, struct conn *conn, struct h2_stream *stream, struct span greeting)
{
    struct flow_sub *sub = NULL;
    if (flow_join(server, conn, stream, &sub) != OK) {
        (void)h2_reset(server, conn, stream->id, H2_REFUSED_STREAM);
        return;
    }
    stream->flow = sub;
    h2_of(conn)->n_flows++;
    if (!put(server, h2_of(conn), sub, greeting)) {
        sub->seen--; /* a window of nothing: the event comes when it is open, with the next or at the next look */
    }
}

void flow_h2_push(struct server *server, struct conn *conn, struct flow_sub *sub)
{
    const struct flow *flow = server->flow;
    bool whole = false;
    buf_clear(&server->out);
    if (has_room(server, conn)) {
        whole = put(server, h2_of(conn), sub, span_of(flow->event.text, flow->event.len));
    }
    sub->seen = whole ? flow->number : sub->seen;
    count(server->answers.row, whole ? COUNT_FLOW_EVENTS : COUNT_FLOW_SKIPPED, 1);
    if (whole) {
        (void)h2_push_out(server, conn);
    }
}

void flow_h2_end(struct server *server, struct conn *conn, struct flow_sub *sub)
{
    struct h2 *h2 = h2_of(conn);
    struct finished finished = {.conn = conn, .decision = DECIDED_EVICTED, .reason = COUNT_EVICTED};
    if (h2->left_len > 0) {
        return; /* at a later look: frames do not go before those that wait */
    }
    if (!server->answers.ending) {
        server_record(server, &finished);
    }
    buf_clear(&server->out);
    h2_head_put(&server->out, 0, H2_DATA, H2_END_STREAM, sub->stream->id);
    h2_stream_drop(server, h2, sub->stream);
    (void)h2_push_out(server, conn);
}

/* What a stream is owed, or a comment after a silence. False: its window has taken nothing for two silences. */
static bool look_after(struct server *server, struct h2 *h2, struct flow_sub *sub)
{
    const struct flow *flow = server->flow;
    if (flow_is_behind(flow, sub) && put(server, h2, sub, span_of(flow->event.text, flow->event.len))) {
        sub->seen = flow->number;
        count(server->answers.row, COUNT_FLOW_EVENTS, 1);
        return true;
    }
    return !flow_is_silent(server, sub) || put(server, h2, sub, SPAN(FLOW_COMMENT)) ||
           server->now - sub->said < 2 * server->limits.flow_beat_ms / TICK_MS;
}

/* What it had been given by the last look must have been taken by this one, and streams that were silent say that they are there. */
bool h2_flow_due(struct server *server, struct conn *conn)
{
    struct h2 *h2 = h2_of(conn);
    int64_t taken = (int64_t)h2->passed - server_unacknowledged(conn);
    if (h2->left_len > 0 || taken < h2->mark) {
        return false;
    }
    h2->mark = (int64_t)h2->passed;
    buf_clear(&server->out);
    struct h2_stream *next = NULL;
    for (struct h2_stream *stream = h2->streams; stream != NULL && has_room(server, conn); stream = next) {
        next = stream->next;
        if (stream->flow != NULL && !look_after(server, h2, stream->flow)) {
            count(server->answers.row, COUNT_TIMEOUT_RESPONSE, 1);
            h2_head_put(&server->out, 4, H2_RST_STREAM, 0, stream->id);
            h2_put_u32(&server->out, H2_CANCEL);
            h2_stream_drop(server, h2, stream);
        }
    }
    server_extend(server, conn, server->limits.drain_ms);
    (void)h2_push_out(server, conn);
    return true;
}

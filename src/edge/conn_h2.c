/* HTTP/2 on a connection: bytes into frames, answers out in few large sends, deadlines, and how it ends. While what was formed waits for
 * the other side nothing more is read, so the queue has an end. */
#include "edge/h2.h"

#include "edge/linger.h"
#include "edge/transport.h"

#include <stdlib.h>
#include <string.h>

enum { PREFACE = sizeof H2_PREFACE - 1 };

static void drop_in(struct server *server, struct h2 *h2)
{
    pool_give(&server->pool, h2->in);
    h2->in = NULL;
    h2->in_len = 0;
    h2->in_cap = 0;
}

static void drop_left(struct server *server, struct h2 *h2)
{
    server->h2_left -= h2->left_len;
    free(h2->left);
    h2->left = NULL;
    h2->left_len = 0;
    h2->left_at = 0;
}

static void done(struct server *server, struct conn *conn)
{
    struct h2 *h2 = h2_of(conn);
    if (h2 == NULL) {
        return;
    }
    while (h2->streams != NULL) {
        h2_stream_drop(server, h2, h2->streams);
    }
    hpack_done(&h2->table);
    drop_in(server, h2);
    drop_left(server, h2);
    pool_give(&server->pool, h2->block);
    pool_give(&server->pool, h2);
    conn->state = NULL;
}

static void begin(struct server *server, struct conn *conn)
{
    struct h2 *h2 = pool_take(&server->pool, sizeof *h2);
    *h2 = (struct h2){.window = H2_WINDOW, .first_window = H2_WINDOW, .frame_max = H2_FRAME_MAX};
    hpack_init(&h2->table);
    conn->state = h2;
    count(server->answers.row, COUNT_H2_CONNECTIONS, 1);
    h2_head_put(&server->out, 12, H2_SETTINGS, 0, 0);
    h2_setting_put(&server->out, H2_MAX_CONCURRENT_STREAMS, (uint32_t)server->limits.h2_streams);
    h2_setting_put(&server->out, H2_MAX_HEADER_LIST_SIZE, HTTP1_HEAD_MAX);
}

/* What the connection does not take now. False: no room for it, or it is broken; the connection is closed. */
static bool send_out(struct server *server, struct conn *conn)
{
    struct h2 *h2 = h2_of(conn);
    size_t sent = 0;
    while (sent < server->out.len && h2->left_len == 0) {
        ssize_t n = transport_send(conn, server->out.at + sent, server->out.len - sent, false);
        if (n < 0 && !transport_would_block()) {
            server_close(server, conn);
            return false;
        }
        if (n < 0) {
            break;
        }
        sent += (size_t)n;
    }
    h2->passed += sent;
    count(server->answers.row, COUNT_BYTES, sent);
    size_t rest = server->out.len - sent;
    if (rest > 0) {
        size_t old = h2->left_len - h2->left_at;
        char *left = malloc(old + rest);
        if (left == NULL || !server_has_room(server, conn)) {
            free(left);
            server_cut_off(server, conn, DECIDED_EVICTED, COUNT_EVICTED);
            return false;
        }
        if (old > 0) {
            memcpy(left, h2->left + h2->left_at, old);
        }
        memcpy(left + old, server->out.at + sent, rest);
        drop_left(server, h2);
        h2->left = left;
        h2->left_len = (uint32_t)(old + rest);
        server->h2_left += old + rest;
    }
    buf_clear(&server->out);
    return true;
}

/* True when nothing is left. */
static bool send_left(struct server *server, struct conn *conn)
{
    struct h2 *h2 = h2_of(conn);
    while (h2->left_at < h2->left_len) {
        ssize_t n = transport_send(conn, h2->left + h2->left_at, h2->left_len - h2->left_at, false);
        if (n < 0) {
            if (!transport_would_block()) {
                server_close(server, conn);
            }
            return false;
        }
        h2->left_at += (uint32_t)n;
        h2->passed += (uint64_t)n;
        count(server->answers.row, COUNT_BYTES, (uint64_t)n);
    }
    drop_left(server, h2);
    return true;
}

/* GOAWAY, what is formed, and then nothing more is read but what is under way. */
static void end_with(struct server *server, struct conn *conn, enum h2_error error)
{
    struct h2 *h2 = h2_of(conn);
    h2_head_put(&server->out, 8, H2_GOAWAY, 0, 0);
    h2_put_u32(&server->out, h2->last);
    h2_put_u32(&server->out, error);
    struct finished finished = {.conn = conn, .decision = DECIDED_REFUSED, .reason = COUNT_H2_ENDED};
    server_record(server, &finished);
    if (!send_out(server, conn)) {
        return;
    }
    bool whole = h2->left_len == 0;
    done(server, conn);
    if (whole) {
        transport_end(conn);
        server_stage(server, conn, CONN_LINGER, server->limits.linger_ms);
    } else {
        conn->flags |= CONN_ABORT;
        server_close(server, conn);
    }
}

/* Everything is answered, and the other side, or the program, wants no more. */
static bool is_over(const struct server *server, const struct conn *conn)
{
    const struct h2 *h2 = h2_of(conn);
    return h2->n_streams == h2->n_flows && h2->left_len == 0 && h2->block_stream == 0 &&
           ((conn->flags & CONN_ENDS) != 0 || (server->answers.ending && h2->going));
}

static void say_going(struct server *server, struct h2 *h2)
{
    if (server->answers.ending && !h2->going) {
        h2->going = true;
        h2_head_put(&server->out, 8, H2_GOAWAY, 0, 0);
        h2_put_u32(&server->out, h2->last);
        h2_put_u32(&server->out, H2_NO_ERROR);
    }
}

/* The stage follows from what waits, and its deadline is not prolonged by staying in it. */
static void settle(struct server *server, struct conn *conn)
{
    const struct h2 *h2 = h2_of(conn);
    bool sends = h2->left_len > 0;
    for (const struct h2_stream *stream = h2->streams; stream != NULL && !sends; stream = stream->next) {
        sends = !stream->receiving && stream->flow == NULL;
    }
    bool half = h2->in_len > 0 || h2->block_stream != 0 || h2->n_streams > h2->n_flows || !h2->settled;
    if (is_over(server, conn)) {
        done(server, conn);
        transport_end(conn);
        server_stage(server, conn, CONN_LINGER, server->limits.linger_ms);
    } else if (sends && conn->stage != CONN_SENDING) {
        server_stage(server, conn, CONN_SENDING, server->limits.drain_ms);
        h2_of(conn)->taken = (int64_t)h2->passed - server_unacknowledged(conn);
    } else if (!sends && half && conn->stage != CONN_HEAD) {
        server_stage(server, conn, CONN_HEAD, server->limits.head_ms);
    } else if (!sends && !half && h2->n_flows > 0) {
        if (conn->stage != CONN_FLOW) {
            server_stage(server, conn, CONN_FLOW, server->limits.drain_ms);
            h2_of(conn)->mark = 0;
        }
    } else if (!sends && !half) {
        server_stage(server, conn, CONN_IDLE, server->limits.idle_ms);
    }
}

bool h2_push_out(struct server *server, struct conn *conn)
{
    say_going(server, h2_of(conn));
    if (server->out.len > 0 && !send_out(server, conn)) {
        return false;
    }
    settle(server, conn);
    return true;
}

/* Frames of `bytes` as long as answers find room. False: the connection is closed. *rest is what is no whole frame. */
static bool take_frames(struct server *server, struct conn *conn, struct span bytes, struct span *rest)
{
    struct h2 *h2 = h2_of(conn);
    if (!h2->greeted && bytes.len > 0) {
        size_t len = bytes.len < PREFACE ? bytes.len : PREFACE;
        if (memcmp(bytes.at, H2_PREFACE, len) != 0) {
            end_with(server, conn, H2_PROTOCOL_ERROR);
            return false;
        }
        if (len == PREFACE) {
            h2->greeted = true;
            bytes = span_from(bytes, PREFACE);
        }
    }
    while (h2->greeted && bytes.len >= H2_HEAD_LEN && h2->left_len == 0) {
        struct h2_head head = h2_head_parse(bytes.at);
        enum h2_error error = h2_head_check(&head);
        if (error == H2_NO_ERROR && bytes.len < H2_HEAD_LEN + head.len) {
            break;
        }
        if (error == H2_NO_ERROR) {
            struct span payload = span_of(bytes.at + H2_HEAD_LEN, head.len);
            error = h2_frame(server, conn, &head, payload);
            bytes = span_from(bytes, H2_HEAD_LEN + head.len);
        }
        if (error != H2_NO_ERROR) {
            end_with(server, conn, error);
            return false;
        }
        if (server->out.len >= H2_OUT_MAX && !send_out(server, conn)) {
            return false;
        }
    }
    *rest = bytes;
    return true;
}

/* Keeps what is no whole frame, or came while answers wait. */
static bool keep_in(struct server *server, struct conn *conn, struct span bytes)
{
    struct h2 *h2 = h2_of(conn);
    char *old = h2->in;
    h2->in = NULL;
    h2->in_len = 0;
    bool kept = true;
    if (bytes.len > 0) {
        kept = server_has_room(server, conn);
        if (kept) {
            h2->in = pool_take(&server->pool, bytes.len);
            memcpy(h2->in, bytes.at, bytes.len);
            h2->in_len = (uint32_t)bytes.len;
        }
    }
    pool_give(&server->pool, old);
    if (!kept) {
        server_cut_off(server, conn, DECIDED_EVICTED, COUNT_EVICTED);
    }
    return kept;
}

/* Answers what came, fills windows, sends. False: closed. */
static bool work(struct server *server, struct conn *conn, struct span bytes)
{
    struct h2 *h2 = h2_of(conn);
    struct span rest = bytes;
    if (!take_frames(server, conn, bytes, &rest)) {
        return false;
    }
    say_going(server, h2);
    do {
        if (h2->left_len == 0) {
            h2_fill(server, h2);
        }
    } while (server->out.len >= H2_OUT_MAX && send_out(server, conn) && (h2 = h2_of(conn)) != NULL &&
             h2->left_len == 0);
    if (h2_of(conn) == NULL || conn->fd < 0 || (server->out.len > 0 && !send_out(server, conn))) {
        return false;
    }
    return keep_in(server, conn, rest);
}

static void read_more(struct server *server, struct conn *conn)
{
    uint64_t tag = conn_tag(&server->conns, conn);
    for (;;) {
        struct h2 *h2 = h2_of(conn);
        if (h2->left_len > 0) {
            conn->flags |= CONN_UNREAD;
            break;
        }
        size_t known = h2->in_len;
        if (known > 0) {
            memcpy(server->h2_in, h2->in, known);
        }
        ssize_t n = transport_receive(conn, server->h2_in + known, sizeof server->h2_in - known);
        if (n < 0 && transport_would_block()) {
            conn->flags &= (uint8_t)~CONN_UNREAD;
            break;
        }
        if (n <= 0) {
            server_close(server, conn);
            return;
        }
        if (!work(server, conn, span_of(server->h2_in, known + (size_t)n))) {
            return;
        }
        if ((size_t)n == sizeof server->h2_in - known) {
            server_again(server, conn);
            break;
        }
        if ((conn->flags & (CONN_HUNG_UP | CONN_UNREAD)) == 0) {
            break;
        }
    }
    if (conn_of_tag(&server->conns, tag) != NULL) {
        settle(server, conn);
    }
}

static void on_event(struct server *server, struct conn *conn, unsigned events)
{
    conn->flags |= (events & LOOP_HANGUP) != 0 ? CONN_HUNG_UP : 0;
    if (conn->stage == CONN_LINGER) {
        linger_read(server, conn);
        return;
    }
    buf_clear(&server->out);
    if (conn->state == NULL) {
        begin(server, conn);
        if (!work(server, conn, SPAN(""))) {
            return;
        }
    }
    struct h2 *h2 = h2_of(conn);
    bool reads = (events & (LOOP_READ | LOOP_HANGUP)) != 0 || (conn->flags & CONN_UNREAD) != 0;
    if (h2->left_len > 0) {
        conn->flags |= reads ? CONN_UNREAD : 0;
        if ((events & LOOP_WRITE) == 0 || !send_left(server, conn)) {
            return;
        }
        struct span kept = span_of(server->h2_in, h2->in_len);
        if (kept.len > 0) {
            memcpy(server->h2_in, h2->in, kept.len);
        }
        if (!work(server, conn, kept)) {
            return;
        }
        reads = (conn->flags & CONN_UNREAD) != 0;
        if (!reads) {
            settle(server, conn);
        }
    }
    if (reads) {
        read_more(server, conn);
    }
}

void http2_begin_clear(struct server *server, struct conn *conn, struct span bytes)
{
    conn->protocol = PROTOCOL_HTTP2;
    buf_clear(&server->out);
    begin(server, conn);
    if (work(server, conn, bytes)) {
        read_more(server, conn);
    }
}

/* Bodies must move, by what the other side acknowledges and by the windows that it opens. */
static bool moves(struct server *server, struct conn *conn)
{
    struct h2 *h2 = h2_of(conn);
    int64_t taken = (int64_t)h2->passed - server_unacknowledged(conn);
    bool enough = taken - h2->taken >= server->limits.drain_bytes;
    h2->taken = taken;
    return enough;
}

static void on_due(struct server *server, struct conn *conn)
{
    switch (conn->stage) {
    case CONN_SENDING:
        if (conn->state != NULL && moves(server, conn)) {
            server_extend(server, conn, server->limits.drain_ms);
        } else {
            server_cut_off(server, conn, DECIDED_TIMEOUT, COUNT_TIMEOUT_RESPONSE);
        }
        break;
    case CONN_LINGER:
        server_close(server, conn);
        break;
    case CONN_FLOW:
        if (!h2_flow_due(server, conn)) {
            server_cut_off(server, conn, DECIDED_TIMEOUT, COUNT_TIMEOUT_RESPONSE);
        }
        break;
    case CONN_HEAD:
        server_cut_off(server, conn, DECIDED_TIMEOUT, COUNT_TIMEOUT_HEAD);
        break;
    default:
        server_cut_off(server, conn, DECIDED_TIMEOUT, COUNT_TIMEOUT_IDLE);
    }
}

const struct protocol protocol_http2 = {
    .name = "http2", .on_event = on_event, .on_due = on_due, .done = done};

/* Frames, one function a type, and what is counted against a connection. Stream errors answer with RST_STREAM and are counted, so that
 * making us reset streams is no cheaper than resetting them (DEFENCE: MadeYouReset). */
#include "edge/h2.h"

#include "edge/transport.h"

#include <string.h>

typedef enum h2_error (*on_frame)(struct server *server, struct conn *conn, const struct h2_head *head,
                                  struct span payload);

enum h2_error h2_glitch(struct server *server, struct conn *conn, enum h2_glitch glitch)
{
    struct h2 *h2 = h2_of(conn);
    const struct limits *limits = &server->limits;
    const int64_t most[GLITCHES] = {
        [GLITCH_RESETS] = limits->h2_resets,     [GLITCH_FORCED] = limits->h2_forced,
        [GLITCH_SETTINGS] = limits->h2_settings, [GLITCH_PINGS] = limits->h2_pings,
        [GLITCH_EMPTY] = limits->h2_empty,       [GLITCH_UPDATES] = limits->h2_updates,
        [GLITCH_IDLE] = limits->h2_idle};
    static const enum edge_counter counters[GLITCHES] = {
        [GLITCH_RESETS] = COUNT_H2_RESETS,     [GLITCH_FORCED] = COUNT_H2_FORCED_RESETS,
        [GLITCH_SETTINGS] = COUNT_H2_SETTINGS, [GLITCH_PINGS] = COUNT_H2_PINGS,
        [GLITCH_EMPTY] = COUNT_H2_EMPTY,       [GLITCH_UPDATES] = COUNT_H2_UPDATES,
        [GLITCH_IDLE] = COUNT_H2_IDLE};
    uint32_t span = server->now / (uint32_t)(limits->h2_span_ms / TICK_MS);
    if (span != h2->glitch_second) {
        h2->glitch_second = span;
        memset(h2->glitches, 0, sizeof h2->glitches);
    }
    if (++h2->glitches[glitch] <= most[glitch]) {
        return H2_NO_ERROR;
    }
    count(server->answers.row, counters[glitch], 1);
    return H2_ENHANCE_YOUR_CALM;
}

enum h2_error h2_reset(struct server *server, struct conn *conn, uint32_t id, enum h2_error error)
{
    struct h2 *h2 = h2_of(conn);
    struct h2_stream *stream = h2_find(h2, id);
    if (stream != NULL) {
        h2_stream_drop(server, h2, stream);
    }
    h2_head_put(&server->out, 4, H2_RST_STREAM, 0, id);
    h2_put_u32(&server->out, error);
    return h2_glitch(server, conn, GLITCH_FORCED);
}

struct h2_stream *h2_find(const struct h2 *h2, uint32_t id)
{
    struct h2_stream *stream = h2->streams;
    while (stream != NULL && stream->id != id) {
        stream = stream->next;
    }
    return stream;
}

struct h2_stream *h2_stream_new(struct server *server, struct h2 *h2, uint32_t id)
{
    struct h2_stream **at = &h2->streams;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = pool_take(&server->pool, sizeof **at);
    **at = (struct h2_stream){.id = id, .window = h2->first_window, .sending = {.file = -1}};
    h2->n_streams++;
    return *at;
}

void h2_stream_drop(struct server *server, struct h2 *h2, struct h2_stream *stream)
{
    struct h2_stream **at = &h2->streams;
    while (*at != stream) {
        at = &(*at)->next;
    }
    *at = stream->next;
    h2->n_streams--;
    if (stream->flow != NULL) {
        h2->n_flows--;
        flow_leave(server, stream->flow);
    }
    sending_done(&stream->sending, server);
    pool_give(&server->pool, stream);
}

static bool is_idle(const struct h2 *h2, uint32_t id)
{
    return id > h2->last || id % 2 == 0;
}

static bool was_opened(const struct h2 *h2, uint32_t id)
{
    uint32_t back = (h2->last - id) / 2;
    return back < 64 && (h2->opened >> back & 1) != 0;
}

static void open_stream(struct h2 *h2, uint32_t id)
{
    uint32_t on = h2->last == 0 ? 64 : (id - h2->last) / 2;
    h2->opened = (on < 64 ? h2->opened << on : 0) | 1;
    h2->last = id;
}

static enum h2_error on_data(struct server *server, struct conn *conn, const struct h2_head *head,
                             struct span payload)
{
    struct h2 *h2 = h2_of(conn);
    uint32_t depends = 0;
    if (is_idle(h2, head->stream)) {
        return H2_PROTOCOL_ERROR;
    }
    enum h2_error error = h2_strip(head, &payload, &depends);
    if (error != H2_NO_ERROR) {
        return error;
    }
    h2->received += head->len;
    if (h2->received > H2_WINDOW) {
        return H2_FLOW_CONTROL_ERROR;
    }
    if (h2->received > H2_WINDOW / 2) {
        h2_head_put(&server->out, 4, H2_WINDOW_UPDATE, 0, 0);
        h2_put_u32(&server->out, h2->received);
        h2->received = 0;
    }
    struct h2_stream *stream = h2_find(h2, head->stream);
    if (stream == NULL || !stream->receiving) {
        return h2_reset(server, conn, head->stream, H2_STREAM_CLOSED);
    }
    bool ends = (head->flags & H2_END_STREAM) != 0;
    stream->body += (uint32_t)payload.len;
    if ((stream->has_length && (ends ? stream->body != stream->length : stream->body > stream->length))) {
        return h2_reset(server, conn, head->stream, H2_PROTOCOL_ERROR);
    }
    if (stream->body > H2_WINDOW) {
        return h2_reset(server, conn, head->stream, H2_FLOW_CONTROL_ERROR);
    }
    if (ends) {
        /* Whatever it was: with a body it is none that we answer. */
        static const struct http1_request with_body = {
            .method = HTTP_GET, .target = {"/", 1}, .minor = 1, .keep_alive = true, .content_length = 1};
        h2_answer(server, conn, head->stream, &with_body, stream);
    }
    return payload.len == 0 && !ends ? h2_glitch(server, conn, GLITCH_EMPTY) : H2_NO_ERROR;
}

/* A second head on a stream is its trailers: it ends the request, and is passed over (§8.1). */
static enum h2_error on_trailers(struct server *server, struct conn *conn, struct h2_stream *stream,
                                 uint8_t flags, const struct hpack_list *list)
{
    bool good = (flags & H2_END_STREAM) != 0;
    for (uint32_t i = 0; i < list->n; i++) {
        good = good && list->fields[i].name.len > 0 && list->fields[i].name.at[0] != ':';
    }
    if (!stream->receiving || !good) {
        return h2_reset(server, conn, stream->id, stream->receiving ? H2_PROTOCOL_ERROR : H2_STREAM_CLOSED);
    }
    struct h2_head end = {.type = H2_DATA, .flags = H2_END_STREAM, .stream = stream->id};
    return on_data(server, conn, &end, SPAN(""));
}

static enum h2_error begin_request(struct server *server, struct conn *conn, uint32_t id, uint8_t flags,
                                   const struct hpack_list *list)
{
    static struct http1_request request;
    struct h2 *h2 = h2_of(conn);
    open_stream(h2, id);
    count(server->answers.row, COUNT_H2_STREAMS, 1);
    if (h2->n_streams >= (uint32_t)server->limits.h2_streams || h2->going) {
        return h2_reset(server, conn, id, H2_REFUSED_STREAM);
    }
    bool ends = (flags & H2_END_STREAM) != 0;
    if (list->too_big || list->size > HTTP1_HEAD_MAX) {
        h2_answer(server, conn, id, NULL, NULL);
        return H2_NO_ERROR;
    }
    if (h2_request(list, &request) != OK || (ends && request.content_length != 0)) {
        return h2_reset(server, conn, id, H2_PROTOCOL_ERROR);
    }
    if (ends) {
        h2_answer(server, conn, id, &request, NULL);
        return H2_NO_ERROR;
    }
    struct h2_stream *stream = h2_stream_new(server, h2, id);
    stream->receiving = true;
    stream->has_length = request.body == HTTP1_BODY_LENGTH;
    stream->length = request.content_length;
    return H2_NO_ERROR;
}

/* The block is whole. It is decoded even when the request is refused: the table has to keep step (§4.3). */
static enum h2_error end_head(struct server *server, struct conn *conn, uint32_t id, uint8_t flags,
                              struct span block)
{
    static struct hpack_list list;
    struct h2 *h2 = h2_of(conn);
    if (hpack_decode(&h2->table, block, &list) != OK) {
        return H2_COMPRESSION_ERROR;
    }
    struct h2_stream *stream = h2_find(h2, id);
    if (stream != NULL) {
        return on_trailers(server, conn, stream, flags, &list);
    }
    return begin_request(server, conn, id, flags, &list);
}

static bool keep_block(struct server *server, struct conn *conn, struct span part)
{
    struct h2 *h2 = h2_of(conn);
    if (h2->block == NULL) {
        if (!server_has_room(server, conn)) {
            return false;
        }
        h2->block = pool_take(&server->pool, POOL_CELL_MAX);
    }
    if (h2->block_len + part.len > LIMIT_H2_BLOCK_BYTES) {
        return false;
    }
    memcpy(h2->block + h2->block_len, part.at, part.len);
    h2->block_len += (uint32_t)part.len;
    return true;
}

static enum h2_error on_headers(struct server *server, struct conn *conn, const struct h2_head *head,
                                struct span payload)
{
    struct h2 *h2 = h2_of(conn);
    uint32_t depends = 0;
    enum h2_error error = h2_strip(head, &payload, &depends);
    if (error != H2_NO_ERROR || head->stream % 2 == 0) {
        return error != H2_NO_ERROR ? error : H2_PROTOCOL_ERROR;
    }
    if (!is_idle(h2, head->stream) && h2_find(h2, head->stream) == NULL) {
        return was_opened(h2, head->stream) ? H2_STREAM_CLOSED : H2_PROTOCOL_ERROR;
    }
    if (depends ==
        head->stream) { /* on itself (§5.3.1 of RFC 7540); the block still has to be decoded, so all ends */
        return H2_PROTOCOL_ERROR;
    }
    if ((head->flags & H2_END_HEADERS) != 0) {
        return end_head(server, conn, head->stream, head->flags, payload);
    }
    h2->block_stream = head->stream;
    h2->block_flags = head->flags;
    h2->block_len = 0;
    h2->continuations = 0;
    return keep_block(server, conn, payload) ? H2_NO_ERROR : H2_ENHANCE_YOUR_CALM;
}

static enum h2_error on_continuation(struct server *server, struct conn *conn, const struct h2_head *head,
                                     struct span payload)
{
    struct h2 *h2 = h2_of(conn);
    if (h2->block_stream == 0) {
        return H2_PROTOCOL_ERROR;
    }
    if (++h2->continuations > server->limits.h2_continuations || !keep_block(server, conn, payload)) {
        count(server->answers.row, COUNT_H2_CONTINUATIONS, 1);
        return H2_ENHANCE_YOUR_CALM;
    }
    if ((head->flags & H2_END_HEADERS) == 0) {
        return payload.len == 0 ? h2_glitch(server, conn, GLITCH_EMPTY) : H2_NO_ERROR;
    }
    h2->block_stream = 0;
    enum h2_error error =
        end_head(server, conn, head->stream, h2->block_flags, span_of(h2->block, h2->block_len));
    pool_give(&server->pool, h2->block);
    h2->block = NULL;
    return error;
}

static enum h2_error on_priority(struct server *server, struct conn *conn, const struct h2_head *head,
                                 struct span payload)
{
    if (payload.len != 5 || (h2_u32(payload.at) & INT32_MAX) == head->stream) {
        enum h2_error error = payload.len != 5 ? H2_FRAME_SIZE_ERROR : H2_PROTOCOL_ERROR;
        return is_idle(h2_of(conn), head->stream) ? error : h2_reset(server, conn, head->stream, error);
    }
    return h2_glitch(server, conn, GLITCH_IDLE);
}

static enum h2_error on_reset(struct server *server, struct conn *conn, const struct h2_head *head,
                              struct span payload)
{
    struct h2 *h2 = h2_of(conn);
    (void)payload;
    if (is_idle(h2, head->stream)) {
        return H2_PROTOCOL_ERROR;
    }
    struct h2_stream *stream = h2_find(h2, head->stream);
    if (stream != NULL) {
        h2_stream_drop(server, h2, stream);
    }
    return h2_glitch(server, conn, GLITCH_RESETS);
}

/* A new first window changes those of all streams (§6.9.2). */
static enum h2_error new_first_window(struct h2 *h2, uint32_t value)
{
    if (value > H2_WINDOW_MAX) {
        return H2_FLOW_CONTROL_ERROR;
    }
    int64_t more = (int64_t)value - h2->first_window;
    for (struct h2_stream *stream = h2->streams; stream != NULL; stream = stream->next) {
        int64_t window = stream->window + more;
        if (window > H2_WINDOW_MAX || window < INT32_MIN) {
            return H2_FLOW_CONTROL_ERROR;
        }
        stream->window = (int32_t)window;
    }
    h2->first_window = (int32_t)value;
    return H2_NO_ERROR;
}

static enum h2_error on_setting(struct h2 *h2, uint32_t id, uint32_t value)
{
    switch (id) {
    case H2_ENABLE_PUSH:
        return value <= 1 ? H2_NO_ERROR : H2_PROTOCOL_ERROR;
    case H2_INITIAL_WINDOW_SIZE:
        return new_first_window(h2, value);
    case H2_MAX_FRAME_SIZE:
        return value >= H2_FRAME_MAX && value < 1U << 24 ? H2_NO_ERROR : H2_PROTOCOL_ERROR;
    default: /* our frames never pass 16 KiB, our encoder has no table */
        return H2_NO_ERROR;
    }
}

static enum h2_error on_settings(struct server *server, struct conn *conn, const struct h2_head *head,
                                 struct span payload)
{
    struct h2 *h2 = h2_of(conn);
    h2->settled = true;
    if ((head->flags & H2_ACK) != 0) {
        return h2_glitch(server, conn, GLITCH_SETTINGS);
    }
    for (; payload.len >= 6; payload = span_from(payload, 6)) {
        enum h2_error error = on_setting(h2, (uint32_t)(uint8_t)payload.at[0] << 8 | (uint8_t)payload.at[1],
                                         h2_u32(payload.at + 2));
        if (error != H2_NO_ERROR) {
            return error;
        }
    }
    h2_head_put(&server->out, 0, H2_SETTINGS, H2_ACK, 0);
    return h2_glitch(server, conn, GLITCH_SETTINGS);
}

static enum h2_error on_push(struct server *server, struct conn *conn, const struct h2_head *head,
                             struct span payload)
{
    (void)server;
    (void)conn;
    (void)head;
    (void)payload;
    return H2_PROTOCOL_ERROR; /* a client does not push (§8.4) */
}

static enum h2_error on_ping(struct server *server, struct conn *conn, const struct h2_head *head,
                             struct span payload)
{
    if ((head->flags & H2_ACK) == 0) {
        h2_head_put(&server->out, 8, H2_PING, H2_ACK, 0);
        buf_span(&server->out, payload);
    }
    return h2_glitch(server, conn, GLITCH_PINGS);
}

static enum h2_error on_goaway(struct server *server, struct conn *conn, const struct h2_head *head,
                               struct span payload)
{
    (void)server;
    (void)head;
    (void)payload;
    conn->flags |= CONN_ENDS;
    return h2_glitch(server, conn, GLITCH_IDLE);
}

static enum h2_error on_window(struct server *server, struct conn *conn, const struct h2_head *head,
                               struct span payload)
{
    struct h2 *h2 = h2_of(conn);
    uint32_t more = h2_u32(payload.at) & INT32_MAX;
    if (head->stream == 0) {
        h2->window += more;
        return more == 0                    ? H2_PROTOCOL_ERROR
               : h2->window > H2_WINDOW_MAX ? H2_FLOW_CONTROL_ERROR
                                            : h2_glitch(server, conn, GLITCH_UPDATES);
    }
    if (is_idle(h2, head->stream)) {
        return H2_PROTOCOL_ERROR;
    }
    struct h2_stream *stream = h2_find(h2, head->stream);
    if (more == 0) {
        return h2_reset(server, conn, head->stream, H2_PROTOCOL_ERROR);
    }
    if (stream != NULL && stream->window > H2_WINDOW_MAX - (int64_t)more) {
        return h2_reset(server, conn, head->stream, H2_FLOW_CONTROL_ERROR);
    }
    if (stream != NULL) {
        stream->window = (int32_t)(stream->window + (int64_t)more);
    }
    return h2_glitch(server, conn, GLITCH_UPDATES);
}

enum h2_error h2_frame(struct server *server, struct conn *conn, const struct h2_head *head,
                       struct span payload)
{
    static const on_frame rows[H2_TYPES] = {
        [H2_DATA] = on_data,
        [H2_HEADERS] = on_headers,
        [H2_PRIORITY] = on_priority,
        [H2_RST_STREAM] = on_reset,
        [H2_SETTINGS] = on_settings,
        [H2_PUSH_PROMISE] = on_push,
        [H2_PING] = on_ping,
        [H2_GOAWAY] = on_goaway,
        [H2_WINDOW_UPDATE] = on_window,
        [H2_CONTINUATION] = on_continuation,
    };
    const struct h2 *h2 = h2_of(conn);
    if ((h2->block_stream != 0 && (head->type != H2_CONTINUATION || head->stream != h2->block_stream)) ||
        (!h2->settled && (head->type != H2_SETTINGS || (head->flags & H2_ACK) != 0))) {
        return H2_PROTOCOL_ERROR;
    }
    if (head->type >= H2_TYPES) {
        return h2_glitch(server, conn, GLITCH_IDLE);
    }
    return rows[head->type](server, conn, head, payload);
}

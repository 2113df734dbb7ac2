/* Answers: the head that HTTP/1.1 would get, as HPACK, and the body in DATA frames. Small bodies go at once; one that waits for a window
 * or for the connection stays with its stream, and streams take turns. */
#include "edge/h2.h"

#include "edge/transport.h"

#include <string.h>
#include <unistd.h>

/* One line of a head that HTTP/1.1 would have sent. */
static void put_field(struct span line, struct buf *out)
{
    char name[64];
    struct span value = line;
    struct span key = span_cut(&value, ':');
    if (key.len >= sizeof name || span_is(key, "Connection")) {
        return;
    }
    for (size_t i = 0; i < key.len; i++) {
        char c = key.at[i];
        name[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    hpack_put(out, span_of(name, key.len), span_trim(value));
}

/* The head at `text` as a HEADERS frame; what follows the head, a small body of our own, as *rest. */
static void put_head(struct span text, int status, uint32_t id, bool ends, struct buf *out, struct span *rest)
{
    size_t at = out->len;
    h2_head_put(out, 0, H2_HEADERS, (uint8_t)(H2_END_HEADERS | (ends ? H2_END_STREAM : 0)), id);
    hpack_put_status(out, status);
    struct span line = text;
    (void)span_cut(&text, '\n'); /* the status line */
    for (line = span_cut(&text, '\n'); line.len > 1; line = span_cut(&text, '\n')) {
        put_field(span_of(line.at, line.len - 1), out);
    }
    size_t len = out->len - at - H2_HEAD_LEN;
    out->at[at] = (char)(len >> 16);
    out->at[at + 1] = (char)(len >> 8);
    out->at[at + 2] = (char)len;
    *rest = text;
}

/* Where the head of HTTP/1.1 ends. */
static size_t head_len(struct span text)
{
    const char *end = memmem(text.at, text.len, "\r\n\r\n", 4);
    return end == NULL ? text.len : (size_t)(end - text.at) + 4;
}

/* Forms up to one DATA frame of a body. False: nothing was to be had (a file that is shorter than it was). */
static bool put_data(struct sending *sending, uint32_t id, size_t len, struct buf *out)
{
    bool ends = len == sending->body_left;
    h2_head_put(out, (uint32_t)len, H2_DATA, ends ? H2_END_STREAM : 0, id);
    char *room = buf_room(out, len);
    if (sending->file >= 0) {
        if (pread(sending->file, room, len, (off_t)sending->file_at) != (ssize_t)len) {
            buf_truncate(out, out->len - H2_HEAD_LEN);
            return false;
        }
        sending->file_at += len;
    } else {
        memcpy(room, sending->body, len);
        sending->body += len;
    }
    buf_grew(out, len);
    sending->body_left -= len;
    return true;
}

static size_t least(int64_t a, int64_t b)
{
    return (size_t)(a < b ? a : b);
}

/* As much of a body as windows and room allow. True when it is done, or was broken off. */
static bool put_body(struct server *server, struct h2 *h2, struct sending *sending, uint32_t id,
                     int32_t *window)
{
    while (sending->body_left > 0 && h2->window > 0 && *window > 0 && server->out.len < H2_OUT_MAX) {
        size_t len = least(least(h2->window, *window), least((int64_t)sending->body_left, H2_FRAME_MAX));
        if (!put_data(sending, id, len, &server->out)) {
            h2_head_put(&server->out, 4, H2_RST_STREAM, 0, id);
            h2_put_u32(&server->out, H2_INTERNAL_ERROR);
            return true;
        }
        h2->window -= (int64_t)len;
        *window -= (int32_t)len;
    }
    return sending->body_left == 0;
}

static void record(struct server *server, const struct conn *conn, const struct http1_request *request,
                   const struct reply *reply)
{
    struct finished finished = {
        .conn = conn, .reason = reply->reason, .status = reply->status, .bytes = reply->len};
    finished.decision = reply->reason == COUNTERS ? DECIDED_SERVED : DECIDED_REFUSED;
    finished.method = request->method;
    finished.target = request->target;
    server_record(server, &finished);
}

/* A body of our own that no window takes at once is kept: it is a sentence or /estado, a few KiB. */
static void keep_own(struct server *server, struct sending *sending, struct span body)
{
    char *own = pool_take(&server->pool, body.len);
    memcpy(own, body.at, body.len);
    sending->own = own;
    sending->body = own;
    sending->body_left = body.len;
}

void h2_answer(struct server *server, struct conn *conn, uint32_t id, const struct hpack_list *list,
               struct h2_stream *stream, bool has_body)
{
    static struct http1_request request;
    static struct buf text;
    struct h2 *h2 = h2_of(conn);
    struct reply reply;
    buf_clear(&text);
    server->answers.over_tls = conn->tls != NULL;
    server->answers.view = server->shelf.current == NULL ? NULL : &server->shelf.current->map;
    if (list->too_big || list->size > HTTP1_HEAD_MAX) {
        request.method = HTTP_OTHER;
        request.target = SPAN("");
        respond_error(&server->answers, 431, &text, &reply);
        reply.reason = COUNT_REFUSED_HEAD;
    } else {
        if (h2_request(list, &request) != OK) {
            return; /* looked at before */
        }
        request.content_length = has_body && request.content_length == 0 ? 1 : request.content_length;
        respond(&server->answers, &request, &text, &reply);
    }
    if (reply.subscribes && !flow_admits(server, conn)) {
        buf_clear(&text);
        respond_busy(&server->answers, &text, &reply);
    }
    record(server, conn, &request, &reply);
    struct sending sending;
    struct span rest;
    struct span whole = buf_as_span(&text);
    sending_begin(&sending, server, &reply);
    bool own = whole.len > head_len(whole);
    put_head(whole, reply.status, id, !own && sending.body_left == 0 && !reply.subscribes, &server->out,
             &rest);
    if (reply.subscribes) {
        buf_clear(&text);
        flow_greet(server, &request, &text);
        stream = stream != NULL ? stream : h2_stream_new(server, h2, id);
        stream->receiving = false;
        h2_flow_begin(server, conn, stream, buf_as_span(&text));
        return;
    }
    int32_t window = stream != NULL ? stream->window : h2->first_window;
    if (own) {
        sending.body = rest.at;
        sending.body_left = rest.len;
    }
    if (put_body(server, h2, &sending, id, &window)) {
        sending_done(&sending, server);
        if (stream != NULL) {
            h2_stream_drop(server, h2, stream);
        }
        return;
    }
    stream = stream != NULL ? stream : h2_stream_new(server, h2, id);
    stream->window = window;
    stream->receiving = false;
    if (own) {
        keep_own(server, &sending, span_of(sending.body, (size_t)sending.body_left));
    } else if (!sending.file_is_ours) {
        sending.view = shelf_use(server->shelf.current);
    }
    stream->sending = sending;
}

void h2_fill(struct server *server, struct h2 *h2)
{
    struct h2_stream **at = &h2->streams;
    while (*at != NULL && server->out.len < H2_OUT_MAX && h2->window > 0) {
        struct h2_stream *stream = *at;
        if (stream->receiving || stream->flow != NULL ||
            !put_body(server, h2, &stream->sending, stream->id, &stream->window)) {
            at = &stream->next;
        } else {
            h2_stream_drop(server, h2, stream);
        }
    }
}

/* Answers: the head that the loader has coded, or HTTP/1.1's coded now, and the body in DATA frames. Small bodies go at once; one that waits for a window
 * or for the connection stays with its stream, and streams take turns. */
#include "edge/h2.h"

#include "edge/coded.h"

#include <string.h>
#include <unistd.h>

/* An answer as HTTP/1.1 has it, at `at` of `out`: its head becomes a block in the same place. What follows the head, a small body of our own,
 * is returned. */
static struct span recode(size_t at, int status, struct buf *out)
{
    static struct buf text;
    buf_clear(&text);
    buf_span(&text, span_from(buf_as_span(out), at));
    buf_truncate(out, at);
    struct span whole = buf_as_span(&text);
    const char *end = memmem(whole.at, whole.len, "\r\n\r\n", 4);
    size_t len = end == NULL ? whole.len : (size_t)(end - whole.at) + 4;
    struct span head = span_of(whole.at, len);
    (void)span_cut(&head, '\n'); /* the status line */
    hpack_put_status(out, status);
    coded_lines(head, out);
    return span_from(whole, len);
}

static void set_frame(struct buf *out, size_t at, uint8_t flags)
{
    size_t len = out->len - at - H2_HEAD_LEN;
    out->at[at] = (char)(len >> 16);
    out->at[at + 1] = (char)(len >> 8);
    out->at[at + 2] = (char)len;
    out->at[at + 4] = (char)flags;
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

/* A body of our own that no window takes at once is kept: it is a sentence or /estado, a few KiB. */
static void keep_own(struct server *server, struct sending *sending, struct span body)
{
    char *own = pool_take(&server->pool, body.len);
    memcpy(own, body.at, body.len);
    sending->own = own;
    sending->body = own;
    sending->body_left = body.len;
}

/* The frame's head is there before its block, and is completed when that is known. */
static struct span put_head(struct server *server, const struct conn *conn, uint32_t id,
                            const struct http1_request *request, struct reply *reply)
{
    struct buf *out = &server->out;
    size_t at = out->len;
    h2_head_put(out, 0, H2_HEADERS, 0, id);
    server->answers.coded = true;
    if (request != NULL) {
        respond(&server->answers, request, out, reply);
    } else {
        respond_error(&server->answers, 431, out, reply);
        reply->reason = COUNT_REFUSED_HEAD;
    }
    if (reply->subscribes && !flow_admits(server, conn)) {
        buf_truncate(out, at + H2_HEAD_LEN);
        respond_busy(&server->answers, out, reply);
    }
    server->answers.coded = false;
    struct span own = reply->coded ? SPAN("") : recode(at + H2_HEAD_LEN, reply->status, out);
    bool ends = own.len == 0 && reply->len == 0 && !reply->subscribes;
    set_frame(out, at, H2_END_HEADERS | (ends ? H2_END_STREAM : 0));
    return own;
}

void h2_answer(struct server *server, struct conn *conn, uint32_t id, const struct http1_request *request,
               struct h2_stream *stream)
{
    struct h2 *h2 = h2_of(conn);
    struct reply reply;
    server->answers.over_tls = conn->tls != NULL;
    server->answers.view = server->shelf.current == NULL ? NULL : &server->shelf.current->map;
    struct span own = put_head(server, conn, id, request, &reply);
    server_answered(server, conn, request, &reply);
    struct sending sending;
    sending_begin(&sending, server, &reply);
    if (reply.subscribes) {
        static struct buf greeting;
        buf_clear(&greeting);
        flow_greet(server, request, &greeting);
        stream = stream != NULL ? stream : h2_stream_new(server, h2, id);
        stream->receiving = false;
        h2_flow_begin(server, conn, stream, buf_as_span(&greeting));
        return;
    }
    int32_t window = stream != NULL ? stream->window : h2->first_window;
    if (own.len > 0) {
        sending.body = own.at;
        sending.body_left = own.len;
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
    if (own.len > 0) {
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

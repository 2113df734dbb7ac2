/* Requests: head, body, examination, the way to the store role and back. */
#include "intake/gate_parts.h"
#include "intake/image_check.h"
#include "wire/http1.h"

#include <string.h>
#include <strings.h>

void request_refuse(struct conn *conn, enum refusal refusal, int status, const char *detail)
{
    conn->gate->counts.refused[refusal]++;
    answer_refused(&conn->out, refusal, status, detail, 0, conn->close);
    conn_state(conn, CONN_WRITING);
}

/* A refusal before the body is read: what follows on this connection cannot be told from the body. */
static void refuse_head(struct conn *conn, enum refusal refusal, int status, const char *detail)
{
    conn->close = true;
    request_refuse(conn, refusal, status, detail);
}

/* REFUSED_NOT, or what is wrong with the head. */
static enum refusal check_head(const struct http1_request *request)
{
    struct span path = request->target;
    struct span type = http1_field(request->fields, request->n_fields, "content-type");
    if (!span_is(path, "/v1/acta")) {
        return REFUSED_PATH;
    }
    if (request->method != HTTP_POST) {
        return REFUSED_METHOD;
    }
    if (request->body != HTTP1_BODY_LENGTH) {
        return REFUSED_LENGTH;
    }
    if (type.len != strlen(SUBMISSION_TYPE) || strncasecmp(type.at, SUBMISSION_TYPE, type.len) != 0) {
        return REFUSED_TYPE;
    }
    return request->content_length > FRAME_BYTES_MAX ? REFUSED_TOO_BIG : REFUSED_NOT;
}

static bool expects_continue(const struct http1_request *request)
{
    struct span expect = http1_field(request->fields, request->n_fields, "expect");
    return request->minor > 0 && expect.len == 12 && strncasecmp(expect.at, "100-continue", 12) == 0;
}

/* The answer to HEAD is the head of the answer, whatever it is. */
static void leave_head(struct buf *out, size_t from)
{
    const char *end = memmem(out->at + from, out->len - from, "\r\n\r\n", 4);
    if (end != NULL) {
        buf_truncate(out, (size_t)(end - out->at) + 4);
    }
}

/* False: more bytes are needed, or the request was refused. */
static bool take_head(struct conn *conn)
{
    struct http1_request request;
    struct why why = {0};
    int status = 400;
    enum err err = http1_parse_request(buf_as_span(&conn->in), &request, &status, &why);
    if (err == ERR_AGAIN) {
        return false;
    }
    conn->gate->counts.requests++;
    if (err != OK) {
        refuse_head(conn, REFUSED_HTTP, status, why.text);
        return false;
    }
    conn->close = !request.keep_alive;
    enum refusal refusal = check_head(&request);
    if (refusal != REFUSED_NOT) {
        conn->head_len = request.head_len;
        conn->body_len = 0;
        size_t from = conn->out.len;
        refuse_head(conn, refusal, 400, "the head of the request");
        if (request.method == HTTP_HEAD) {
            leave_head(&conn->out, from);
        }
        return false;
    }
    conn->head_len = request.head_len;
    conn->body_len = (size_t)request.content_length;
    if (expects_continue(&request) && conn->in.len < conn->head_len + conn->body_len) {
        buf_str(&conn->out, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    conn_state(conn, CONN_BODY);
    return true;
}

/* Forgets the request at hand; what came after it stays. */
static void finish_request(struct conn *conn)
{
    size_t used = conn->head_len + conn->body_len;
    used = used < conn->in.len ? used : conn->in.len;
    size_t rest = conn->in.len - used;
    if (rest > 0) {
        memmove(conn->in.at, conn->in.at + used, rest);
    }
    buf_truncate(&conn->in, rest);
    conn->head_len = 0;
    conn->body_len = 0;
    if (conn->in.cap > KEEP_BUFFER && rest == 0) {
        conn->gate->held -= conn->in.cap;
        buf_done(&conn->in);
    }
}

static enum refusal check_picture(struct span image, struct why *why)
{
    struct image_about about;
    return image.len == 0 || image_check(image, &about, why) == OK ? REFUSED_NOT : REFUSED_NO_IMAGE_FILE;
}

static struct span body_of(const struct conn *conn)
{
    return span_of(conn->in.at + conn->head_len, conn->body_len);
}

static void take_body(struct conn *conn)
{
    struct examined examined;
    struct why why = {0};
    enum refusal refusal = examine(conn->gate->config.examiner, body_of(conn), &examined, &why);
    if (refusal == REFUSED_NOT) {
        refusal = check_picture(examined.image, &why);
    }
    if (refusal != REFUSED_NOT) {
        request_refuse(conn, refusal, 400, why.text);
        finish_request(conn);
        return;
    }
    conn_state(conn, CONN_QUEUED);
}

static void pass_on(struct conn *conn)
{
    struct gate *gate = conn->gate;
    if (link_queued(&gate->link) > LINK_QUEUE_MAX) {
        return;
    }
    link_send(&gate->link, FRAME_SUBMIT, (uint64_t)conn->round << 32 | conn->slot, body_of(conn), SPAN(""));
    finish_request(conn);
    conn_state(conn, CONN_WAITING);
    gate_flush(gate);
}

void request_advance(struct conn *conn)
{
    if (conn->state == CONN_HEAD && conn->in.len > 0 && !take_head(conn) && conn->state == CONN_HEAD) {
        return;
    }
    if (conn->state == CONN_BODY && conn->in.len >= conn->head_len + conn->body_len) {
        take_body(conn);
    }
    if (conn->state == CONN_QUEUED) {
        pass_on(conn);
    }
}

void request_unqueue(struct gate *gate)
{
    for (uint32_t i = 0; i < gate->config.connections; i++) {
        if (gate->conns[i].state == CONN_QUEUED) {
            pass_on(&gate->conns[i]);
        }
    }
}

void request_answered(struct conn *conn, const struct frame_answer *answer)
{
    if (answer->refusal == REFUSED_NOT) {
        answer_stored(&conn->out, answer, conn->close);
    } else {
        const char *detail = answer->refusal == REFUSED_VERSION ? "line 6" : "the store";
        answer_refused(&conn->out, answer->refusal, 503, detail, answer->version, conn->close);
    }
    conn_state(conn, CONN_WRITING);
    conn_write(conn);
    conn_resume(conn);
}

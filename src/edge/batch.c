/* A head that came before is answered from what is remembered of it; every other is parsed. */
#include "edge/batch.h"

#include "edge/flow.h"
#include "edge/respond_rep.h"

enum { COPY_MAX = 8192 }; /* bodies up to this lie behind their head in one piece */

/* The reply is decided and its head formed: what is left is to be told, and small bodies to be put behind. */
static void finish_one(struct server *server, const struct conn *conn, struct batch *batch,
                       const struct http1_request *request, const struct reply *reply)
{
    batch->ends = reply->close;
    batch->some = true;
    server_answered(server, conn, request, reply);
    sending_begin(&batch->last, server, reply);
    if (batch->last.body != NULL && batch->last.body_left <= COPY_MAX) {
        buf_add(&server->out, batch->last.body, (size_t)batch->last.body_left);
        batch->last = (struct sending){.file = -1};
    }
}

/* A request in the very bytes of an earlier one. A forwarder's are always looked into: they say whom they are from. */
static bool form_known(struct server *server, const struct conn *conn, struct batch *batch)
{
    static struct http1_request request;
    const struct edge_shelf *answers = &server->answers;
    const struct memo_entry *known = (conn->flags & CONN_EXEMPT) != 0 || answers->ending
                                         ? NULL
                                         : memo_find(&server->memo, answers->view, batch->bytes);
    if (known == NULL) {
        return false;
    }
    request.method = (enum http1_method)known->method;
    request.target = span_of(known->head + known->target_at, known->target_len);
    request.names = known->names;
    request.n_fields = known->n_fields;
    request.minor = known->minor;
    const struct reply reply = {.status = known->status,
                                .reason = COUNTERS,
                                .object = known->object,
                                .fd = -1,
                                .offset = known->offset,
                                .len = known->body_len};
    batch->bytes = span_from(batch->bytes, known->len);
    respond_formed(answers, known->formed, &reply, &server->out);
    finish_one(server, conn, batch, &request, &reply);
    return true;
}

/* A refused head that reads nothing but GET and ended: who sent it waits, and nothing that comes later can lose it the refusal. The
 * connection closes at once and costs what every other that closes does; only of who may still be sending the rest is read. */
static bool says_no_more(struct span bytes)
{
    return bytes.len < LIMIT_READ_BYTES && span_starts(bytes, SPAN("GET ")) &&
           span_ends(bytes, SPAN("\r\n\r\n"));
}

/* Forms the answer to the request at the start of the bytes, or to what is none. ERR_AGAIN: it is not complete. */
static enum err form_one(struct server *server, const struct conn *conn, struct batch *batch)
{
    static struct http1_request request;
    struct reply reply;
    int status = 400;
    if (form_known(server, conn, batch)) {
        return OK;
    }
    enum err err = http1_parse_request(batch->bytes, &request, &status, NULL);
    if (err == ERR_AGAIN) {
        return err;
    }
    if (err == OK) {
        struct span head = span_of(batch->bytes.at, request.head_len);
        batch->bytes = span_from(batch->bytes, request.head_len);
        size_t before = server->out.len;
        respond(&server->answers, &request, &server->out, &reply);
        if (reply.subscribes && flow_admits(server, conn)) {
            flow_greet(server, &request, &server->out);
            batch->subscribes = true;
        } else if (reply.subscribes) {
            buf_truncate(&server->out, before);
            respond_busy(&server->answers, &server->out, &reply);
        }
        memo_keep(&server->memo, server->answers.view, head, &request, &reply);
        /* All that it announced has come: nothing later can lose it the answer. */
        batch->polite = request.body != HTTP1_BODY_CHUNKED && request.content_length == batch->bytes.len &&
                        request.head_len + batch->bytes.len < LIMIT_READ_BYTES;
    } else {
        batch->polite = says_no_more(batch->bytes);
        batch->bytes = SPAN("");
        respond_error(&server->answers, status, &server->out, &reply);
        reply.reason = COUNT_REFUSED_HEAD;
    }
    finish_one(server, conn, batch, err == OK ? &request : NULL, &reply);
    return OK;
}

void batch_form(struct server *server, const struct conn *conn, struct batch *batch)
{
    buf_clear(&server->out);
    batch->last = (struct sending){.file = -1};
    batch->some = false;
    server->answers.over_tls = conn->tls != NULL;
    server->answers.view = server->shelf.current == NULL ? NULL : &server->shelf.current->map;
    while (batch->bytes.len > 0 && !batch->ends && batch->last.body_left == 0 &&
           server->out.len <= LIMIT_WAITING_BYTES / 2) {
        if (form_one(server, conn, batch) == ERR_AGAIN) {
            break;
        }
    }
}

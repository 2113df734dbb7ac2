/* Formed by the same functions as every other answer, and copied from their scratch. */
#include "edge/ready.h"

#include "edge/hits_ring.h"
#include "edge/respond_rep.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 8192 };

/* What a record of it needs and will not change. */
static void learn(const struct server *server, struct memo_entry *known)
{
    const struct http1_request request = {
        .names = known->names, .n_fields = known->n_fields, .minor = known->minor};
    known->whole.path = (uint8_t)hits_path_of(span_of(known->head + known->target_at, known->target_len));
    known->whole.print = server->hits == NULL ? 0 : hits_pen_print(server->hits, &request);
}

static bool lay_out(struct server *server, struct memo_entry *known)
{
    struct memo_whole *whole = &known->whole;
    struct span body = {NULL, 0};
    if (known->body_len > 0) {
        body = shelf_bytes(server->shelf.current, known->object, known->offset, known->body_len);
    }
    if (body.len != known->body_len || (body.at == NULL && body.len > 0)) {
        return false; /* it is sent from a file */
    }
    const struct reply reply = {.status = known->status, .reason = COUNTERS, .fd = -1};
    buf_clear(&server->out);
    respond_formed(&server->answers, known->formed, &reply, &server->out);
    buf_span(&server->out, body);
    if (server->out.len > whole->cap) {
        char *at = realloc(whole->at, server->out.len);
        if (at == NULL) {
            return false;
        }
        whole->at = at;
        whole->cap = (uint32_t)server->out.len;
    }
    memcpy(whole->at, server->out.at, server->out.len);
    whole->len = (uint32_t)server->out.len;
    whole->date = server->answers.date_round;
    whole->over_tls = server->answers.over_tls;
    learn(server, known);
    return true;
}

/* A forwarder's requests are always looked into: they say whom they are from. */
const struct memo_entry *ready_find(struct server *server, const struct conn *conn, struct span bytes)
{
    struct edge_shelf *answers = &server->answers;
    const struct view_map *view = server->shelf.current == NULL ? NULL : &server->shelf.current->map;
    struct memo_entry *known =
        (conn->flags & CONN_EXEMPT) != 0 || answers->ending ? NULL : memo_find(&server->memo, view, bytes);
    if (known == NULL || known->body_len > BODY_MAX) {
        return NULL;
    }
    answers->over_tls = conn->tls != NULL;
    const struct memo_whole *whole = &known->whole;
    bool is_laid =
        whole->len > 0 && whole->date == answers->date_round && whole->over_tls == answers->over_tls;
    return is_laid || lay_out(server, known) ? known : NULL;
}

void ready_record(struct server *server, const struct conn *conn, const struct memo_entry *known)
{
    struct worker_row *row = server->answers.row;
    count(row, COUNT_REQUESTS, 1);
    count(row, count_of_status(known->status), 1);
    count_path(row, known->whole.path);
    if (server->hits != NULL) {
        hits_pen_again(server->hits, conn, known);
    }
}

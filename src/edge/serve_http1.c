/* HTTP/1.1 on a connection. Requests are understood in scratch memory and answered at once, several pipelined ones in one
 * send; only half a head, or an answer that the other side does not take, makes a connection hold memory. While an answer
 * waits nothing more is read, so a client that sends without reading holds itself up. */
#include "edge/batch.h"
#include "edge/flow.h"
#include "edge/linger.h"
#include "edge/protocol.h"
#include "edge/ready.h"
#include "edge/transport.h"
#include "wire/h2_frame.h"

#include <assert.h>
#include <string.h>

enum {
    LOOK_EVERY = 1024,    /* half a head without a new line is looked at again every so many bytes */
    CLOSE_AT_ONCE = 65536 /* an answer of so much may be left to the kernel when the connection closes */
};

struct pending {
    char *in; /* half a head, or requests that came while an answer waits */
    uint32_t in_len, in_cap;
    struct sending sending;
    uint32_t idle_queue; /* unacknowledged when it was last looked at in an idle connection */
};

static void drop_in(struct server *server, struct pending *pending)
{
    pool_give(&server->pool, pending->in);
    pending->in = NULL;
    pending->in_len = 0;
    pending->in_cap = 0;
}

static void done(struct server *server, struct conn *conn)
{
    struct pending *pending = conn->state;
    if (pending != NULL) {
        sending_done(&pending->sending, server);
        drop_in(server, pending);
        pool_give(&server->pool, pending);
        conn->state = NULL;
    }
}

static struct pending *pending_of(struct server *server, struct conn *conn)
{
    if (conn->state == NULL) {
        struct pending *pending = pool_take(&server->pool, sizeof *pending);
        *pending = (struct pending){.sending = {.file = -1}};
        conn->state = pending;
    }
    return conn->state;
}

/* Keeps bytes (of scratch memory) for later, in a cell that is just large enough. False: no room. */
static bool keep_in(struct server *server, struct conn *conn, struct span bytes)
{
    struct pending *pending = conn->state;
    if (bytes.len == 0) {
        if (pending != NULL) {
            drop_in(server, pending);
        }
        return true;
    }
    if (!server_has_room(server, conn)) {
        return false;
    }
    pending = pending_of(server, conn);
    size_t cell = pool_cell(bytes.len);
    if (cell != pending->in_cap) {
        drop_in(server, pending);
        pending->in = pool_take(&server->pool, cell);
        pending->in_cap = (uint32_t)cell;
    }
    memcpy(pending->in, bytes.at, bytes.len);
    pending->in_len = (uint32_t)bytes.len;
    return true;
}

/* Says that nothing more comes and reads what the client still sends, so that the last answer is not lost in a reset. */
static void linger(struct server *server, struct conn *conn)
{
    done(server, conn);
    transport_end(conn);
    server_stage(server, conn, CONN_LINGER, server->limits.linger_ms);
    linger_read(server, conn);
}

/* The other side does not take it all: what is left is kept, and nothing is read until it is gone. */
static void wait_for_room(struct server *server, struct conn *conn, struct batch *batch)
{
    bool kept = sending_keep(&batch->last, server, conn) == OK;
    struct pending *pending = pending_of(server, conn);
    pending->sending = batch->last;
    conn->flags |= CONN_UNREAD | (batch->ends ? CONN_ENDS : 0);
    if (kept && keep_in(server, conn, batch->ends ? SPAN("") : batch->bytes)) {
        server_stage(server, conn, CONN_SENDING, server->limits.drain_ms);
    } else {
        server_cut_off(server, conn, DECIDED_EVICTED, COUNT_EVICTED);
    }
}

static void end_politely(struct server *server, struct conn *conn, bool polite, uint64_t passed)
{
    if (polite && passed <= CLOSE_AT_ONCE && transport_left(conn) == 0) {
        server_close(server, conn);
    } else {
        linger(server, conn);
    }
}

/* What follows the last whole request: nothing, or half a head, whose deadline runs from its first byte and is not
 * prolonged by the next. */
static bool keep_rest(struct server *server, struct conn *conn, struct span rest)
{
    if (rest.len == 0) {
        done(server, conn);
        server_stage(server, conn, CONN_IDLE, server->limits.idle_ms);
        return true;
    }
    if (!keep_in(server, conn, rest)) {
        server_cut_off(server, conn, DECIDED_EVICTED, COUNT_EVICTED);
        return false;
    }
    if (conn->stage != CONN_HEAD) {
        server_stage(server, conn, CONN_HEAD, server->limits.head_ms);
    }
    return true;
}

/* Answers every whole request in the bytes. True when the connection goes on reading. */
static bool answer_all(struct server *server, struct conn *conn, struct span bytes)
{
    struct batch batch = {.bytes = bytes};
    for (batch_form(server, conn, &batch); batch.some; batch_form(server, conn, &batch)) {
        batch.last.own = server->out.at;
        batch.last.own_len = (uint32_t)server->out.len;
        enum step step =
            sending_go(&batch.last, server, conn, batch.ends && batch.polite && !batch.subscribes);
        if (step == STEP_BLOCKED) {
            wait_for_room(server, conn, &batch);
            return false;
        }
        uint64_t passed = batch.last.passed;
        batch.last.own = NULL;
        sending_done(&batch.last, server);
        if (step == STEP_BROKEN) {
            server_close(server, conn);
            return false;
        }
        if (batch.subscribes) {
            done(server, conn);
            flow_http1_begin(server, conn);
            return false;
        }
        if (batch.ends) {
            end_politely(server, conn, batch.polite, passed);
            return false;
        }
        conn->stage = CONN_IDLE;
    }
    return keep_rest(server, conn, batch.bytes);
}

/* An answer that lies ready goes out as it lies. True when the connection goes on reading. */
static bool send_ready(struct server *server, struct conn *conn, const struct memo_entry *known)
{
    const struct memo_whole *whole = &known->whole;
    ready_record(server, conn, known);
    ssize_t sent = transport_send(conn, whole->at, whole->len, false);
    if (sent < 0 && !transport_would_block()) {
        server_close(server, conn);
        return false;
    }
    count(server->answers.row, COUNT_BYTES, sent > 0 ? (size_t)sent : 0);
    if (sent == (ssize_t)whole->len) {
        conn->stage = CONN_IDLE;
        return keep_rest(server, conn, SPAN(""));
    }
    struct batch batch = {.last = {.file = -1, .own = whole->at, .own_len = whole->len}};
    batch.last.own_at = sent > 0 ? (uint32_t)sent : 0;
    batch.last.passed = batch.last.own_at;
    wait_for_room(server, conn, &batch);
    return false;
}

/* Half a head that still has no new line cannot have become a whole one; every so often it is looked at all the same,
 * because it may be too long by now. */
static bool is_still_half(struct span all, size_t known)
{
    return known > 0 && known / LOOK_EVERY == all.len / LOOK_EVERY &&
           memchr(all.at + known, '\n', all.len - known) == NULL;
}

/* HTTP/2 with prior knowledge begins with its preface (RFC 9113 §3.4), which may come in pieces. */
static bool may_greet(const struct conn *conn)
{
    return conn->tls == NULL && (conn->stage == CONN_NEW || (conn->flags & CONN_GREETS) != 0);
}

/* Half a head or half a preface waits for the rest; everything else is answered. */
static bool take(struct server *server, struct conn *conn, struct span all, size_t known)
{
    bool greets = may_greet(conn) && span_starts(SPAN(H2_PREFACE), all);
    conn->flags &= (uint8_t)~CONN_GREETS;
    conn->flags |= greets ? CONN_GREETS : 0;
    return greets || is_still_half(all, known) ? keep_rest(server, conn, all) : answer_all(server, conn, all);
}

static void read_more(struct server *server, struct conn *conn)
{
    bool more = true;
    while (more) {
        const struct pending *pending = conn->state;
        size_t known = pending == NULL ? 0 : pending->in_len;
        assert(known < LIMIT_HEAD_BYTES); /* a longer one was refused */
        if (known > 0) {
            memcpy(server->in, pending->in, known);
        }
        ssize_t n = transport_receive(conn, server->in + known, LIMIT_READ_BYTES);
        if (n < 0 && transport_would_block()) {
            conn->flags &= (uint8_t)~CONN_UNREAD;
            return;
        }
        if (n <= 0) {
            server_close(server, conn);
            return;
        }
        struct span all = span_of(server->in, known + (size_t)n);
        if (may_greet(conn) && span_starts(all, SPAN(H2_PREFACE))) {
            done(server, conn);
            http2_begin_clear(server, conn, all);
            return;
        }
        const struct memo_entry *ready = known == 0 ? ready_find(server, conn, all) : NULL;
        if (ready != NULL ? !send_ready(server, conn, ready) : !take(server, conn, all, known)) {
            return;
        }
        /* A socket that gave less than was asked for is empty, and says so when it is not any more. Of one that gave
         * all the rest waits until the others had their turn. */
        if (n == LIMIT_READ_BYTES) {
            server_again(server, conn);
            return;
        }
        more = (conn->flags & (CONN_HUNG_UP | CONN_UNREAD)) != 0;
    }
}

static void write_more(struct server *server, struct conn *conn)
{
    struct pending *pending = conn->state;
    sending_widen(&pending->sending, server, conn);
    enum step step = sending_go(&pending->sending, server, conn, false);
    if (step == STEP_BLOCKED) {
        return;
    }
    if (step == STEP_BROKEN) {
        server_close(server, conn);
        return;
    }
    if ((conn->flags & CONN_ENDS) != 0) {
        linger(server, conn);
        return;
    }
    sending_done(&pending->sending, server);
    struct span kept = span_of(server->in, pending->in_len);
    if (kept.len > 0) { /* requests that came while the answer went out */
        memcpy(server->in, pending->in, kept.len);
    }
    drop_in(server, pending);
    conn->stage = CONN_IDLE;
    if (answer_all(server, conn, kept) && (conn->flags & CONN_UNREAD) != 0) {
        read_more(server, conn);
    }
}

static void on_event(struct server *server, struct conn *conn, unsigned events)
{
    conn->flags |= (events & LOOP_HANGUP) != 0 ? CONN_HUNG_UP : 0;
    if (conn->stage == CONN_SENDING) {
        /* A client that has only closed its sending half still reads. */
        conn->flags |= (events & (LOOP_READ | LOOP_HANGUP)) != 0 ? CONN_UNREAD : 0;
        if ((events & LOOP_WRITE) != 0) {
            write_more(server, conn);
        }
    } else if (conn->stage == CONN_LINGER) {
        linger_read(server, conn);
    } else if ((events & (LOOP_READ | LOOP_HANGUP)) != 0) {
        read_more(server, conn);
    }
}

/* A head that did not come in time is told so. */
static void refuse_late_head(struct server *server, struct conn *conn)
{
    struct reply reply;
    buf_clear(&server->out);
    server->answers.over_tls = conn->tls != NULL;
    respond_error(&server->answers, 408, &server->out, &reply);
    reply.reason = COUNT_TIMEOUT_HEAD;
    server_answered(server, conn, NULL, &reply);
    if (transport_send(conn, server->out.at, server->out.len, true) == (ssize_t)server->out.len) {
        linger(server, conn);
    } else {
        server_close(server, conn);
    }
}

/* An idle connection may still be taking its last answer from the kernel, and must then take it fast enough. */
static void end_idle(struct server *server, struct conn *conn)
{
    uint32_t queue = server_unacknowledged(conn);
    if (queue == 0) {
        struct finished finished = {.conn = conn, .decision = DECIDED_TIMEOUT, .reason = COUNT_TIMEOUT_IDLE};
        server_record(server, &finished);
        server_close(server, conn);
        return;
    }
    struct pending *pending = pending_of(server, conn);
    if (pending->idle_queue != 0 && pending->idle_queue < queue + (uint64_t)server->limits.drain_bytes) {
        server_cut_off(server, conn, DECIDED_TIMEOUT, COUNT_TIMEOUT_RESPONSE);
        return;
    }
    pending->idle_queue = queue;
    server_extend(server, conn, server->limits.drain_ms);
}

static void on_due(struct server *server, struct conn *conn)
{
    struct pending *pending = conn->state;
    switch (conn->stage) {
    case CONN_SENDING:
        if (sending_moves(&pending->sending, conn, server->limits.drain_bytes)) {
            server_extend(server, conn, server->limits.drain_ms);
        } else {
            server_cut_off(server, conn, DECIDED_TIMEOUT, COUNT_TIMEOUT_RESPONSE);
        }
        break;
    case CONN_HEAD:
        refuse_late_head(server, conn);
        break;
    case CONN_LINGER:
        server_close(server, conn);
        break;
    default:
        end_idle(server, conn);
    }
}

const struct protocol protocol_http1 = {
    .name = "http1", .on_event = on_event, .on_due = on_due, .done = done};

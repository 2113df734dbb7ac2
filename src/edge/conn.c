/* The states of a connection. */
#include "edge/conn.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static void unlink_conn(struct conn *conn)
{
    struct conn_list *list = &conn->pool->lists[conn->state];
    *(conn->before != NULL ? &conn->before->after : &list->first) = conn->after;
    *(conn->after != NULL ? &conn->after->before : &list->last) = conn->before;
    conn->before = NULL;
    conn->after = NULL;
}

static void link_conn(struct conn *conn, enum conn_state state, int64_t within_ms)
{
    struct conn_list *list = &conn->pool->lists[state];
    conn->state = (uint8_t)state;
    conn->deadline_ms = loop_now_ms(conn->pool->loop) + within_ms;
    conn->before = list->last;
    *(list->last != NULL ? &list->last->after : &list->first) = conn;
    list->last = conn;
}

static void set_state(struct conn *conn, enum conn_state state, int64_t within_ms)
{
    unlink_conn(conn);
    link_conn(conn, state, within_ms);
}

static void drop_in(struct conn *conn)
{
    free(conn->in);
    conn->in = NULL;
    conn->in_len = 0;
    conn->in_cap = 0;
}

/* What an answer needed. */
static void end_answer(struct conn *conn)
{
    if (conn->file_is_ours && conn->file >= 0) {
        close(conn->file);
    }
    conn->file = -1;
    conn->file_is_ours = false;
    conn->body = NULL;
    conn->body_left = 0;
    free(conn->out);
    conn->out = NULL;
    conn->out_at = 0;
    conn->out_len = 0;
    if (conn->view != NULL) {
        shelf_drop(&conn->pool->shelf, conn->view);
        conn->view = NULL;
    }
}

static void conn_close(struct conn *conn)
{
    struct conn_pool *pool = conn->pool;
    end_answer(conn);
    drop_in(conn);
    loop_unwatch(pool->loop, conn->fd);
    close(conn->fd);
    unlink_conn(conn);
    free(conn);
    pool->n--;
    atomic_store_explicit(&pool->answers.row->connections, pool->n, memory_order_relaxed);
}

/* Keeps bytes (of the pool's scratch) for later, in steps of 512, so that a slow head costs little. */
static void keep_in(struct conn *conn, const char *bytes, size_t len)
{
    if (len == 0) {
        drop_in(conn);
        return;
    }
    uint32_t cap = ((uint32_t)len + 511) & ~511U;
    char *room = cap == conn->in_cap ? conn->in : realloc(conn->in, cap);
    if (room == NULL) {
        abort();
    }
    memcpy(room, bytes, len);
    conn->in = room;
    conn->in_cap = cap;
    conn->in_len = (uint32_t)len;
}

enum step { STEP_DONE, STEP_BLOCKED, STEP_BROKEN };

static enum step step_of_errno(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? STEP_BLOCKED : STEP_BROKEN;
}

/* Head and a body in memory in one call. */
static enum step send_memory(struct conn *conn)
{
    while (conn->out_at < conn->out_len || (conn->file < 0 && conn->body_left > 0)) {
        struct iovec parts[2];
        int n = 0;
        if (conn->out_at < conn->out_len) {
            parts[n].iov_base = conn->out + conn->out_at;
            parts[n++].iov_len = conn->out_len - conn->out_at;
        }
        if (conn->file < 0 && conn->body_left > 0) {
            parts[n].iov_base = (void *)(uintptr_t)conn->body;
            parts[n++].iov_len = (size_t)conn->body_left;
        }
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)n};
        bool more = conn->file >= 0 && conn->body_left > 0;
        ssize_t sent = sendmsg(conn->fd, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
        if (sent < 0) {
            return step_of_errno();
        }
        count(conn->pool->answers.row, COUNT_BYTES, (uint64_t)sent);
        size_t head = conn->out_len - conn->out_at;
        size_t of_head = (size_t)sent < head ? (size_t)sent : head;
        conn->out_at += (uint32_t)of_head;
        if (conn->file < 0) {
            conn->body += (size_t)sent - of_head;
            conn->body_left -= (size_t)sent - of_head;
        }
    }
    return STEP_DONE;
}

static enum step send_file(struct conn *conn)
{
    while (conn->file >= 0 && conn->body_left > 0) {
        off_t at = (off_t)conn->file_at;
        size_t want = conn->body_left > 1 << 20 ? 1 << 20 : (size_t)conn->body_left;
        ssize_t sent = sendfile(conn->fd, conn->file, &at, want);
        if (sent < 0) {
            return step_of_errno();
        }
        if (sent == 0) {
            return STEP_BROKEN; /* the file is shorter than its head said */
        }
        count(conn->pool->answers.row, COUNT_BYTES, (uint64_t)sent);
        conn->file_at += (uint64_t)sent;
        conn->body_left -= (uint64_t)sent;
    }
    return STEP_DONE;
}

static enum step send_some(struct conn *conn)
{
    enum step step = send_memory(conn);
    return step == STEP_DONE ? send_file(conn) : step;
}

static void count_answer(struct worker_row *row, int status)
{
    static const enum edge_counter classes[] = {COUNT_2XX, COUNT_3XX, COUNT_4XX, COUNT_5XX};
    if (status >= 200 && status < 600) {
        count(row, classes[status / 100 - 2], 1);
    }
}

/* Takes over what respond() decided. The head lies in the pool's scratch and is copied only if it does not go out. */
static enum step start_answer(struct conn *conn, const struct reply *reply)
{
    struct conn_pool *pool = conn->pool;
    conn->close_after = reply->close;
    count_answer(pool->answers.row, reply->status);
    if (reply->fd >= 0) {
        conn->file = reply->fd;
        conn->file_is_ours = true;
        conn->file_at = reply->offset;
    } else if (reply->object != VIEW_NONE && reply->len > 0) {
        struct span bytes = shelf_bytes(pool->shelf.current, reply->object, reply->offset, reply->len);
        conn->view = shelf_use(pool->shelf.current);
        conn->body = bytes.at;
        if (bytes.at == NULL) {
            conn->file = shelf_fd(conn->view, reply->object);
            conn->file_at = reply->offset;
        }
    }
    conn->body_left = reply->len;
    conn->out = pool->head.at;
    conn->out_at = 0;
    conn->out_len = (uint32_t)pool->head.len;
    enum step step = send_some(conn);
    char *left = NULL;
    uint32_t left_len = conn->out_len - conn->out_at;
    if (step == STEP_BLOCKED && left_len > 0) {
        left = malloc(left_len);
        if (left == NULL) {
            abort();
        }
        memcpy(left, conn->out + conn->out_at, left_len);
    }
    conn->out = left;
    conn->out_at = 0;
    conn->out_len = left != NULL ? left_len : 0;
    return step;
}

/* Says that nothing more comes and reads what the client still sends, so that the last answer is not lost in a reset. */
static void linger(struct conn *conn)
{
    end_answer(conn);
    drop_in(conn);
    shutdown(conn->fd, SHUT_WR);
    set_state(conn, CONN_LINGER, LINGER_MS);
    if (loop_change(conn->pool->loop, conn->fd, LOOP_READ) != OK) {
        conn_close(conn);
    }
}

/* Forms the answer to the request at the start of the bytes, or to what is none. ERR_AGAIN: it is not complete. */
static enum err answer_next(struct conn *conn, struct span bytes, size_t *used, enum step *step)
{
    static struct http1_request request;
    struct conn_pool *pool = conn->pool;
    struct reply reply;
    int status = 400;
    enum err err = http1_parse_request(bytes, &request, &status, NULL);
    if (err == ERR_AGAIN) {
        return err;
    }
    buf_clear(&pool->head);
    pool->answers.view = pool->shelf.current == NULL ? NULL : &pool->shelf.current->map;
    count(pool->answers.row, COUNT_REQUESTS, 1);
    if (err == OK) {
        *used = request.head_len;
        respond(&pool->answers, &request, &pool->head, &reply);
    } else {
        *used = bytes.len;
        count(pool->answers.row, COUNT_REFUSED_HEAD, 1);
        respond_error(&pool->answers, status, &pool->head, &reply);
    }
    *step = start_answer(conn, &reply);
    return OK;
}

/* Answers every whole request in the bytes. The connection may be gone afterwards. */
static void answer_all(struct conn *conn, struct span bytes)
{
    while (bytes.len > 0) {
        size_t used = 0;
        enum step step = STEP_DONE;
        if (answer_next(conn, bytes, &used, &step) == ERR_AGAIN) {
            break;
        }
        bytes = span_from(bytes, used);
        if (step == STEP_BROKEN) {
            conn_close(conn);
            return;
        }
        if (step == STEP_BLOCKED) {
            keep_in(conn, bytes.at, bytes.len);
            set_state(conn, CONN_SENDING, RESPONSE_MS + (int64_t)(conn->body_left / RESPONSE_BYTES_PER_MS));
            if (loop_change(conn->pool->loop, conn->fd, LOOP_WRITE) != OK) {
                conn_close(conn);
            }
            return;
        }
        if (conn->close_after) {
            linger(conn);
            return;
        }
        end_answer(conn);
        set_state(conn, CONN_IDLE, IDLE_MS);
    }
    keep_in(conn, bytes.at, bytes.len);
    /* The deadline of a head runs from its first byte and is not prolonged by the next. */
    if (bytes.len > 0 && conn->state != CONN_HEAD) {
        set_state(conn, CONN_HEAD, HEAD_MS);
    }
}

static void read_more(struct conn *conn)
{
    struct conn_pool *pool = conn->pool;
    size_t have = conn->in_len;
    assert(have < HTTP1_HEAD_MAX); /* a longer one was refused */
    if (have > 0) {
        memcpy(pool->scratch, conn->in, have);
    }
    ssize_t n = recv(conn->fd, pool->scratch + have, sizeof pool->scratch - have, 0);
    if (n < 0 && step_of_errno() == STEP_BLOCKED) {
        return;
    }
    if (n <= 0) {
        conn_close(conn);
        return;
    }
    answer_all(conn, span_of(pool->scratch, have + (size_t)n));
}

static void write_more(struct conn *conn)
{
    enum step step = send_some(conn);
    if (step == STEP_BLOCKED) {
        return;
    }
    if (step == STEP_BROKEN) {
        conn_close(conn);
        return;
    }
    if (conn->close_after) {
        linger(conn);
        return;
    }
    end_answer(conn);
    if (loop_change(conn->pool->loop, conn->fd, LOOP_READ) != OK) {
        conn_close(conn);
        return;
    }
    set_state(conn, CONN_IDLE, IDLE_MS);
    if (conn->in_len > 0) { /* requests that came while the answer went out */
        size_t len = conn->in_len;
        memcpy(conn->pool->scratch, conn->in, len);
        answer_all(conn, span_of(conn->pool->scratch, len));
    }
}

static void read_off(struct conn *conn)
{
    ssize_t n = recv(conn->fd, conn->pool->scratch, sizeof conn->pool->scratch, 0);
    if (n == 0 || (n < 0 && step_of_errno() == STEP_BROKEN)) {
        conn_close(conn);
    }
}

static void on_conn(void *arg, int fd, unsigned events)
{
    struct conn *conn = arg;
    (void)fd;
    if (conn->state == CONN_SENDING) {
        /* A client that has only closed its sending half still reads. */
        if ((events & LOOP_WRITE) != 0) {
            write_more(conn);
        } else if ((events & LOOP_HANGUP) != 0) {
            conn_close(conn);
        }
    } else if (conn->state == CONN_LINGER) {
        read_off(conn);
    } else {
        read_more(conn);
    }
}

void conn_open(struct conn_pool *pool, int fd)
{
    struct conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL || loop_watch(pool->loop, fd, LOOP_READ, on_conn, conn) != OK) {
        free(conn);
        close(fd);
        return;
    }
    conn->pool = pool;
    conn->fd = fd;
    conn->file = -1;
    link_conn(conn, CONN_IDLE, IDLE_MS);
    pool->n++;
    atomic_store_explicit(&pool->answers.row->connections, pool->n, memory_order_relaxed);
    count(pool->answers.row, COUNT_ACCEPTED, 1);
}

/* A head that did not come in time is told so. */
static void time_out(struct conn *conn)
{
    struct conn_pool *pool = conn->pool;
    if (conn->state == CONN_HEAD) {
        struct reply reply;
        count(pool->answers.row, COUNT_TIMEOUT_HEAD, 1);
        buf_clear(&pool->head);
        respond_error(&pool->answers, 408, &pool->head, &reply);
        if (start_answer(conn, &reply) == STEP_DONE) {
            linger(conn);
            return;
        }
    } else if (conn->state == CONN_SENDING) {
        count(pool->answers.row, COUNT_TIMEOUT_RESPONSE, 1);
    }
    conn_close(conn);
}

void conn_sweep(struct conn_pool *pool)
{
    int64_t now = loop_now_ms(pool->loop);
    for (int state = 0; state < CONN_STATES; state++) {
        /* Answers have deadlines by their size, so their list is not in order of them. */
        bool ordered = state != CONN_SENDING;
        for (struct conn *conn = pool->lists[state].first, *next; conn != NULL; conn = next) {
            next = conn->after;
            if (conn->deadline_ms <= now) {
                time_out(conn);
            } else if (ordered) {
                break;
            }
        }
    }
}

bool conn_evict(struct conn_pool *pool)
{
    static const enum conn_state order[] = {CONN_LINGER, CONN_IDLE, CONN_HEAD};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (pool->lists[order[i]].first != NULL) {
            count(pool->answers.row, COUNT_EVICTED, 1);
            conn_close(pool->lists[order[i]].first);
            return true;
        }
    }
    return false;
}

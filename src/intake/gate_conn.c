/* Connections: accepting, reading, writing, deadlines. Every connection is in one state and is watched for
 * what that state waits for. */
#include "intake/gate_parts.h"

#include "os/clock.h"
#include "os/stream.h"

#include <assert.h>

enum { READ_SIZE = 64 * 1024, READS_A_TURN = 16 };

static void on_event(void *arg, int fd, unsigned events);

/* Watches for what the state waits for. A TLS read may have to write and the other way round. */
static void watch(struct conn *conn, unsigned tls_wants)
{
    static const unsigned wanted[] = {[CONN_HEAD] = LOOP_READ,
                                      [CONN_BODY] = LOOP_READ,
                                      [CONN_WRITING] = LOOP_WRITE,
                                      [CONN_DRAINING] = LOOP_READ};
    unsigned events = conn->state < sizeof wanted / sizeof wanted[0] ? wanted[conn->state] : 0;
    if (events != 0 && conn->tls != NULL && tls_wants != 0) {
        events = tls_wants;
    }
    if (events != conn->watched) {
        conn->watched = events;
        if (loop_change(conn->gate->loop, conn->fd, events) != OK) {
            conn_close(conn);
        }
    }
}

void conn_state(struct conn *conn, enum conn_state state)
{
    conn->state = state;
    conn->since_ms = loop_now_ms(conn->gate->loop);
}

void conn_open(struct gate *gate, int fd)
{
    struct conn *conn = NULL;
    for (uint32_t i = 0; i < gate->config.connections && conn == NULL; i++) {
        conn = gate->conns[i].state == CONN_FREE ? &gate->conns[i] : NULL;
    }
    assert(conn != NULL);
    uint32_t round = conn->round + 1;
    *conn = (struct conn){.gate = gate, .slot = (uint32_t)(conn - gate->conns), .round = round, .fd = fd};
    if (gate->config.tls != NULL && tls_conn_new(gate->config.tls, fd, &conn->tls) != OK) {
        stream_close(fd);
        return;
    }
    conn_state(conn, CONN_HEAD);
    conn->request_ms = conn->since_ms;
    conn->watched = LOOP_READ;
    gate->n_open++;
    if (loop_watch(gate->loop, fd, LOOP_READ, on_event, conn) != OK) {
        conn->watched = 0;
        gate->n_open--;
        tls_conn_free(conn->tls);
        stream_close(fd);
        conn->state = CONN_FREE;
    }
}

void conn_close(struct conn *conn)
{
    struct gate *gate = conn->gate;
    if (conn->state == CONN_FREE) {
        return;
    }
    loop_unwatch(gate->loop, conn->fd);
    tls_conn_free(conn->tls);
    stream_close(conn->fd);
    gate->held -= conn->in.cap;
    buf_done(&conn->in);
    buf_done(&conn->out);
    conn->tls = NULL;
    conn->state = CONN_FREE;
    gate->n_open--;
}

static enum err read_some(struct conn *conn, void *bytes, size_t max, size_t *n)
{
    return conn->tls == NULL ? stream_read(conn->fd, bytes, max, n) : tls_read(conn->tls, bytes, max, n);
}

static enum err write_some(struct conn *conn, size_t *n)
{
    const char *at = conn->out.at + conn->out_done;
    size_t len = conn->out.len - conn->out_done;
    return conn->tls == NULL ? stream_write(conn->fd, at, len, n) : tls_write(conn->tls, at, len, n);
}

static unsigned tls_wants_of(const struct conn *conn, enum err err)
{
    return conn->tls != NULL && err == ERR_AGAIN ? tls_wants(conn->tls) : 0;
}

/* All of `out` is with the kernel. */
static void written(struct conn *conn)
{
    buf_clear(&conn->out);
    conn->out_done = 0;
    if (conn->state != CONN_WRITING) {
        return; /* it was a 100 Continue */
    }
    if (conn->close || (conn->eof && conn->in.len == 0)) {
        if (conn->tls == NULL) {
            stream_finish(conn->fd);
        }
        conn_state(conn, CONN_DRAINING);
        return;
    }
    conn->served = true;
    conn_state(conn, CONN_HEAD);
    conn->request_ms = conn->since_ms;
}

void conn_write(struct conn *conn)
{
    enum err err = OK;
    while (err == OK && conn->out_done < conn->out.len) {
        size_t n = 0;
        err = write_some(conn, &n);
        conn->out_done += err == OK ? n : 0;
    }
    if (err != OK && err != ERR_AGAIN) {
        conn_close(conn);
        return;
    }
    if (err == OK) {
        written(conn);
    }
    watch(conn, tls_wants_of(conn, err));
}

/* A TLS record may be decrypted already and no event comes for it, so TLS reads until it is told to wait. */
/* One read; false when there is nothing more to do now. */
static bool read_once(struct conn *conn, enum err *err)
{
    struct gate *gate = conn->gate;
    size_t n = 0;
    size_t cap = conn->in.cap;
    char *room = buf_room(&conn->in, READ_SIZE);
    gate->held += conn->in.cap - cap;
    *err = read_some(conn, room, READ_SIZE, &n);
    if (*err != OK) {
        return false;
    }
    conn->eof = n == 0;
    if (conn->in.len == 0 && n > 0) {
        conn->request_ms = loop_now_ms(gate->loop);
    }
    buf_grew(&conn->in, n);
    return n > 0;
}

/* What is read after an answer is thrown away. */
static void drain(struct conn *conn)
{
    char nowhere[4096];
    size_t n = 0;
    enum err err = OK;
    for (int i = 0; i < READS_A_TURN && err == OK; i++) {
        err = read_some(conn, nowhere, sizeof nowhere, &n);
        if (err == OK && n == 0) {
            err = ERR_IO;
        }
    }
    if (err == ERR_IO) {
        conn_close(conn);
    }
}

static bool reads(const struct conn *conn)
{
    return conn->state == CONN_HEAD || conn->state == CONN_BODY;
}

/* Goes on until the bytes in hand lead no further: answers are written, pipelined requests begin. */
static void proceed(struct conn *conn)
{
    for (;;) {
        enum conn_state before = conn->state;
        size_t len = conn->in.len;
        request_advance(conn);
        if (conn->out.len > 0) {
            conn_write(conn);
        }
        if (conn->state == CONN_FREE || !reads(conn) || (conn->state == before && conn->in.len == len)) {
            return;
        }
    }
}

static void on_readable(struct conn *conn)
{
    enum err err = OK;
    for (int i = 0; (i < READS_A_TURN || conn->tls != NULL) && reads(conn); i++) {
        bool more = read_once(conn, &err);
        if (err != OK && err != ERR_AGAIN) {
            conn_close(conn);
            return;
        }
        proceed(conn);
        if (conn->state == CONN_FREE || !more) {
            break;
        }
    }
    if (conn->state == CONN_FREE) {
        return;
    }
    if (conn->eof && reads(conn)) {
        conn_close(conn); /* it ended between requests, or in the middle of one */
        return;
    }
    if (conn->gate->held > HELD_MAX && !conn_drop_slowest(conn->gate)) {
        conn_close(conn);
    }
    if (conn->state != CONN_FREE) {
        watch(conn, reads(conn) ? tls_wants_of(conn, err) : 0);
    }
}

void conn_resume(struct conn *conn)
{
    if (reads(conn)) {
        on_readable(conn);
    }
}

static void on_event(void *arg, int fd, unsigned events)
{
    struct conn *conn = arg;
    (void)fd;
    switch (conn->state) {
    case CONN_HEAD:
    case CONN_BODY:
        on_readable(conn);
        break;
    case CONN_WRITING:
        conn_write(conn);
        conn_resume(conn);
        break;
    case CONN_DRAINING:
        drain(conn);
        break;
    default:
        if ((events & LOOP_HANGUP) != 0) {
            conn_close(conn); /* nobody waits for the answer any more */
        }
    }
}

bool conn_drop_slowest(struct gate *gate)
{
    struct conn *worst = NULL;
    int64_t worst_rate = INT64_MAX;
    int64_t now = loop_now_ms(gate->loop);
    for (uint32_t i = 0; i < gate->config.connections; i++) {
        struct conn *conn = &gate->conns[i];
        if (!reads(conn) && conn->state != CONN_DRAINING) {
            continue;
        }
        /* Idle ones have a negative rate: the longest idle is the lowest. */
        int64_t age = now - conn->request_ms;
        int64_t rate =
            conn->in.len == 0 ? -1 - (now - conn->since_ms) : (int64_t)conn->in.len * 1000 / (age + 1);
        if (rate < worst_rate && (conn->in.len == 0 || age >= 1000)) {
            worst = conn;
            worst_rate = rate;
        }
    }
    if (worst == NULL) {
        return false;
    }
    gate->counts.refused[REFUSED_BUSY]++;
    conn_close(worst);
    return true;
}

/* Milliseconds after which the state is given up. */
static int64_t deadline_of(const struct conn *conn)
{
    int64_t patience = conn->gate->config.patience_ms;
    switch (conn->state) {
    case CONN_HEAD:
        return conn->in.len == 0 && (conn->served || conn->tls == NULL) ? conn->since_ms + 6 * patience
                                                                        : conn->request_ms + patience;
    case CONN_BODY:
        return conn->request_ms + patience + (int64_t)(conn->in.len / SLOWEST_RATE);
    case CONN_QUEUED:
    case CONN_WAITING:
        return conn->since_ms + patience + patience / 2;
    default:
        return conn->since_ms + patience;
    }
}

static void give_up(struct conn *conn)
{
    enum conn_state state = conn->state;
    bool begun = reads(conn) && conn->in.len > 0;
    if (!begun && state != CONN_WAITING && state != CONN_QUEUED) {
        conn_close(conn); /* idle, or it does not take its answer */
        return;
    }
    conn->close = true;
    conn->round++; /* an answer that comes late finds nobody */
    request_refuse(conn, begun ? REFUSED_SLOW : REFUSED_SILENT, 408, begun ? "deadline" : "the store");
    conn_write(conn);
}

void conn_sweep(struct gate *gate, int64_t now_ms)
{
    for (uint32_t i = 0; i < gate->config.connections; i++) {
        struct conn *conn = &gate->conns[i];
        if (conn->state != CONN_FREE && now_ms >= deadline_of(conn)) {
            give_up(conn);
        }
    }
}

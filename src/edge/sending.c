/* Formed bytes and a body in memory go out in one call; files go from their descriptor, the head before them waiting for
 * the first part. */
#include "edge/sending.h"

#include "edge/transport.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    FILE_PART = 8 << 20,            /* the kernel takes less, as much as may wait in it */
    TAKEN_AT_ONCE = 64 << 10,       /* of one answer */
    AT_ONCE_TICKS = 1000 / TICK_MS, /* since it began to wait */
};

void sending_begin(struct sending *sending, const struct server *server, const struct reply *reply)
{
    *sending = (struct sending){.file = -1, .body_left = reply->len};
    if (reply->fd >= 0) {
        sending->file = reply->fd;
        sending->file_is_ours = true;
        sending->file_at = reply->offset;
    } else if (reply->object != VIEW_NONE && reply->len > 0) {
        const struct shelf_view *view = server->shelf.current;
        struct span bytes = shelf_bytes(view, reply->object, reply->offset, reply->len);
        sending->body = bytes.at;
        sending->file = bytes.at == NULL ? shelf_fd(view, reply->object) : -1;
        sending->file_at = reply->offset;
    }
}

static enum step step_of_errno(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? STEP_BLOCKED : STEP_BROKEN;
}

static void passed(struct sending *sending, struct server *server, size_t bytes)
{
    sending->passed += bytes;
    count(server->answers.row, COUNT_BYTES, bytes);
}

static ssize_t send_once(const struct sending *sending, const struct conn *conn, bool more)
{
    size_t own_len = sending->own_len - sending->own_at;
    size_t body_len = sending->file < 0 ? (size_t)sending->body_left : 0;
    if (own_len == 0) { /* and own may be none at all */
        return transport_send(conn, sending->body, body_len, more);
    }
    const char *own = sending->own + sending->own_at;
    if (body_len == 0) {
        return transport_send(conn, own, own_len, more || sending->body_left > 0);
    }
    struct iovec parts[2] = {{.iov_base = (void *)(uintptr_t)own, .iov_len = own_len},
                             {.iov_base = (void *)(uintptr_t)sending->body, .iov_len = body_len}};
    return transport_send_parts(conn, parts, 2, more);
}

static enum step send_memory(struct sending *sending, struct server *server, const struct conn *conn,
                             bool ends)
{
    while (sending->own_at < sending->own_len || (sending->file < 0 && sending->body_left > 0)) {
        ssize_t sent = send_once(sending, conn, ends);
        if (sent < 0) {
            return step_of_errno();
        }
        passed(sending, server, (size_t)sent);
        size_t own = sending->own_len - sending->own_at;
        size_t of_own = (size_t)sent < own ? (size_t)sent : own;
        sending->own_at += (uint32_t)of_own;
        if ((size_t)sent > of_own) {
            sending->body += (size_t)sent - of_own;
            sending->body_left -= (size_t)sent - of_own;
        }
    }
    return STEP_DONE;
}

static enum step send_file(struct sending *sending, struct server *server, const struct conn *conn)
{
    while (sending->file >= 0 && sending->body_left > 0) {
        size_t want = sending->body_left > FILE_PART ? FILE_PART : (size_t)sending->body_left;
        ssize_t sent = transport_send_file(conn, sending->file, sending->file_at, want);
        if (sent < 0) {
            return step_of_errno();
        }
        if (sent == 0) {
            return STEP_BROKEN; /* the file is shorter than its head said */
        }
        passed(sending, server, (size_t)sent);
        sending->file_at += (uint64_t)sent;
        sending->body_left -= (uint64_t)sent;
    }
    return STEP_DONE;
}

enum step sending_go(struct sending *sending, struct server *server, const struct conn *conn, bool ends)
{
    enum step step = send_memory(sending, server, conn, ends);
    return step == STEP_DONE ? send_file(sending, server, conn) : step;
}

enum err sending_keep(struct sending *sending, struct server *server, const struct conn *conn)
{
    uint32_t left = sending->own_len - sending->own_at;
    const char *scratch = sending->own + sending->own_at;
    sending->own = NULL;
    if (left > POOL_CELL_MAX || !server_has_room(server, conn)) {
        return ERR_FULL;
    }
    if (left > 0) {
        sending->own = pool_take(&server->pool, left);
        memcpy(sending->own, scratch, left);
    }
    sending->own_at = 0;
    sending->own_len = left;
    if (sending->body_left > 0 && !sending->file_is_ours) {
        sending->view = shelf_use(server->shelf.current);
    }
    sending->taken = (int64_t)sending->passed - server_unacknowledged(conn);
    return OK;
}

void sending_widen(const struct sending *sending, const struct server *server, struct conn *conn)
{
    const struct limits *limits = &server->limits;
    bool may = conn->wide == 0 && limits->unsent_read_bytes > limits->unsent_bytes &&
               sending->body_left > (uint64_t)limits->unsent_bytes &&
               server->now - conn->since <= AT_ONCE_TICKS;
    if (may && (int64_t)sending->passed - server_unacknowledged(conn) >= TAKEN_AT_ONCE) {
        int most = (int)limits->unsent_read_bytes;
        conn->wide = setsockopt(conn->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most, sizeof most) == 0;
    }
}

bool sending_moves(struct sending *sending, const struct conn *conn, int64_t least)
{
    int64_t taken = (int64_t)sending->passed - server_unacknowledged(conn);
    bool moves = taken - sending->taken >= least;
    sending->taken = taken;
    return moves;
}

void sending_done(struct sending *sending, struct server *server)
{
    if (sending->file_is_ours && sending->file >= 0) {
        close(sending->file);
    }
    if (sending->view != NULL) {
        shelf_drop(&server->shelf, sending->view);
    }
    pool_give(&server->pool, sending->own);
    *sending = (struct sending){.file = -1};
}

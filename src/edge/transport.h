/* Bytes in and out of a connection, as recv, send and sendfile: the one place that knows what lies between a protocol and
 * its socket. */
#ifndef EDGE_TRANSPORT_H
#define EDGE_TRANSPORT_H

#include "edge/conns.h"
#include "tls/house.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Why the last of these calls failed: only not now. */
static inline bool transport_would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* Over TLS: everything is gathered, and leaves in full records. */
ssize_t transport_send_over(const struct conn *conn, const struct iovec *parts, int n);
ssize_t transport_send_file_over(const struct conn *conn, int file, uint64_t from, size_t len);

static inline ssize_t transport_receive(const struct conn *conn, char *at, size_t len)
{
    return conn->tls != NULL ? tls_line_receive(conn->tls, at, len) : recv(conn->fd, at, len, 0);
}

/* `more`: further bytes follow at once. */
static inline ssize_t transport_send(const struct conn *conn, const char *at, size_t len, bool more)
{
    if (conn->tls != NULL) {
        const struct iovec part = {.iov_base = (void *)(uintptr_t)at, .iov_len = len};
        return transport_send_over(conn, &part, 1);
    }
    return send(conn->fd, at, len, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

static inline ssize_t transport_send_parts(const struct conn *conn, struct iovec *parts, int n, bool more)
{
    if (conn->tls != NULL) {
        return transport_send_over(conn, parts, n);
    }
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)n};
    return sendmsg(conn->fd, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

static inline ssize_t transport_send_file(const struct conn *conn, int file, uint64_t from, size_t len)
{
    if (conn->tls != NULL) {
        return transport_send_file_over(conn, file, from, len);
    }
    off_t at = (off_t)from;
    return sendfile(conn->fd, file, &at, len);
}

/* Nothing more will be sent. */
static inline void transport_end(const struct conn *conn)
{
    if (conn->tls != NULL) {
        tls_line_end(conn->tls);
    } else {
        shutdown(conn->fd, SHUT_WR);
    }
}

/* Sent by a protocol, and not yet in the kernel. */
static inline size_t transport_left(const struct conn *conn)
{
    return conn->tls != NULL ? tls_line_left(conn->tls) : 0;
}

#endif

/* Bytes in and out of a connection, as recv, send and sendfile: the one place that knows what lies between a protocol and
 * its socket. */
#ifndef EDGE_TRANSPORT_H
#define EDGE_TRANSPORT_H

#include "edge/conns.h"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

static inline ssize_t transport_receive(const struct conn *conn, char *at, size_t len)
{
    return recv(conn->fd, at, len, 0);
}

/* `more`: further bytes follow at once. */
static inline ssize_t transport_send(const struct conn *conn, const char *at, size_t len, bool more)
{
    return send(conn->fd, at, len, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

static inline ssize_t transport_send_parts(const struct conn *conn, struct iovec *parts, int n, bool more)
{
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)n};
    return sendmsg(conn->fd, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

static inline ssize_t transport_send_file(const struct conn *conn, int file, uint64_t from, size_t len)
{
    off_t at = (off_t)from;
    return sendfile(conn->fd, file, &at, len);
}

#endif

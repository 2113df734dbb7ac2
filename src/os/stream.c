/* Reads and writes that never block. */
#include "os/stream.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAIR_BUFFER = 1 << 20 };

enum err stream_pair(int fds[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0) {
        return ERR_IO;
    }
    for (int i = 0; i < 2; i++) {
        int size = PAIR_BUFFER; /* the kernel may give less: then it takes more turns */
        setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    }
    return OK;
}

static enum err from_errno(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? ERR_AGAIN : ERR_IO;
}

enum err stream_read(int fd, void *bytes, size_t max, size_t *n)
{
    ssize_t got = recv(fd, bytes, max, MSG_DONTWAIT);
    if (got < 0) {
        return from_errno();
    }
    *n = (size_t)got;
    return OK;
}

enum err stream_write(int fd, const void *bytes, size_t len, size_t *n)
{
    ssize_t put = send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put < 0) {
        return from_errno();
    }
    *n = (size_t)put;
    return OK;
}

void stream_finish(int fd)
{
    shutdown(fd, SHUT_WR);
}

void stream_close(int fd)
{
    close(fd);
}

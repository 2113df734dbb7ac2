/* Packets between roles. */
#include "os/packet.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

enum err packet_give(int fd, struct span bytes)
{
    assert(bytes.len > 0 && bytes.len <= PACKET_MAX);
    for (;;) {
        ssize_t n = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);
        if (n == (ssize_t)bytes.len) {
            return OK;
        }
        if (n >= 0 || errno != EINTR) {
            return ERR_IO;
        }
    }
}

/* Appends one packet. */
static enum err take(int fd, struct buf *out, int wait_ms)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int ready = 0;
    do {
        ready = poll(&wait, 1, wait_ms);
    } while (ready < 0 && errno == EINTR);
    char *room = ready <= 0 ? NULL : buf_room(out, PACKET_MAX);
    if (room == NULL) {
        return ERR_IO;
    }
    ssize_t n = recv(fd, room, PACKET_MAX, MSG_DONTWAIT);
    if (n <= 0) {
        return ERR_IO;
    }
    buf_grew(out, (size_t)n);
    return OK;
}

enum err packet_take(int fd, struct buf *out, int wait_ms)
{
    buf_clear(out);
    return take(fd, out, wait_ms);
}

enum err packet_give_long(int fd, struct span bytes)
{
    while (bytes.len > 0) {
        size_t piece = bytes.len < PACKET_MAX ? bytes.len : PACKET_MAX;
        TRY(packet_give(fd, span_of(bytes.at, piece)));
        bytes = span_from(bytes, piece);
    }
    return OK;
}

enum err packet_take_long(int fd, size_t len, struct buf *out, int wait_ms)
{
    size_t end = out->len + len;
    while (out->len < end) {
        TRY(take(fd, out, wait_ms));
    }
    return out->len == end ? OK : ERR_SYNTAX;
}

void packet_end(int fd)
{
    (void)shutdown(fd, SHUT_RDWR);
}

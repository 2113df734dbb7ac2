/* Packets with a descriptor (unix(7), SCM_RIGHTS). */
#include "edge/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union ancillary {
    char room[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
};

enum err channel_send(int socket, const struct channel_message *message, int fd)
{
    struct channel_message copy = *message;
    struct iovec part = {.iov_base = &copy, .iov_len = sizeof copy};
    union ancillary ancillary = {{0}};
    struct msghdr packet = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        packet.msg_control = ancillary.room;
        packet.msg_controllen = sizeof ancillary.room;
        struct cmsghdr *header = CMSG_FIRSTHDR(&packet);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    ssize_t n;
    do {
        n = sendmsg(socket, &packet, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof copy ? OK : ERR_IO;
}

static int descriptor_of(struct msghdr *packet)
{
    struct cmsghdr *header = CMSG_FIRSTHDR(packet);
    int fd = -1;
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof fd)) {
        memcpy(&fd, CMSG_DATA(header), sizeof fd);
    }
    return fd;
}

enum err channel_receive(int socket, struct channel_message *message, int *fd)
{
    struct channel_message got = {0};
    struct iovec part = {.iov_base = &got, .iov_len = sizeof got};
    union ancillary ancillary = {{0}};
    struct msghdr packet = {.msg_iov = &part, .msg_iovlen = 1};
    packet.msg_control = ancillary.room;
    packet.msg_controllen = sizeof ancillary.room;
    ssize_t n = recvmsg(socket, &packet, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n <= 0) {
        return n < 0 && (errno == EAGAIN || errno == EINTR) ? ERR_AGAIN : ERR_IO;
    }
    int came = descriptor_of(&packet);
    if (n != (ssize_t)sizeof got || (packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
        got.kind < CHANNEL_HELLO || got.kind > CHANNEL_VIEW || (came >= 0) != (got.kind != CHANNEL_HELLO)) {
        if (came >= 0) {
            close(came);
        }
        return ERR_SYNTAX;
    }
    *message = got;
    *fd = came;
    return OK;
}

/* Either side may have been taken over: lengths are looked at before anything else is. */
#include "edge/keys_packet.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

enum { HEAD = offsetof(struct keys_packet, bytes) };

static enum err send_packet(int socket, const struct keys_packet *packet, int flags)
{
    ssize_t n = -1;
    do {
        n = send(socket, packet, HEAD + packet->len, MSG_NOSIGNAL | flags);
    } while (n < 0 && errno == EINTR);
    return n >= 0 ? OK : errno == EAGAIN || errno == ENOBUFS ? ERR_AGAIN : ERR_IO;
}

bool keys_send(int socket, struct keys_packet *packet, struct span bytes)
{
    if (bytes.len > sizeof packet->bytes) {
        return false;
    }
    if (bytes.len > 0) {
        memcpy(packet->bytes, bytes.at, bytes.len);
    }
    packet->len = (uint32_t)bytes.len;
    return send_packet(socket, packet, 0) == OK;
}

enum err keys_send_slots(int socket, struct keys_packet *packet, uint32_t n)
{
    packet->len = n * (uint32_t)sizeof *packet->slots;
    return send_packet(socket, packet, MSG_DONTWAIT);
}

enum err keys_receive(int socket, struct keys_packet *packet)
{
    for (;;) {
        ssize_t n = recv(socket, packet, sizeof *packet, MSG_DONTWAIT);
        if (n <= 0) {
            return n < 0 && (errno == EAGAIN || errno == EINTR) ? ERR_AGAIN : ERR_IO;
        }
        if ((size_t)n >= HEAD && packet->len == (size_t)n - HEAD) {
            return OK;
        }
    }
}

uint32_t keys_slots(const struct keys_packet *packet)
{
    uint32_t n = packet->len / (uint32_t)sizeof *packet->slots;
    bool whole = n <= KEYS_SLOTS && n * sizeof *packet->slots == packet->len;
    for (uint32_t i = 0; whole && i < n; i++) {
        whole = packet->slots[i].len <= TLS_ASK_MAX;
    }
    return whole ? n : 0;
}

/* The serving side of control sockets: packets in, packets out, on the program's loop. */
#include "os/control.h"

#include "os/sock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct control_server {
    struct loop *loop;
    int listener;
    control_on_request on;
    void *arg;
    struct buf answer;
    char packet[CONTROL_PACKET_MAX];
};

static void drop(struct control_server *server, int fd)
{
    loop_unwatch(server->loop, fd);
    close(fd);
}

static void on_packet(void *arg, int fd, unsigned events)
{
    struct control_server *server = arg;
    (void)events;
    ssize_t n = recv(fd, server->packet, sizeof server->packet, MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        drop(server, fd);
        return;
    }
    buf_clear(&server->answer);
    if ((size_t)n > sizeof server->packet) {
        buf_str(&server->answer, "error the request is too long");
    } else {
        server->on(server->arg, span_of(server->packet, (size_t)n), &server->answer);
    }
    if (send(fd, server->answer.at, server->answer.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        drop(server, fd);
    }
}

enum { CONNECTIONS_A_TURN = 16 };

/* All who wait, and what they ask at once: the next turn of a program that computes may be half a minute away, and who asks does
 * not wait so long. */
static void on_connection(void *arg, int listener, unsigned events)
{
    struct control_server *server = arg;
    (void)events;
    for (int i = 0; i < CONNECTIONS_A_TURN; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        if (loop_watch(server->loop, fd, LOOP_READ, on_packet, server) != OK) {
            close(fd);
            continue;
        }
        on_packet(server, fd, LOOP_READ);
    }
}

enum err control_serve(struct loop *loop, const char *path, control_on_request on, void *arg,
                       struct control_server **out, struct why *why)
{
    struct control_server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        abort();
    }
    *server = (struct control_server){.loop = loop, .listener = -1, .on = on, .arg = arg};
    enum err err = sock_control_listen(path, &server->listener, why);
    if (err == OK) {
        err = loop_watch(loop, server->listener, LOOP_READ, on_connection, server);
        if (err != OK) {
            close(server->listener);
        }
    }
    if (err != OK) {
        free(server);
        return err;
    }
    *out = server;
    return OK;
}

void control_server_close(struct control_server *server)
{
    if (server != NULL) {
        drop(server, server->listener);
        buf_done(&server->answer);
        free(server);
    }
}

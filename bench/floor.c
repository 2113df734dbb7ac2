/* The floor: one epoll loop that answers the same bytes to whatever comes, one receive and one send a request. No parsing,
 * no limits, no deadlines: what a server on this kernel cannot do without. floor PORT BODY_BYTES */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    static char in[16384];
    static char out[2 << 20];
    int one = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (argc != 3) {
        return 2;
    }
    at.sin_port = htons((uint16_t)atoi(argv[1]));
    int body = atoi(argv[2]);
    int head = sprintf(out, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", body);
    memset(out + head, 'x', (size_t)body);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int loop = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 4096) != 0 ||
        epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event) != 0) {
        return 1;
    }
    for (;;) {
        struct epoll_event events[256];
        int n = epoll_wait(loop, events, 256, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
                event = (struct epoll_event){.events = EPOLLIN | EPOLLET, .data.fd = fd};
                epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
            } else if (recv(fd, in, sizeof in, 0) <= 0 ||
                       send(fd, out, (size_t)(head + body), MSG_NOSIGNAL) < 0) {
                close(fd);
            }
        }
    }
}

/* Addresses as text, listening and connecting sockets. */
#include "os/sock.h"

#include "base/num.h"
#include "os/said.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } as;
    socklen_t len;
};

static enum err parse_host(struct span host, uint16_t port, struct address *out)
{
    char text[64];
    *out = (struct address){0};
    if (host.len == 0) {
        out->as.v6 = (struct sockaddr_in6){
            .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_any};
        out->len = sizeof out->as.v6;
        return OK;
    }
    if (host.at[0] == '[' && host.len > 2 && host.at[host.len - 1] == ']') {
        out->as.v6.sin6_family = AF_INET6;
        out->as.v6.sin6_port = htons(port);
        out->len = sizeof out->as.v6;
        return span_copy(span_of(host.at + 1, host.len - 2), text, sizeof text) &&
                       inet_pton(AF_INET6, text, &out->as.v6.sin6_addr) == 1
                   ? OK
                   : ERR_SYNTAX;
    }
    out->as.v4.sin_family = AF_INET;
    out->as.v4.sin_port = htons(port);
    out->len = sizeof out->as.v4;
    if (span_is(host, "localhost")) {
        host = SPAN("127.0.0.1");
    }
    return span_copy(host, text, sizeof text) && inet_pton(AF_INET, text, &out->as.v4.sin_addr) == 1
               ? OK
               : ERR_SYNTAX;
}

static enum err parse_address(struct span text, struct address *out, struct why *why)
{
    size_t colon = text.len;
    while (colon > 0 && text.at[colon - 1] != ':') {
        colon--;
    }
    uint32_t port = 0;
    if (colon == 0 || num_parse_u32(span_from(text, colon), &port) != OK || port > 65535 ||
        parse_host(span_of(text.at, colon - 1), (uint16_t)port, out) != OK) {
        return why_set(why, ERR_SYNTAX,
                       "\"%.*s\" is not an address: write 127.0.0.1:8080, [::1]:8080 or :8080",
                       SPAN_ARG(text));
    }
    return OK;
}

static enum err failed(int fd, struct span address, const char *what, struct why *why)
{
    int saved = errno;
    if (fd >= 0) {
        close(fd);
    }
    char shown[128];
    snprintf(shown, sizeof shown, "%.*s", SPAN_ARG(address));
    return said(why, saved == EADDRINUSE ? ERR_EXISTS : ERR_IO, what, shown, saved);
}

enum err sock_listen(struct span text, int *out, struct why *why)
{
    struct address address = {0};
    TRY(parse_address(text, &address, why));
    int on = 1;
    int off = 0;
    int fd = socket(address.as.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return failed(fd, text, "listen on", why);
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.as.any.sa_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    if (bind(fd, &address.as.any, address.len) != 0 || listen(fd, 1024) != 0) {
        return failed(fd, text, "listen on", why);
    }
    *out = fd;
    return OK;
}

static enum err connect_to(struct span text, const struct address *source, int *out, struct why *why)
{
    struct address address = {0};
    TRY(parse_address(text, &address, why));
    int fd = socket(address.as.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && source != NULL && bind(fd, &source->as.any, source->len) != 0) {
        return failed(fd, text, "bind for a connection to", why);
    }
    if (fd < 0 || connect(fd, &address.as.any, address.len) != 0) {
        return failed(fd, text, "connect to", why);
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    *out = fd;
    return OK;
}

enum err sock_connect(struct span text, int *out, struct why *why)
{
    return connect_to(text, NULL, out, why);
}

enum err sock_connect_from(struct span text, struct span source, int *out, struct why *why)
{
    char with_port[80];
    struct address from = {0};
    int n =
        snprintf(with_port, sizeof with_port, "%.*s:0", (int)(source.len < 64 ? source.len : 64), source.at);
    TRY(parse_address(span_of(with_port, (size_t)n), &from, why));
    return connect_to(text, &from, out, why);
}

enum err sock_listen_public(int listener, int backlog, int unsent, struct why *why)
{
    int on = 1;
    if (setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        setsockopt(listener, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent) != 0 ||
        listen(listener, backlog) != 0) {
        return why_set(why, ERR_IO, "the public listener: %s", strerror(errno));
    }
    return OK;
}

uint16_t sock_port(int fd)
{
    struct address address = {.len = sizeof address.as};
    if (getsockname(fd, &address.as.any, &address.len) != 0) {
        return 0;
    }
    return ntohs(address.as.any.sa_family == AF_INET6 ? address.as.v6.sin6_port : address.as.v4.sin_port);
}

void sock_address(int fd, uint8_t address[16], uint16_t *port)
{
    struct address bound = {.len = sizeof bound.as};
    memset(address, 0, 16);
    *port = sock_port(fd);
    if (getsockname(fd, &bound.as.any, &bound.len) != 0) {
        return;
    }
    if (bound.as.any.sa_family == AF_INET6) {
        memcpy(address, &bound.as.v6.sin6_addr, 16);
    } else {
        address[10] = 0xff;
        address[11] = 0xff;
        memcpy(address + 12, &bound.as.v4.sin_addr, 4);
    }
}

enum err sock_accept(int listener, int *out)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        *out = fd;
        return OK;
    }
    switch (errno) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return ERR_FULL;
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
        return ERR_IO;
    default:
        return ERR_AGAIN; /* nobody there, or gone again */
    }
}

enum err sock_pair(int fds[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0 ? OK : ERR_IO;
}

static enum err control_address(const char *path, struct sockaddr_un *out, struct why *why)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (!span_copy(span_str(path), out->sun_path, sizeof out->sun_path)) {
        return why_set(why, ERR_TOO_BIG, "socket %s: a socket's path has at most %zu bytes", path,
                       sizeof out->sun_path - 1);
    }
    return OK;
}

/* A folder with the set-group-id bit was given to a group of users: its sockets are for them. Any other one is its owner's. */
static mode_t control_mode(const char *path)
{
    char folder[sizeof((struct sockaddr_un *)0)->sun_path];
    struct stat about;
    (void)span_copy(span_str(path), folder, sizeof folder);
    char *slash = strrchr(folder, '/');
    if (slash == NULL) {
        return 0600;
    }
    slash[slash == folder ? 1 : 0] = '\0';
    return stat(folder, &about) == 0 && (about.st_mode & S_ISGID) != 0 ? 0660 : 0600;
}

enum err sock_control_listen(const char *path, int *out, struct why *why)
{
    struct sockaddr_un address;
    TRY(control_address(path, &address, why));
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(path, control_mode(path)) != 0 || listen(fd, 64) != 0) {
        return failed(fd, span_str(path), "listen on", why);
    }
    *out = fd;
    return OK;
}

enum err sock_control_connect(const char *path, int *out, struct why *why)
{
    struct sockaddr_un address;
    TRY(control_address(path, &address, why));
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        return failed(fd, span_str(path), "connect to", why);
    }
    *out = fd;
    return OK;
}

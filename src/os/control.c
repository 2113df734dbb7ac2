/* One request, one answer, with a deadline. */
#include "os/control.h"

#include "os/clock.h"
#include "os/said.h"
#include "os/sock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static enum err wait_answer(int fd, const char *path, int wait_ms, char *bytes, size_t size, size_t *len,
                            struct why *why)
{
    int64_t end = monotonic_ms() + wait_ms;
    for (;;) {
        int64_t left = end - monotonic_ms();
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int ready = left <= 0 ? 0 : poll(&wait, 1, (int)left);
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready <= 0) {
            return why_set(why, ERR_IO, "%.300s: no contesta en %d ms / no answer", path, wait_ms);
        }
        ssize_t n = recv(fd, bytes, size, MSG_DONTWAIT);
        if (n > 0) {
            *len = (size_t)n;
            return OK;
        }
        if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            return why_set(why, ERR_IO, "%.300s: cerró sin contestar / it closed without an answer", path);
        }
    }
}

static enum err ask(int fd, const char *path, struct span request, int wait_ms, struct buf *answer,
                    struct why *why)
{
    static char bytes[CONTROL_PACKET_MAX];
    if (send(fd, request.at, request.len, MSG_NOSIGNAL) != (ssize_t)request.len) {
        return said_of(why, ERR_IO, path, errno);
    }
    size_t len = 0;
    TRY(wait_answer(fd, path, wait_ms, bytes, sizeof bytes, &len, why));
    struct span rest = span_trim(span_of(bytes, len));
    struct span word = span_cut(&rest, ' ');
    if (span_is(word, "ok")) {
        if (answer != NULL && rest.at != NULL) {
            buf_span(answer, rest);
        }
        return OK;
    }
    return why_set(why, ERR_REFUSED, "%s: %.*s", path, (int)(rest.len > 300 ? 300 : rest.len),
                   rest.at == NULL ? "" : rest.at);
}

enum err control_ask(const char *path, struct span request, int wait_ms, struct buf *answer, struct why *why)
{
    int fd = -1;
    TRY(sock_control_connect(path, &fd, why));
    enum err err = ask(fd, path, request, wait_ms, answer, why);
    close(fd);
    return err;
}

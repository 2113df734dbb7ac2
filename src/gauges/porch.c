/* One asking a connection; what does not fit into the socket at once waits for it, two seconds at most. */
#include "gauges/porch.h"

#include "gauges/exposition.h"
#include "os/sock.h"
#include "wire/http1.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASKING_MAX = 32, ASKING_BYTES = 4096, ASKING_MS = 2000, LOOK_MS = 500 };

struct asking {
    int fd; /* 0: free; the standard descriptors are never connections */
    int64_t since_ms;
    size_t len, sent;
    struct buf out; /* the answer; empty until the head is whole */
    char bytes[ASKING_BYTES];
};

struct porch {
    struct loop *loop;
    int listener;
    porch_form form;
    void *arg;
    struct http1_request request; /* scratch */
    struct asking asking[ASKING_MAX];
};

static void end(struct porch *porch, struct asking *asking)
{
    loop_unwatch(porch->loop, asking->fd);
    close(asking->fd);
    buf_done(&asking->out);
    asking->fd = 0;
}

static void answer(struct porch *porch, struct buf *out, bool head_only)
{
    struct span path = porch->request.target;
    struct porch_answer answer = {.status = 200, .type = EXPOSITION_TYPE};
    const char *query = memchr(path.at, '?', path.len);
    if (query != NULL) {
        path.len = (size_t)(query - path.at);
    }
    buf_init(&answer.body, 0);
    porch->form(porch->arg, path, &answer);
    http1_status_line(out, answer.status);
    buf_printf(out,
               "Content-Length: %zu\r\nContent-Type: %s\r\nCache-Control: no-store\r\n"
               "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
               answer.body.len, answer.type);
    buf_span(out, head_only ? SPAN("") : buf_as_span(&answer.body));
    buf_done(&answer.body);
}

static void send_more(struct porch *porch, struct asking *asking)
{
    ssize_t n = send(asking->fd, asking->out.at + asking->sent, asking->out.len - asking->sent, MSG_NOSIGNAL);
    if (n > 0) {
        asking->sent += (size_t)n;
    }
    bool waits = asking->sent < asking->out.len && (n >= 0 || errno == EAGAIN);
    if (waits && loop_change(porch->loop, asking->fd, LOOP_WRITE) == OK) {
        return;
    }
    shutdown(asking->fd, SHUT_WR);
    end(porch, asking);
}

static void read_more(struct porch *porch, struct asking *asking)
{
    ssize_t n = recv(asking->fd, asking->bytes + asking->len, sizeof asking->bytes - asking->len, 0);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) {
            end(porch, asking);
        }
        return;
    }
    asking->len += (size_t)n;
    int status = 400;
    enum err err = http1_parse_request(span_of(asking->bytes, asking->len), &porch->request, &status, NULL);
    if (err == ERR_AGAIN && asking->len < sizeof asking->bytes) {
        return;
    }
    if (err == OK && (porch->request.method == HTTP_GET || porch->request.method == HTTP_HEAD)) {
        answer(porch, &asking->out, porch->request.method == HTTP_HEAD);
    } else {
        http1_status_line(&asking->out, err == OK ? 405 : err == ERR_AGAIN ? 431 : status);
        buf_str(&asking->out, err == OK ? "Allow: GET, HEAD\r\n" : "");
        buf_str(&asking->out, "Content-Length: 0\r\nConnection: close\r\n\r\n");
    }
    send_more(porch, asking);
}

static void on_asking(void *arg, int fd, unsigned events)
{
    struct porch *porch = arg;
    struct asking *asking = porch->asking;
    while (asking->fd != fd) {
        asking++;
    }
    if (asking->out.len > 0) {
        send_more(porch, asking);
    } else if ((events & (LOOP_READ | LOOP_HANGUP)) != 0) {
        read_more(porch, asking);
    }
}

static struct asking *place(struct porch *porch)
{
    struct asking *oldest = &porch->asking[0];
    for (int i = 0; i < ASKING_MAX; i++) {
        if (porch->asking[i].fd == 0) {
            return &porch->asking[i];
        }
        oldest = porch->asking[i].since_ms < oldest->since_ms ? &porch->asking[i] : oldest;
    }
    end(porch, oldest);
    return oldest;
}

/* A few a turn, so that who was let in before is answered between them. */
static void on_listener(void *arg, int listener, unsigned events)
{
    struct porch *porch = arg;
    int fd = -1;
    (void)events;
    for (int i = 0; i < ASKING_MAX / 2 && sock_accept(listener, &fd) == OK; i++) {
        struct asking *asking = place(porch);
        asking->fd = fd;
        asking->since_ms = loop_now_ms(porch->loop);
        asking->len = asking->sent = 0;
        buf_init(&asking->out, 0);
        if (loop_watch(porch->loop, fd, LOOP_READ, on_asking, porch) != OK) {
            close(fd);
            asking->fd = 0;
        }
    }
}

static void on_look(void *arg)
{
    struct porch *porch = arg;
    for (int i = 0; i < ASKING_MAX; i++) {
        struct asking *asking = &porch->asking[i];
        if (asking->fd != 0 && loop_now_ms(porch->loop) - asking->since_ms > ASKING_MS) {
            end(porch, asking);
        }
    }
    loop_after(porch->loop, LOOK_MS, on_look, porch);
}

enum err porch_open(struct loop *loop, int listener, porch_form form, void *arg, struct porch **out,
                    struct why *why)
{
    struct porch *porch = calloc(1, sizeof *porch);
    if (porch == NULL) {
        abort();
    }
    porch->loop = loop;
    porch->listener = listener;
    porch->form = form;
    porch->arg = arg;
    if (loop_watch(loop, listener, LOOP_READ, on_listener, porch) != OK) {
        free(porch);
        return why_set(why, ERR_IO, "the listener for monitors cannot be watched");
    }
    loop_after(loop, LOOK_MS, on_look, porch);
    *out = porch;
    return OK;
}

void porch_shut(struct porch *porch)
{
    loop_unwatch(porch->loop, porch->listener);
}

#include "city/sender.h"

#include "base/num.h"
#include "os/clock.h"
#include "os/sock.h"
#include "wire/http1.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    NO_ITEM = UINT32_MAX,
    PAUSE_MIN_MS = 50,
    PAUSE_MAX_MS = 1000,
    RETRY_AFTER_MAX_S = 5,
    ANSWER_MAX = 65536
};

/* One connection and the item it carries. The request is kept whole until its answer is there. */
struct line {
    struct sender *sender;
    int fd; /* -1: none */
    uint32_t item;
    struct buf request;
    size_t sent;
    struct buf answer;
    int64_t began_ms; /* this try, monotonic */
    int64_t pause_ms; /* before the next try */
    uint64_t timer;   /* the pause, 0: none */
    unsigned events;
};

struct sender {
    struct loop *loop;
    struct sender_options options;
    char host[128];
    struct line *lines;
    uint32_t *queue; /* items, each once */
    uint32_t head, tail;
    uint32_t flying;
    uint64_t retries;
    uint64_t watchdog;
    char trouble[256];
};

static void line_go(struct line *line);

static void line_hang_up(struct line *line)
{
    if (line->fd >= 0) {
        loop_unwatch(line->sender->loop, line->fd);
        close(line->fd);
        line->fd = -1;
    }
    line->sent = 0;
    buf_clear(&line->answer);
}

static void on_pause_over(void *arg)
{
    struct line *line = arg;
    line->timer = 0;
    line_go(line);
}

/* The item is sent again after a pause that grows while nothing works. */
static void line_again(struct line *line, int64_t least_ms, const char *reason)
{
    struct sender *sender = line->sender;
    line_hang_up(line);
    line->pause_ms = line->pause_ms == 0 ? PAUSE_MIN_MS : line->pause_ms * 2;
    line->pause_ms = line->pause_ms > PAUSE_MAX_MS ? PAUSE_MAX_MS : line->pause_ms;
    int64_t wait = least_ms > line->pause_ms ? least_ms : line->pause_ms;
    snprintf(sender->trouble, sizeof sender->trouble, "%.200s", reason);
    sender->retries++;
    line->timer = loop_after(sender->loop, wait, on_pause_over, line);
}

static void line_want(struct line *line, unsigned events)
{
    if (line->events != events && loop_change(line->sender->loop, line->fd, events) == OK) {
        line->events = events;
    }
}

static void line_send(struct line *line)
{
    while (line->sent < line->request.len) {
        ssize_t n = send(line->fd, line->request.at + line->sent, line->request.len - line->sent,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            line_want(line, LOOP_READ | LOOP_WRITE);
            return;
        }
        if (n < 0) {
            /* What the other side said before it cut us off is still there to be read. */
            break;
        }
        line->sent += (size_t)n;
    }
    line_want(line, LOOP_READ);
}

/* Takes the next item, if there is one, and makes its request. */
static bool line_take(struct line *line)
{
    struct sender *sender = line->sender;
    if (sender->head == sender->tail) {
        return false;
    }
    struct buf body = {0};
    line->item = sender->queue[sender->head++];
    sender->flying++;
    sender->options.body(sender->options.arg, line->item, &body);
    buf_clear(&line->request);
    buf_printf(&line->request,
               "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
               sender->options.path, sender->host, sender->options.type, body.len);
    buf_span(&line->request, buf_as_span(&body));
    buf_done(&body);
    return true;
}

static void line_answered(struct line *line, int status, struct span body, bool keep)
{
    struct sender *sender = line->sender;
    uint32_t item = line->item;
    line->item = NO_ITEM;
    line->pause_ms = 0;
    line->sent = 0;
    sender->flying--;
    sender->options.answered(sender->options.arg, item, status, body);
    buf_clear(&line->answer);
    if (!keep) {
        line_hang_up(line);
    }
    line_go(line);
}

static int64_t retry_after_ms(const struct http1_response *head)
{
    uint32_t seconds = 0;
    struct span value = http1_field(head->fields, head->n_fields, "Retry-After");
    if (value.at == NULL || num_parse_u32(value, &seconds) != OK) {
        return 0;
    }
    return (seconds > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : seconds) * 1000;
}

/* Looks whether the answer is whole. */
static void line_read_answer(struct line *line)
{
    struct http1_response head;
    struct why why = {0};
    char reason[64];
    enum err err = http1_parse_response(buf_as_span(&line->answer), &head, &why);
    if (err == ERR_AGAIN) {
        return;
    }
    if (err != OK || head.body == HTTP1_BODY_CHUNKED || head.until_close ||
        head.content_length > ANSWER_MAX) {
        line_again(line, 0, err != OK ? why.text : "an answer of unknown length");
        return;
    }
    size_t whole = head.head_len + (size_t)head.content_length;
    if (line->answer.len < whole) {
        return;
    }
    bool all_sent = line->sent == line->request.len;
    if (head.status >= 500 || head.status < 200) {
        snprintf(reason, sizeof reason, "status %d", head.status);
        line_again(line, retry_after_ms(&head), reason);
        return;
    }
    struct span body = span_of(line->answer.at + head.head_len, (size_t)head.content_length);
    line_answered(line, head.status, body, head.keep_alive && all_sent && line->answer.len == whole);
}

static void on_line(void *arg, int fd, unsigned events)
{
    struct line *line = arg;
    if (events & LOOP_WRITE) {
        line_send(line);
    }
    if (!(events & (LOOP_READ | LOOP_HANGUP))) {
        return;
    }
    char *room = buf_room(&line->answer, 16384);
    ssize_t n = recv(fd, room, 16384, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return;
    }
    if (n <= 0 || line->answer.len > ANSWER_MAX) {
        if (line->item == NO_ITEM) {
            line_hang_up(line); /* an idle connection ended, as it may */
        } else {
            line_again(line, 0, n < 0 ? strerror(errno) : "the connection was cut before the answer");
        }
        return;
    }
    buf_grew(&line->answer, (size_t)n);
    if (line->item == NO_ITEM) {
        line_hang_up(line); /* bytes that nobody asked for */
        return;
    }
    line_read_answer(line);
}

/* Moves a line on: takes an item if it has none, connects if it must, sends. */
static void line_go(struct line *line)
{
    struct sender *sender = line->sender;
    if (line->timer != 0 || (line->item == NO_ITEM && !line_take(line))) {
        return;
    }
    struct why why = {0};
    if (line->fd < 0) {
        int fd = -1;
        if (sock_connect(sender->options.address, &fd, &why) != OK) {
            line_again(line, 0, why.text);
            return;
        }
        if (loop_watch(sender->loop, fd, LOOP_READ, on_line, line) != OK) {
            close(fd);
            line_again(line, 0, "no room for another connection");
            return;
        }
        line->fd = fd;
        line->events = LOOP_READ;
    }
    line->began_ms = monotonic_ms();
    line_send(line);
}

/* A connection that says nothing for too long is given up. */
static void on_watchdog(void *arg)
{
    struct sender *sender = arg;
    int64_t now = monotonic_ms();
    for (uint32_t i = 0; i < sender->options.connections; i++) {
        struct line *line = &sender->lines[i];
        if (line->item != NO_ITEM && line->timer == 0 && now - line->began_ms > sender->options.answer_ms) {
            line_again(line, 0, "no answer in time");
        }
    }
    sender->watchdog = loop_after(sender->loop, 1000, on_watchdog, sender);
}

enum err sender_new(struct loop *loop, const struct sender_options *options, struct sender **out,
                    struct why *why)
{
    struct sender *sender = calloc(1, sizeof *sender);
    assert(sender != NULL && options->connections > 0 && options->connections <= SENDER_CONNECTIONS_MAX);
    if (!span_copy(options->address, sender->host, sizeof sender->host)) {
        free(sender);
        return why_set(why, ERR_TOO_BIG, "the intake's address is too long");
    }
    sender->loop = loop;
    sender->options = *options;
    sender->options.address = span_str(sender->host);
    sender->options.answer_ms = options->answer_ms > 0 ? options->answer_ms : 30000;
    sender->lines = calloc(options->connections, sizeof *sender->lines);
    sender->queue = calloc(options->items + 1u, sizeof *sender->queue);
    assert(sender->lines != NULL && sender->queue != NULL);
    for (uint32_t i = 0; i < options->connections; i++) {
        sender->lines[i] = (struct line){.sender = sender, .fd = -1, .item = NO_ITEM};
    }
    sender->watchdog = loop_after(loop, 1000, on_watchdog, sender);
    *out = sender;
    return OK;
}

void sender_free(struct sender *sender)
{
    if (sender == NULL) {
        return;
    }
    loop_cancel(sender->loop, sender->watchdog);
    for (uint32_t i = 0; i < sender->options.connections; i++) {
        struct line *line = &sender->lines[i];
        line_hang_up(line);
        loop_cancel(sender->loop, line->timer);
        buf_done(&line->request);
        buf_done(&line->answer);
    }
    free(sender->lines);
    free(sender->queue);
    free(sender);
}

/* A line without work, an open one first: connections are not opened as long as one is free. */
static struct line *free_line(struct sender *sender)
{
    struct line *found = NULL;
    for (uint32_t i = 0; i < sender->options.connections; i++) {
        struct line *line = &sender->lines[i];
        if (line->item == NO_ITEM && line->timer == 0) {
            if (line->fd >= 0) {
                return line;
            }
            found = found == NULL ? line : found;
        }
    }
    return found;
}

void sender_push(struct sender *sender, uint32_t item)
{
    assert(sender->tail < sender->options.items);
    sender->queue[sender->tail++] = item;
    /* While all are busy each takes its next item when it is answered. */
    struct line *line = sender->flying < sender->options.connections ? free_line(sender) : NULL;
    if (line != NULL) {
        line_go(line);
    }
}

uint32_t sender_pending(const struct sender *sender)
{
    return sender->tail - sender->head + sender->flying;
}

uint64_t sender_retries(const struct sender *sender)
{
    return sender->retries;
}

const char *sender_trouble(const struct sender *sender)
{
    return sender->trouble;
}

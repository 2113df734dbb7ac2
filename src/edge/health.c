/* A handful of connections, one answer each. */
#include "edge/health.h"

#include "base/log.h"
#include "edge/roles.h"
#include "os/clock.h"
#include "os/jail.h"
#include "os/loop.h"
#include "os/sock.h"
#include "wire/http1.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASKING_MAX = 32, ASKING_BYTES = 2048, ASKING_MS = 2000, BEAT_MS = 5000 };

struct asking {
    int fd; /* 0: free; the standard descriptors are never connections */
    int64_t since_ms;
    size_t len;
    char bytes[ASKING_BYTES];
};

struct health {
    const struct role_gift *gift;
    struct loop *loop;
    struct asking asking[ASKING_MAX];
};

const char *health_judge(const struct notice_board *board, uint32_t workers, bool is_site, int64_t now_ms)
{
    struct loader_notice notice;
    for (uint32_t i = 0; i < workers; i++) {
        int64_t beat = atomic_load_explicit(&board->workers[i].beat_ms, memory_order_relaxed);
        if (beat == 0 || now_ms - beat > BEAT_MS) {
            return "un proceso no responde / a worker does not answer\n";
        }
    }
    if (!notice_read(board, &notice) || notice.has_view == 0) {
        return "todavía no hay qué servir / nothing to serve yet\n";
    }
    return notice.has_cut == 0 && !is_site ? "todavía no hay un corte / no cut yet\n" : NULL;
}

static void gauge(struct buf *out, const char *name, const char *help, int64_t value)
{
    buf_printf(out, "# HELP atalaya_edge_%s %s\n# TYPE atalaya_edge_%s gauge\natalaya_edge_%s %lld\n", name,
               help, name, name, (long long)value);
}

static void per_worker(const struct notice_board *board, uint32_t workers, int64_t now_ms, struct buf *out)
{
    buf_str(out,
            "# HELP atalaya_edge_connections Open connections.\n# TYPE atalaya_edge_connections gauge\n");
    for (uint32_t i = 0; i < workers; i++) {
        buf_printf(out, "atalaya_edge_connections{worker=\"%u\"} %llu\n", i,
                   (unsigned long long)atomic_load(&board->workers[i].connections));
    }
    buf_str(out, "# HELP atalaya_edge_worker_beat_age_ms Since a worker last had a turn for itself.\n"
                 "# TYPE atalaya_edge_worker_beat_age_ms gauge\n");
    for (uint32_t i = 0; i < workers; i++) {
        buf_printf(out, "atalaya_edge_worker_beat_age_ms{worker=\"%u\"} %lld\n", i,
                   (long long)(now_ms - atomic_load(&board->workers[i].beat_ms)));
    }
}

void health_metrics(const struct notice_board *board, uint32_t workers, bool is_site, int64_t now_ms,
                    int64_t night_ms, struct buf *out)
{
    static const char *const names[COUNTERS] = {
#define ROW(id, name) [COUNT_##id] = (name),
        EDGE_COUNTERS(ROW)
#undef ROW
    };
    struct loader_notice notice = {0};
    for (int i = 0; i < COUNTERS; i++) {
        buf_printf(out, "# TYPE atalaya_edge_%s_total counter\natalaya_edge_%s_total %llu\n", names[i],
                   names[i], (unsigned long long)notice_sum(board, (enum edge_counter)i));
    }
    per_worker(board, workers, now_ms, out);
    bool known = notice_read(board, &notice);
    gauge(out, "healthy", "1 when /health says 200.", health_judge(board, workers, is_site, now_ms) == NULL);
    gauge(out, "alarm", "1 while what is published cannot be taken up.", known && notice.alarm[0] != '\0');
    gauge(out, "held_bytes", "Memory for what is served.", (int64_t)notice.held_bytes);
    gauge(out, "load_failures", "Cuts and sites that were refused.", (int64_t)notice.load_failures);
    if (known && notice.has_cut != 0) {
        gauge(out, "cut", "The cut that is served.", notice.cut);
        gauge(out, "cut_age_seconds", "Its age by the night's clock.",
              (night_ms - notice.cut_time_ms) / 1000);
    }
}

static void form(const struct health *health, struct span path, bool head_only, struct buf *out)
{
    const struct role_gift *gift = health->gift;
    const struct edge_options *options = gift->options;
    bool is_site = options->kind == EDGE_SITE;
    int64_t now = monotonic_ms();
    struct buf body;
    int status = 200;
    buf_init(&body, 0);
    if (span_is(path, "/metrics")) {
        health_metrics(gift->board, options->workers, is_site, now, clock_now_ms(gift->clock), &body);
    } else if (span_is(path, "/health")) {
        const char *wrong = health_judge(gift->board, options->workers, is_site, now);
        status = wrong == NULL ? 200 : 503;
        buf_str(&body, wrong == NULL ? "ok\n" : wrong);
    } else {
        status = 404;
        buf_str(&body, "/health /metrics\n");
    }
    http1_status_line(out, status);
    buf_printf(out,
               "Content-Length: %zu\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
               "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
               body.len);
    buf_span(out, head_only ? SPAN("") : buf_as_span(&body));
    buf_done(&body);
}

static void end(struct health *health, struct asking *asking)
{
    loop_unwatch(health->loop, asking->fd);
    close(asking->fd);
    asking->fd = 0;
}

static void on_asking(void *arg, int fd, unsigned events)
{
    static struct http1_request request;
    struct health *health = arg;
    struct asking *asking = health->asking;
    (void)events;
    while (asking->fd != fd) {
        asking++;
    }
    ssize_t n = recv(fd, asking->bytes + asking->len, sizeof asking->bytes - asking->len, 0);
    if (n <= 0) {
        end(health, asking);
        return;
    }
    asking->len += (size_t)n;
    int status = 400;
    enum err err = http1_parse_request(span_of(asking->bytes, asking->len), &request, &status, NULL);
    if (err == ERR_AGAIN && asking->len < sizeof asking->bytes) {
        return;
    }
    struct buf out;
    buf_init(&out, 0);
    if (err == OK && (request.method == HTTP_GET || request.method == HTTP_HEAD)) {
        form(health, request.target, request.method == HTTP_HEAD, &out);
    } else {
        http1_status_line(&out, err == OK ? 405 : status);
        buf_str(&out, "Content-Length: 0\r\nConnection: close\r\n\r\n");
    }
    /* It fits into a socket's first buffer, or is lost with whoever does not read. */
    (void)send(fd, out.at, out.len, MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    buf_done(&out);
    end(health, asking);
}

/* When all places are taken the one that asks longest makes room. */
static struct asking *place(struct health *health)
{
    struct asking *oldest = &health->asking[0];
    for (int i = 0; i < ASKING_MAX; i++) {
        if (health->asking[i].fd == 0) {
            return &health->asking[i];
        }
        oldest = health->asking[i].since_ms < oldest->since_ms ? &health->asking[i] : oldest;
    }
    end(health, oldest);
    return oldest;
}

static void on_health_listener(void *arg, int listener, unsigned events)
{
    struct health *health = arg;
    int fd = -1;
    (void)events;
    while (sock_accept(listener, &fd) == OK) {
        struct asking *asking = place(health);
        *asking = (struct asking){.fd = fd, .since_ms = loop_now_ms(health->loop)};
        if (loop_watch(health->loop, fd, LOOP_READ, on_asking, health) != OK) {
            close(fd);
            asking->fd = 0;
        }
    }
}

static void on_look(void *arg)
{
    struct health *health = arg;
    for (int i = 0; i < ASKING_MAX; i++) {
        if (health->asking[i].fd != 0 && loop_now_ms(health->loop) - health->asking[i].since_ms > ASKING_MS) {
            end(health, &health->asking[i]);
        }
    }
    loop_after(health->loop, ASKING_MS / 4, on_look, health);
}

/* Another one answers on the same listener already. */
static void on_signal(void *arg, int signal)
{
    struct health *health = arg;
    if (signal == SIGUSR1) {
        loop_stop(health->loop, 0);
    }
}

static enum err prepare(struct health *health, struct why *why)
{
    const struct jail jail = {.name = "edge-health", .rights = JAIL_SERVE};
    TRY(loop_new(&health->loop, why));
    TRY(loop_signals(health->loop, on_signal, health, why));
    TRY(loop_watch(health->loop, health->gift->health, LOOP_READ, on_health_listener, health));
    return jail_enter(&jail, why);
}

int health_main(void *arg)
{
    static struct health health;
    struct why why = {0};
    health.gift = arg;
    if (prepare(&health, &why) != OK) {
        log_line(LOG_ERROR, "health_failed", "why=\"%s\"", why.text);
        return 1;
    }
    on_look(&health);
    return loop_run(health.loop);
}

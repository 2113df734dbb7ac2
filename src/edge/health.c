/* A porch before the notice board. */
#include "edge/health.h"

#include "base/log.h"
#include "edge/metrics.h"
#include "edge/roles.h"
#include "gauges/porch.h"
#include "os/clock.h"
#include "os/jail.h"
#include "os/loop.h"

#include <signal.h>

enum { END_MS = 500 }; /* those who are being answered get their answer */

struct health {
    const struct role_gift *gift;
    struct loop *loop;
    struct porch *porch;
};

static void judge(struct porch_answer *answer, const char *wrong)
{
    answer->status = wrong == NULL ? 200 : 503;
    answer->type = "text/plain; charset=utf-8";
    buf_str(&answer->body, wrong == NULL ? "ok\n" : wrong);
}

static void form(void *arg, struct span path, struct porch_answer *answer)
{
    const struct role_gift *gift = ((const struct health *)arg)->gift;
    int64_t now = monotonic_ms();
    if (span_is(path, "/metrics")) {
        edge_metrics(gift->board, gift->options, now, clock_now_ms(gift->clock), &answer->body);
    } else if (span_is(path, "/healthz")) {
        judge(answer, health_alive(gift->board, gift->options->workers, now));
    } else if (span_is(path, "/readyz")) {
        judge(answer, health_ready(gift->board, gift->options, now));
    } else {
        judge(answer, "/healthz /readyz /metrics\n");
        answer->status = 404;
    }
}

/* Another one answers on the same listener already. */
static void on_end(void *arg)
{
    struct health *health = arg;
    loop_stop(health->loop, 0);
}

static void on_signal(void *arg, int signal)
{
    struct health *health = arg;
    if (signal == SIGUSR1) {
        porch_shut(health->porch);
        loop_after(health->loop, END_MS, on_end, health);
    }
}

static enum err prepare(struct health *health, struct why *why)
{
    const struct jail jail = {.name = "edge-health", .rights = JAIL_SERVE, .nobody = true};
    TRY(loop_new(&health->loop, why));
    TRY(loop_signals(health->loop, on_signal, health, why));
    TRY(notice_board_keep(health->gift->board, NULL, 0, why));
    TRY(porch_open(health->loop, health->gift->health, form, health, &health->porch, why));
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
    return loop_run(health.loop);
}

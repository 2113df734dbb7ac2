/* One process: a porch, and the status folders that it may read. */
#include "monitor/monitor.h"

#include "base/log.h"
#include "gauges/porch.h"
#include "monitor/programs.h"
#include "os/file.h"
#include "os/jail.h"
#include "os/loop.h"
#include "os/manager.h"
#include "os/sock.h"

#include <stdio.h>

struct monitor {
    const struct monitor_options *options;
    struct loop *loop;
    struct porch *porch;
    struct programs programs;
    int listener;
};

static void say(struct porch_answer *answer, int status, const char *text)
{
    answer->status = status;
    answer->type = "text/plain; charset=utf-8";
    buf_str(&answer->body, text);
}

static void form(void *arg, struct span path, struct porch_answer *answer)
{
    struct monitor *monitor = arg;
    const struct option_many *folders = &monitor->options->folders;
    if (span_is(path, "/healthz")) {
        say(answer, 200, "ok\n");
        return;
    }
    bool metrics = span_is(path, "/metrics");
    if (!metrics && !span_is(path, "/readyz")) {
        say(answer, 404, "/healthz /readyz /metrics\n");
        return;
    }
    programs_read(&monitor->programs, folders->values, folders->n);
    if (metrics) {
        programs_print(&monitor->programs, &answer->body);
    } else if (monitor->programs.n == 0) {
        say(answer, 503, "no hay archivos de estado / no status files\n");
    } else {
        say(answer, 200, "ok\n");
    }
}

static enum err prepare(struct monitor *monitor, struct why *why)
{
    const struct monitor_options *options = monitor->options;
    const char *folders[OPTION_MANY_MAX + 1] = {NULL};
    for (size_t i = 0; i < options->folders.n; i++) {
        folders[i] = options->folders.values[i];
        if (!file_exists(folders[i])) { /* the jail lets into what is there now */
            return why_set(why, ERR_MISSING, "%s: no existe / is not there", folders[i]);
        }
    }
    /* The service manager is spoken to over a local socket, from inside. */
    const struct jail jail = {
        .name = "metrics", .rights = JAIL_SERVE | JAIL_FILES | JAIL_LOCAL, .read = folders};
    monitor->listener = manager_listener("metrics", 0);
    if (monitor->listener < 0) {
        TRY(sock_listen(span_str(options->listen), &monitor->listener, why));
    }
    programs_init(&monitor->programs);
    TRY(loop_new(&monitor->loop, why));
    TRY(loop_signals(monitor->loop, NULL, NULL, why));
    TRY(porch_open(monitor->loop, monitor->listener, form, monitor, &monitor->porch, why));
    return jail_enter(&jail, why);
}

int monitor_run(const struct monitor_options *options)
{
    static struct monitor monitor;
    struct why why = {{0}};
    monitor.options = options;
    if (prepare(&monitor, &why) != OK) {
        (void)fprintf(stderr, "atalaya-metrics: %s\n", why.text);
        return 2;
    }
    (void)printf("atalaya-metrics port %u\n", sock_port(monitor.listener));
    (void)fflush(stdout);
    manager_watch(monitor.loop);
    manager_ready();
    int code = loop_run(monitor.loop);
    manager_stopping();
    return code;
}

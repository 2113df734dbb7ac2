/* The gate role: its loop, its listener, its link. */
#include "intake/gate.h"

#include "base/log.h"
#include "intake/gate_parts.h"
#include "os/clock.h"
#include "os/jail.h"
#include "os/proc.h"
#include "os/sock.h"
#include "os/stream.h"

#include <stdlib.h>

enum { SWEEP_MS = 100, ACCEPTS_A_TURN = 64 };

static void on_listener(void *arg, int fd, unsigned events)
{
    struct gate *gate = arg;
    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        int accepted = -1;
        enum err err = sock_accept(fd, &accepted);
        if (err == ERR_FULL && !gate->paused) {
            gate->paused = !conn_drop_slowest(gate) && loop_change(gate->loop, fd, 0) == OK;
        }
        if (err != OK) {
            return;
        }
        if (gate->n_open == gate->config.connections && !conn_drop_slowest(gate)) {
            gate->counts.refused[REFUSED_BUSY]++;
            stream_close(accepted);
            continue;
        }
        conn_open(gate, accepted);
    }
}

static struct conn *conn_of(struct gate *gate, uint64_t tag)
{
    uint32_t slot = (uint32_t)tag;
    if (slot >= gate->config.connections) {
        return NULL;
    }
    struct conn *conn = &gate->conns[slot];
    return conn->state == CONN_WAITING && conn->round == tag >> 32 ? conn : NULL;
}

static void lost(struct gate *gate)
{
    log_line(LOG_ERROR, "link_lost", "role=gate");
    loop_stop(gate->loop, 1);
}

void gate_flush(struct gate *gate)
{
    if (link_flush(&gate->link) != OK) {
        lost(gate);
    }
}

static void on_link(void *arg, int fd, unsigned events)
{
    struct gate *gate = arg;
    struct frame frame;
    (void)fd;
    (void)events;
    enum err fed = link_feed(&gate->link);
    enum err err = OK;
    while ((err = link_next(&gate->link, &frame)) == OK) {
        struct frame_answer answer;
        struct conn *conn = conn_of(gate, frame.tag);
        if (frame.kind != FRAME_ANSWER || frame.bytes.len != sizeof answer) {
            err = ERR_SYNTAX;
            break;
        }
        memcpy(&answer, frame.bytes.at, sizeof answer);
        if (conn != NULL && answer.refusal < REFUSALS) {
            request_answered(conn, &answer);
        }
    }
    if (err != ERR_AGAIN || fed != ERR_AGAIN) {
        lost(gate);
        return;
    }
    request_unqueue(gate);
    gate_flush(gate);
}

static void on_sweep(void *arg)
{
    struct gate *gate = arg;
    conn_sweep(gate, loop_now_ms(gate->loop));
    if (gate->paused && loop_change(gate->loop, gate->config.listener, LOOP_READ) == OK) {
        gate->paused = false;
    }
    request_unqueue(gate);
    gate_flush(gate);
    loop_after(gate->loop, SWEEP_MS, on_sweep, gate);
}

static void on_counts(void *arg)
{
    struct gate *gate = arg;
    gate->counts.connections = gate->n_open;
    link_send(&gate->link, FRAME_COUNTS, 0, span_of((const char *)&gate->counts, sizeof gate->counts),
              SPAN(""));
    gate_flush(gate);
    loop_after(gate->loop, 1000, on_counts, gate);
}

static enum err start(struct gate *gate, struct why *why)
{
    TRY(process_harden(why));
    TRY(loop_new(&gate->loop, why));
    TRY(loop_signals(gate->loop, NULL, NULL, why));
    link_init(&gate->link, gate->loop, gate->config.link);
    TRY(loop_watch(gate->loop, gate->config.link, LOOP_READ, on_link, gate));
    TRY(loop_watch(gate->loop, gate->config.listener, LOOP_READ, on_listener, gate));
    loop_after(gate->loop, SWEEP_MS, on_sweep, gate);
    loop_after(gate->loop, 0, on_counts, gate);
    /* It talks on what it was given: no files, no new connections, no programs. */
    return jail_enter(&(struct jail){.name = "intake-gate", .rights = JAIL_SERVE, .nobody = true}, why);
}

int gate_run(const struct gate_config *config)
{
    struct gate gate = {.config = *config};
    struct why why = {0};
    gate.conns = calloc(config->connections, sizeof *gate.conns);
    if (gate.conns == NULL) {
        abort();
    }
    log_start("intake-gate", LOG_INFO);
    int code = 1;
    if (start(&gate, &why) == OK) {
        code = loop_run(gate.loop);
        link_send(&gate.link, FRAME_BYE, 0, SPAN(""), SPAN(""));
        enum err ignored = link_flush(&gate.link);
        (void)ignored;
    } else {
        log_line(LOG_ERROR, "start_failed", "why=\"%s\"", why.text);
    }
    for (uint32_t i = 0; i < config->connections; i++) {
        if (gate.conns[i].state != CONN_FREE) {
            conn_close(&gate.conns[i]);
        }
    }
    link_done(&gate.link);
    loop_free(gate.loop);
    free(gate.conns);
    return code;
}

/* The store role's loop. */
#include "intake/keeper.h"

#include "base/log.h"
#include "intake/keeper_parts.h"
#include "os/jail.h"
#include "os/proc.h"

#include <stdio.h>
#include <stdlib.h>

void keeper_stop(struct keeper *keeper, int code, const char *event, const char *why)
{
    log_line(LOG_ERROR, event, "role=store why=\"%s\"", why);
    if (!keeper->stopping) {
        (void)why_set(&keeper->stopped, ERR_IO, "%s", why);
    }
    keeper->stopping = true;
    loop_stop(keeper->loop, code);
}

void keeper_answer(struct keeper *keeper, uint64_t tag, const struct frame_answer *answer)
{
    link_send(&keeper->gate, FRAME_ANSWER, tag, span_of((const char *)answer, sizeof *answer), SPAN(""));
}

/* False: the gate speaks nonsense. */
static bool take_frames(struct keeper *keeper)
{
    struct frame frame;
    enum err err = OK;
    while ((err = link_next(&keeper->gate, &frame)) == OK) {
        if (frame.kind == FRAME_SUBMIT) {
            keeper_gather(keeper, frame.tag, frame.bytes);
        } else if (frame.kind == FRAME_COUNTS && frame.bytes.len == sizeof keeper->gate_counts) {
            memcpy(&keeper->gate_counts, frame.bytes.at, sizeof keeper->gate_counts);
        } else if (frame.kind == FRAME_BYE) {
            keeper->leaving = true;
        } else {
            return false;
        }
    }
    return err == ERR_AGAIN;
}

static void on_gate(void *arg, int fd, unsigned events)
{
    struct keeper *keeper = arg;
    (void)fd;
    (void)events;
    enum err fed = link_feed(&keeper->gate);
    if (!take_frames(keeper)) {
        keeper_stop(keeper, 1, "gate_speaks_nonsense", "an unknown frame");
        return;
    }
    keeper_commit(keeper);
    if (keeper->leaving) {
        loop_unwatch(keeper->loop, keeper->config.gate);
        keeper_finish(keeper);
        keeper_leave(keeper);
        return;
    }
    if (link_flush(&keeper->gate) != OK || fed != ERR_AGAIN) {
        keeper_finish(keeper);
        keeper_stop(keeper, 1, "link_lost", "the gate is gone");
    }
}

void keeper_leave(struct keeper *keeper)
{
    if (keeper->leaving && (keeper->config.copy < 0 || keeper_copy_lag(keeper) == 0)) {
        loop_stop(keeper->loop, 0);
    }
}

static void append_entry(struct keeper *keeper, struct span bytes, struct buf *answer)
{
    uint64_t index = 0;
    struct why why = {0};
    keeper_pause(keeper);
    enum err err = sequencer_append(&keeper->seq, bytes, &index, &why);
    keeper_look(keeper);
    if (err == OK) {
        buf_printf(answer, "ok %llu", (unsigned long long)index);
        keeper_feed_copy(keeper);
        keeper_commit(keeper);
        return;
    }
    buf_printf(answer, "error %s", why.text[0] == '\0' ? err_name(err) : why.text);
    if (err == ERR_IO) {
        keeper_stop(keeper, 1, "store_failed", why.text);
    }
    keeper_commit(keeper);
}

static void on_control(void *arg, struct span request, struct buf *answer)
{
    struct keeper *keeper = arg;
    struct span rest = request;
    struct span verb = span_cut(&rest, '\n');
    if (span_is(verb, "append") && rest.len > 0) {
        append_entry(keeper, rest, answer);
    } else if (span_is(request, "size")) {
        buf_printf(answer, "ok %llu", (unsigned long long)keeper->last.ledger_size);
    } else {
        buf_str(answer, "error the requests are \"append\" with an entry, and \"size\"");
    }
}

/* There was no room: the ledger gets what the store has more. */
static void catch_up(struct keeper *keeper)
{
    struct why why = {0};
    keeper_pause(keeper);
    enum err err = sequencer_catch_up(&keeper->seq, &why);
    keeper_look(keeper);
    if (err == ERR_IO) {
        keeper_stop(keeper, 1, "ledger_failed", why.text);
    }
    keeper_commit(keeper);
}

static void on_second(void *arg)
{
    struct keeper *keeper = arg;
    if (keeper->last.full) {
        catch_up(keeper);
    }
    keeper_settle(keeper, true);
    keeper_status(keeper, keeper->last.full ? "degraded" : "running");
    loop_after(keeper->loop, 1000, on_second, keeper);
}

static enum err open_clock(struct keeper *keeper, struct why *why)
{
    char path[FILE_PATH_MAX];
    path_join(path, keeper->config.dir, "run/clock");
    return file_exists(path) ? clock_open(path, &keeper->clock, why) : OK;
}

/* Files below the night's folder, and no network. */
static enum err enter_jail(const struct keeper *keeper, struct why *why)
{
    static const char *const read[] = {"/dev/urandom", NULL};
    const char *const write[] = {keeper->config.dir, NULL};
    return jail_enter(&(struct jail){.name = "intake-store",
                                     .rights = JAIL_FILES | JAIL_LOCAL | JAIL_THREADS,
                                     .read = read,
                                     .write = write},
                      why);
}

static enum err start(struct keeper *keeper, struct why *why)
{
    char path[FILE_PATH_MAX];
    TRY(process_harden(why));
    TRY(enter_jail(keeper, why));
    TRY(open_clock(keeper, why));
    TRY(sequencer_open(&keeper->seq, keeper->config.dir, keeper->config.examiner, keeper->clock,
                       keeper->config.programs, why));
    TRY(loop_new(&keeper->loop, why));
    TRY(loop_signals(keeper->loop, NULL, NULL, why));
    TRY(keeper_groups_open(keeper, why));
    link_init(&keeper->gate, keeper->loop, keeper->config.gate);
    link_init(&keeper->copy, keeper->loop, keeper->config.copy);
    TRY(loop_watch(keeper->loop, keeper->config.gate, LOOP_READ, on_gate, keeper));
    if (keeper->config.copy >= 0) {
        TRY(loop_watch(keeper->loop, keeper->config.copy, LOOP_READ, keeper_on_copy, keeper));
    }
    TRY(control_serve(keeper->loop, path_join(path, keeper->config.dir, "run/intake.sock"), on_control,
                      keeper, &keeper->control, why));
    loop_after(keeper->loop, 0, on_second, keeper);
    return OK;
}

static void done(struct keeper *keeper)
{
    if (keeper->control != NULL) {
        control_server_close(keeper->control);
    }
    keeper_groups_close(keeper);
    sequencer_close(&keeper->seq);
    clock_close(keeper->clock);
    link_done(&keeper->gate);
    link_done(&keeper->copy);
    loop_free(keeper->loop);
    free(keeper->held);
    free(keeper);
}

int keeper_run(const struct keeper_config *config)
{
    struct why why = {0};
    struct keeper *keeper = calloc(1, sizeof *keeper);
    if (keeper == NULL) {
        abort();
    }
    log_start("intake-store", LOG_INFO);
    keeper->config = *config;
    enum err err = start(keeper, &why);
    int code = err == ERR_CONFLICT ? ROLE_CONTRADICTION : 1;
    if (err == OK) {
        log_line(LOG_INFO, "store_open", "entries=%llu", (unsigned long long)keeper->seq.known.size);
        code = loop_run(keeper->loop);
        if (code == ROLE_CONTRADICTION) {
            keeper_status_failed(keeper, ERR_CONFLICT, keeper->stopped.text);
        } else {
            keeper_status(keeper, "stopped");
        }
        if (config->copy >= 0) {
            link_send(&keeper->copy, FRAME_BYE, 0, SPAN(""), SPAN(""));
            enum err ignored = link_flush(&keeper->copy);
            (void)ignored;
        }
        keeper_groups_close(keeper);
        sequencer_settle(&keeper->seq);
    } else {
        log_line(LOG_ERROR, "start_failed", "role=store why=\"%s\"", why.text);
        keeper_status_failed(keeper, err, why.text);
    }
    done(keeper);
    return code;
}

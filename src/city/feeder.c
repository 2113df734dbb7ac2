#include "city/feeder.h"

#include "base/date.h"
#include "base/log.h"
#include "city/make.h"
#include "city/sender.h"
#include "doors/status.h"
#include "formats/submission.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/loop.h"
#include "seal/digest.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum record_state { RECORD_LATER, RECORD_HELD, RECORD_SENT, RECORD_ACKNOWLEDGED, RECORD_REFUSED };

struct feeder {
    const struct feeder_options *options;
    struct drill drill;
    struct loop *loop;
    struct sender *sender;
    struct clock *clock; /* NULL with a control stream */
    uint8_t *states;     /* enum record_state, by record */
    uint32_t *after;     /* the next version of a record, or SCRIPT_NONE */
    uint32_t at;         /* the first record that is not due yet */
    uint32_t held, sent, acknowledged, refused;
    struct buf request; /* of the control stream */
    bool asked;         /* an answer is owed */
    struct status status;
    char status_path[FILE_PATH_MAX];
};

/* The body: a signed note and the image it promises. */
static void make_body(void *arg, uint32_t item, struct buf *out)
{
    struct feeder *feeder = arg;
    const struct record *record = &feeder->drill.script.records[item];
    const struct election *election = &feeder->drill.election;
    struct submission submission = {
        .election = election->id,
        .centre = election->signers[record->signer].name,
        .acta = span_str(record->acta),
        .contest = election->contests[record->contest].id,
        .version = record->version,
        .reason = record->reason == NULL ? (struct span){"", 0} : span_str(record->reason),
        .sheet = record->sheet,
    };
    struct buf image = {0}, text = {0};
    script_picture(&feeder->drill.script, record, &image);
    if (image.len > 0) {
        submission.sheet.has_image = true;
        submission.sheet.image_bytes = (uint32_t)image.len;
        digest_of(buf_as_span(&image), submission.sheet.image);
    }
    submission_print(&submission, &text);
    note_make(&feeder->drill.keys[record->signer], buf_as_span(&text), out);
    buf_span(out, buf_as_span(&image));
    buf_done(&image);
    buf_done(&text);
}

static void push(struct feeder *feeder, uint32_t item)
{
    feeder->states[item] = RECORD_SENT;
    feeder->sent++;
    sender_push(feeder->sender, item);
}

static void reply(struct feeder *feeder)
{
    char line[128];
    bool done = feeder->at == feeder->drill.script.n;
    int len = snprintf(line, sizeof line, "sent %u acknowledged %u refused %u done %s\n", feeder->sent,
                       feeder->acknowledged, feeder->refused, done ? "yes" : "no");
    int fd = feeder->options->control == 0 ? 1 : feeder->options->control;
    feeder->asked = false;
    /* The parent waits for this line: one short write, and a parent that is gone is seen when we read. */
    if (write(fd, line, (size_t)len) != len) {
        log_line(LOG_WARN, "control_lost", "errno=%d", errno);
    }
}

static bool all_answered(const struct feeder *feeder)
{
    return feeder->held == 0 && sender_pending(feeder->sender) == 0;
}

static void look_whether_done(struct feeder *feeder)
{
    if (!all_answered(feeder)) {
        return;
    }
    if (feeder->asked) {
        reply(feeder);
    }
    if (feeder->options->control < 0 && feeder->at == feeder->drill.script.n) {
        loop_stop(feeder->loop,
                  0); /* what was refused is said in log and status: sending again changes nothing */
    }
}

static void on_answer(void *arg, uint32_t item, int status, struct span answer)
{
    struct feeder *feeder = arg;
    bool good = status == 200 || status == 201;
    feeder->states[item] = good ? RECORD_ACKNOWLEDGED : RECORD_REFUSED;
    feeder->acknowledged += good;
    feeder->refused += !good;
    if (!good) {
        char safe[300];
        log_line(LOG_WARN, "refused", "acta=%s version=%u status=%d answer=\"%s\"",
                 feeder->drill.script.records[item].acta, feeder->drill.script.records[item].version, status,
                 log_safe(answer, safe, sizeof safe));
    }
    uint32_t next = feeder->after[item];
    if (next != SCRIPT_NONE && feeder->states[next] == RECORD_HELD) {
        feeder->held--;
        push(feeder, next);
    }
    /* Not from here: the sender still counts this line as busy. */
}

/* Sends everything due by a moment; a correction waits for the version before it. */
static void release(struct feeder *feeder, int64_t upto_ms)
{
    const struct script *script = &feeder->drill.script;
    while (feeder->at < script->n && script->records[feeder->at].due_ms <= upto_ms) {
        uint32_t item = feeder->at++, before = script->records[item].before;
        if (before != SCRIPT_NONE && feeder->states[before] < RECORD_ACKNOWLEDGED) {
            feeder->states[item] = RECORD_HELD;
            feeder->held++;
        } else {
            push(feeder, item);
        }
    }
}

static void on_tick(void *arg)
{
    struct feeder *feeder = arg;
    const struct script *script = &feeder->drill.script;
    int64_t wait = 200;
    if (feeder->clock != NULL) {
        release(feeder, clock_now_ms(feeder->clock));
        int64_t due =
            feeder->at < script->n ? clock_wait_ms(feeder->clock, script->records[feeder->at].due_ms) : 200;
        wait = due < 0 || due > 200 ? 200 : due;
    }
    look_whether_done(feeder);
    (void)loop_after(feeder->loop, wait < 5 ? 5 : wait, on_tick, feeder);
}

static void take_lines(struct feeder *feeder);

/* With a control stream answers are looked for at every turn until there is one to give. */
static void on_soon(void *arg)
{
    struct feeder *feeder = arg;
    look_whether_done(feeder);
    if (feeder->asked) {
        (void)loop_after(feeder->loop, 1, on_soon, feeder);
    } else {
        take_lines(feeder);
    }
}

/* "until 2027-06-07T02:10:00Z" */
static void take_request(struct feeder *feeder, struct span line)
{
    int64_t upto = 0;
    if (!span_starts(line, SPAN("until ")) || date_parse_iso(span_from(line, 6), &upto) != OK) {
        log_line(LOG_ERROR, "control_unknown", "bytes=%zu", line.len);
        loop_stop(feeder->loop, 2);
        return;
    }
    feeder->asked = true;
    release(feeder, upto);
    (void)loop_after(feeder->loop, 0, on_soon, feeder);
}

/* One request at a time: the next is looked at when the one before was answered. */
static void take_lines(struct feeder *feeder)
{
    struct span rest = buf_as_span(&feeder->request), line = rest;
    const char *end = rest.len == 0 ? NULL : memchr(rest.at, '\n', rest.len);
    if (end == NULL || feeder->asked) {
        return;
    }
    line.len = (size_t)(end - rest.at);
    take_request(feeder, line);
    size_t used = line.len + 1;
    memmove(feeder->request.at, feeder->request.at + used, feeder->request.len - used);
    buf_truncate(&feeder->request, feeder->request.len - used);
}

static void on_control(void *arg, int fd, unsigned events)
{
    struct feeder *feeder = arg;
    (void)events;
    ssize_t n = read(fd, buf_room(&feeder->request, 512), 512);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    if (n <= 0 || feeder->request.len > 4096) {
        loop_stop(feeder->loop, feeder->asked || feeder->at < feeder->drill.script.n);
        return;
    }
    buf_grew(&feeder->request, (size_t)n);
    take_lines(feeder);
}

static void write_status(struct feeder *feeder, const char *state)
{
    const struct script *script = &feeder->drill.script;
    struct why why = {0};
    bool waits = sender_pending(feeder->sender) > 0 && sender_retries(feeder->sender) > 0;
    status_begin(&feeder->status, "feeder", state, clock_now_ms(feeder->clock));
    status_add_u64(&feeder->status, "to_send", script->n);
    status_add_u64(&feeder->status, "sent", feeder->sent);
    status_add_u64(&feeder->status, "acknowledged", feeder->acknowledged);
    status_add_u64(&feeder->status, "refused", feeder->refused);
    status_add_u64(&feeder->status, "retries", sender_retries(feeder->sender));
    status_add(&feeder->status, "trouble",
               waits ? span_str(sender_trouble(feeder->sender)) : (struct span){"", 0});
    status_add_time(&feeder->status, "next",
                    feeder->at < script->n ? script->records[feeder->at].due_ms : -1);
    if (status_write(feeder->status_path, &feeder->status, &why) != OK) {
        log_line(LOG_WARN, "status_not_written", "why=\"%s\"", why.text);
    }
}

static void on_status(void *arg)
{
    struct feeder *feeder = arg;
    write_status(feeder, "running");
    (void)loop_after(feeder->loop, 1000, on_status, feeder);
}

static enum err write_expected(struct feeder *feeder, struct why *why)
{
    char run[FILE_PATH_MAX], path[FILE_PATH_MAX];
    struct buf text = {0};
    TRY(folder_make(path_join(run, feeder->options->dir, "run/status"), why));
    (void)path_join(feeder->status_path, run, "feeder");
    script_expect_print(&feeder->drill.script, &text);
    enum err err = file_write(path_join(path, feeder->options->dir, "run/expected.json"), buf_as_span(&text),
                              false, why);
    buf_done(&text);
    return err;
}

static void link_versions(struct feeder *feeder)
{
    const struct script *script = &feeder->drill.script;
    feeder->states = calloc(script->n + 1u, sizeof *feeder->states);
    feeder->after = calloc(script->n + 1u, sizeof *feeder->after);
    assert(feeder->states != NULL && feeder->after != NULL);
    for (uint32_t i = 0; i < script->n; i++) {
        feeder->after[i] = SCRIPT_NONE;
    }
    for (uint32_t i = 0; i < script->n; i++) {
        if (script->records[i].before != SCRIPT_NONE) {
            feeder->after[script->records[i].before] = i;
        }
    }
}

static enum err start(struct feeder *feeder, struct why *why)
{
    char path[FILE_PATH_MAX];
    const struct feeder_options *options = feeder->options;
    TRY(drill_open(options->dir, &feeder->drill, why));
    feeder->drill.script.election = &feeder->drill.election;
    link_versions(feeder);
    TRY(write_expected(feeder, why));
    if (file_exists(path_join(path, options->dir, "run/clock"))) {
        TRY(clock_open(path, &feeder->clock, why));
    }
    TRY(loop_new(&feeder->loop, why));
    TRY(loop_signals(feeder->loop, NULL, NULL, why));
    struct sender_options sender = {
        .address = options->intake,
        .path = "/v1/acta",
        .type = SUBMISSION_TYPE,
        .connections = options->connections > 0 ? options->connections : 32,
        .items = feeder->drill.script.n,
        .body = make_body,
        .answered = on_answer,
        .arg = feeder,
    };
    TRY(sender_new(feeder->loop, &sender, &feeder->sender, why));
    if (options->control >= 0) {
        TRY(loop_watch(feeder->loop, options->control, LOOP_READ, on_control, feeder));
    } else {
        (void)loop_after(feeder->loop, 0, on_tick, feeder);
    }
    on_status(feeder);
    return OK;
}

enum err feeder_run(const struct feeder_options *options, int *code, struct why *why)
{
    struct feeder *feeder = calloc(1, sizeof *feeder);
    assert(feeder != NULL);
    feeder->options = options;
    enum err err = start(feeder, why);
    if (err == OK) {
        *code = loop_run(feeder->loop);
        write_status(feeder, "stopped");
        log_line(LOG_INFO, "end", "sent=%u acknowledged=%u refused=%u of=%u retries=%llu", feeder->sent,
                 feeder->acknowledged, feeder->refused, feeder->drill.script.n,
                 (unsigned long long)sender_retries(feeder->sender));
    }
    sender_free(feeder->sender);
    loop_free(feeder->loop);
    clock_close(feeder->clock);
    drill_close(&feeder->drill);
    buf_done(&feeder->request);
    free(feeder->states);
    free(feeder->after);
    free(feeder);
    return err;
}

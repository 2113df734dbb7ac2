/* The puller's round: look, adopt, images, tidy, tell. */
#include "mirror/puller.h"

#include "base/log.h"
#include "base/num.h"
#include "doors/status.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/jail.h"

#include <poll.h>
#include <stdio.h>

enum { EXPIRE_EVERY_CUTS = 10, STATUS_MS = 1000, IDLE_IMAGES_MS = 1500 };

struct puller {
    const struct puller_options *options;
    struct pull pull;
    struct clock *clock;
    bool lost;
    int64_t last_answer_ms; /* night clock; -1 before the first */
    int64_t lag_ms;         /* of the cut that is up: when it came minus when it was made */
    int64_t expired_cut;    /* the newest one when old bodies were last removed; -1: not yet */
    char alarm[600];
    char said[64];   /* the line last written */
    int64_t told_ms; /* monotonic */
    struct status status;
};

static void write_feed_state(struct puller *puller)
{
    char iso[DATE_ISO_LEN + 1] = "-", line[64];
    struct why why = {{0}};
    if (puller->last_answer_ms >= 0) {
        date_print_iso(iso, puller->last_answer_ms);
    }
    const char *word = puller->pull.follow.conflict ? "conflict" : puller->lost ? "lost" : "ok";
    snprintf(line, sizeof line, "%s %s\n", word, iso);
    if (strcmp(line, puller->said) == 0) {
        return;
    }
    if (file_write(puller->options->feed_state, span_str(line), false, &why) != OK) {
        log_line(LOG_WARN, "feed_state_not_written", "why=\"%s\"", why.text);
        return;
    }
    snprintf(puller->said, sizeof puller->said, "%s", line);
}

static void write_status(struct puller *puller)
{
    const struct pull *pull = &puller->pull;
    struct status *status = &puller->status;
    struct why why = {{0}};
    char manifest[65] = "-";
    int64_t now = clock_now_ms(puller->clock);
    int64_t age = puller->last_answer_ms < 0 ? 0 : now - puller->last_answer_ms;
    status_begin(status, puller->options->name,
                 puller->lost ? "degraded"
                 : pull->has  ? "running"
                              : "starting",
                 now);
    status->alarm = span_str(puller->alarm);
    if (pull->has) {
        for (int i = 0; i < 32; i++) {
            snprintf(manifest + (ptrdiff_t)i * 2, 3, "%02x", pull->manifest[i]);
        }
        status_add_u64(status, "cut", pull->cut);
        status_add_time(status, "cut_time", pull->cut_ms);
    }
    status_add(status, "feed", puller->lost ? SPAN("lost") : SPAN("ok"));
    status_add_u64(status, "feed_age_s", (uint64_t)(age < 0 ? 0 : age / 1000));
    status_add_u64(status, "log_size", pull->follow.held);
    status_add_u64(status, "cut_proofs", pull->follow.next_proof);
    status_add(status, "log_conflict", pull->follow.conflict ? SPAN("yes") : SPAN("no"));
    status_add_u64(status, "lag_s", (uint64_t)(puller->lag_ms < 0 ? 0 : puller->lag_ms / 1000));
    status_add_u64(status, "rejected", pull->rejected);
    status_add_u64(status, "files_fetched", pull->files_fetched);
    status_add_u64(status, "bytes_fetched", pull->bytes_fetched);
    status_add_u64(status, "images_missing", pull->n_images);
    status_add_u64(status, "disk_free_bytes", file_free_bytes(puller->options->pull.dir));
    status_add(status, "manifest", span_str(manifest));
    status_add(status, "last", pull->last ? SPAN("yes") : SPAN("no"));
    if (puller->options->status != NULL && status_write(puller->options->status, status, &why) != OK) {
        log_line(LOG_WARN, "status_not_written", "why=\"%s\"", why.text);
    }
}

static void tell(struct puller *puller, bool at_once)
{
    int64_t now = monotonic_ms();
    if (at_once || now - puller->told_ms >= STATUS_MS) {
        puller->told_ms = now;
        write_feed_state(puller);
        write_status(puller);
    }
}

static void new_cut(struct puller *puller)
{
    struct why why = {{0}};
    puller->lag_ms = clock_now_ms(puller->clock) - puller->pull.cut_ms;
    log_line(LOG_INFO, "cut_adopted", "cut=%u lag_ms=%lld files=%llu", puller->pull.cut,
             (long long)puller->lag_ms, (unsigned long long)puller->pull.files_fetched);
    /* By cuts, not by looks: a mirror that is slow takes several at once. */
    if (puller->expired_cut < 0 || (int64_t)puller->pull.cut - puller->expired_cut >= EXPIRE_EVERY_CUTS) {
        puller->expired_cut = puller->pull.cut;
        if (pull_expire(&puller->pull, &why) != OK) {
            log_line(LOG_WARN, "expire_failed", "why=\"%s\"", why.text);
        }
    }
}

/* True when something changed that should be told at once. */
static bool look(struct puller *puller)
{
    struct why why = {{0}};
    bool was_lost = puller->lost, had_alarm = puller->alarm[0] != '\0';
    enum pull_result result = pull_once(&puller->pull, &why);
    puller->lost = result == PULL_LOST;
    if (result != PULL_LOST) {
        puller->last_answer_ms = clock_now_ms(puller->clock);
    }
    puller->alarm[0] = '\0';
    if (result == PULL_NEW) {
        new_cut(puller);
    } else if (result == PULL_REJECTED) {
        snprintf(puller->alarm, sizeof puller->alarm, "no se acepta lo que da la fuente: %s", why.text);
    }
    if (puller->lost != was_lost || (result == PULL_REJECTED && !had_alarm)) {
        log_line(puller->lost || result == PULL_REJECTED ? LOG_WARN : LOG_INFO,
                 puller->lost              ? "feed_lost"
                 : result == PULL_REJECTED ? "feed_rejected"
                                           : "feed_back",
                 "why=\"%s\"", why.text);
    }
    return result == PULL_NEW || puller->lost != was_lost || had_alarm != (puller->alarm[0] != '\0');
}

static void on_busy(void *arg)
{
    tell(arg, false);
}

static enum err begin(struct puller *puller, struct why *why)
{
    const struct puller_options *options = puller->options;
    if (options->clock != NULL) {
        TRY(clock_open(options->clock, &puller->clock, why));
    }
    TRY(pull_open(&puller->pull, &options->pull, why));
    puller->pull.options.busy = on_busy;
    puller->pull.options.busy_arg = puller;
    char status_dir[FILE_PATH_MAX];
    snprintf(status_dir, sizeof status_dir, "%s",
             options->status == NULL ? options->pull.dir : options->status);
    char *slash = strrchr(status_dir, '/');
    if (options->status != NULL && slash != NULL) {
        *slash = '\0';
    }
    /* It connects and writes below its folder; certificates and name service are read. */
    const char *read[] = {"/etc", "/usr/share/ca-certificates", "/run/systemd/resolve", options->clock, NULL};
    const char *write[] = {options->pull.dir, status_dir, NULL};
    const struct jail jail = {
        .name = "mirror-puller", .rights = JAIL_CONNECT | JAIL_FILES, .read = read, .write = write};
    return jail_enter(&jail, why);
}

int puller_role(void *arg)
{
    static struct puller puller;
    struct why why = {{0}};
    puller = (struct puller){.options = arg, .last_answer_ms = -1, .expired_cut = -1};
    if (begin(&puller, &why) != OK) {
        log_line(LOG_ERROR, "puller_not_started", "why=\"%s\"", why.text);
        return 2;
    }
    for (;;) {
        tell(&puller, look(&puller));
        struct why slow = {{0}};
        if (!puller.lost && puller.pull.n_images > 0 &&
            pull_images(&puller.pull, IDLE_IMAGES_MS, &slow) != OK) {
            log_line(LOG_WARN, "images_not_fetched", "why=\"%s\"", slow.text);
        }
        tell(&puller, false);
        poll(NULL, 0, puller.options->poll_ms);
    }
}

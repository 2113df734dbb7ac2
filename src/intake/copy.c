/* The copy role. It asks for what comes after what it has on disk; a group is images first, then the journal,
 * each synced, and only then "have". When its disk fails it keeps the group and tries again. Beside that it takes over what was
 * shown (copy_shown.c). */
#include "intake/copy.h"

#include "base/log.h"
#include "intake/frame.h"
#include "intake/journal.h"
#include "os/append.h"
#include "os/file.h"
#include "os/jail.h"
#include "os/proc.h"
#include "seal/digest.h"
#include "tlog/entry.h"

#include <stdio.h>
#include <stdlib.h>

enum { RETRY_MS = 1000, SHOWN_MS = 50 };

struct copy {
    struct copy_config config;
    struct loop *loop;
    struct link link;
    struct append journal;
    uint64_t have;     /* events on disk */
    uint8_t last[32];  /* SHA-256 of the last one's entry */
    struct buf group;  /* records that wait */
    struct buf images; /* digests that wait, 32 bytes each */
    uint64_t next;     /* index after the group */
    uint8_t group_last[32];
    bool has_cut; /* the group has a cut's entry */
    bool failing;
    bool jailed;
    struct copy_shown shown;
    struct copy_keys_seen keys_seen;
    bool shown_failing;
};

static void lost(struct copy *copy, const char *event, const char *why)
{
    log_line(LOG_ERROR, event, "role=copy why=\"%s\"", why);
    loop_stop(copy->loop, 1);
}

static enum err write_images(struct copy *copy, struct why *why)
{
    char from[FILE_PATH_MAX];
    char to[FILE_PATH_MAX];
    path_join(from, copy->config.dir, "images");
    path_join(to, copy->config.copy, "images");
    if (copy->images.len == 0) {
        return OK;
    }
    TRY(folder_make(to, why));
    for (size_t at = 0; at < copy->images.len; at += DIGEST_LEN) {
        TRY(copy_image(from, to, (const unsigned char *)copy->images.at + at, why));
    }
    return file_sync_all(to, why);
}

/* A cut's entry follows the manifest of the cut before it, here too. */
static void copy_shown_before(struct copy *copy)
{
    enum err told = copy->has_cut ? copy_shown(&copy->shown, NULL) : OK; /* look_shown says it */
    (void)told;
}

static enum err write_group(struct copy *copy, struct why *why)
{
    TRY(write_images(copy, why));
    copy_shown_before(copy);
    uint64_t before = copy->journal.len;
    TRY(append_add(&copy->journal, buf_as_span(&copy->group), why));
    enum err err = append_sync(&copy->journal, why);
    if (err != OK) {
        enum err ignored = append_cut(&copy->journal, before, NULL); /* it is written again */
        (void)ignored;
    }
    return err;
}

/* What is on the copy's disk, for the log: it has nothing signed that the copy has not. Lost with the power it is only less. */
static void say_have(const struct copy *copy)
{
    char folder[FILE_PATH_MAX], path[FILE_PATH_MAX], text[32];
    struct why why = {0};
    int n = snprintf(text, sizeof text, "%llu\n", (unsigned long long)copy->have);
    enum err err = folder_make(path_join(folder, copy->config.dir, "run/copy"), &why);
    err =
        err == OK ? file_write(path_join(path, folder, "have"), span_of(text, (size_t)n), false, &why) : err;
    if (err != OK) {
        log_line(LOG_ERROR, "copy_cannot_say", "why=\"%s\"", why.text);
    }
}

static void send_have(struct copy *copy)
{
    say_have(copy);
    struct span last = span_of((const char *)copy->last, copy->have == 0 ? 0 : DIGEST_LEN);
    link_send(&copy->link, FRAME_HAVE, copy->have, last, SPAN(""));
    if (link_flush(&copy->link) != OK) {
        lost(copy, "link_lost", "the store is gone");
    }
}

static void finish_group(void *arg)
{
    struct copy *copy = arg;
    struct why why = {0};
    if (write_group(copy, &why) != OK) {
        if (!copy->failing) {
            log_line(LOG_ERROR, "copy_fails", "why=\"%s\"", why.text);
        }
        copy->failing = true;
        loop_after(copy->loop, RETRY_MS, finish_group, copy);
        return;
    }
    if (copy->failing) {
        log_line(LOG_INFO, "copy_works_again", "entries=%llu", (unsigned long long)copy->next);
    }
    copy->failing = false;
    copy->have = copy->next;
    memcpy(copy->last, copy->group_last, sizeof copy->last);
    buf_clear(&copy->group);
    buf_clear(&copy->images);
    copy->has_cut = false;
    send_have(copy);
}

/* What of it lies outside the journal. */
static void note_files(struct copy *copy, struct span bytes)
{
    struct buf scratch = {0};
    struct entry entry;
    bool is_one = entry_parse(bytes, &entry, &scratch, NULL) == OK;
    if (is_one && entry.type == ENTRY_ACTA && entry.as.acta.sheet.has_image) {
        buf_add(&copy->images, entry.as.acta.sheet.image, DIGEST_LEN);
    }
    copy->has_cut = copy->has_cut || (is_one && entry.type == ENTRY_CUT);
    buf_done(&scratch);
}

static bool take_event(struct copy *copy, const struct frame *frame)
{
    struct frame_event head;
    if (frame->bytes.len < sizeof head) {
        return false;
    }
    memcpy(&head, frame->bytes.at, sizeof head);
    if (frame->bytes.len != sizeof head + (uint64_t)head.entry_len + head.note_len) {
        return false;
    }
    struct journal_record record = {.index = frame->tag,
                                    .first = copy->group.len == 0,
                                    .entry = span_of(frame->bytes.at + sizeof head, head.entry_len),
                                    .note = span_from(frame->bytes, sizeof head + head.entry_len)};
    journal_print(&copy->group, &record);
    digest_of(record.entry, copy->group_last);
    note_files(copy, record.entry);
    return true;
}

static void on_link(void *arg, int fd, unsigned events)
{
    struct copy *copy = arg;
    struct frame frame;
    (void)fd;
    (void)events;
    enum err fed = link_feed(&copy->link);
    enum err err = OK;
    while ((err = link_next(&copy->link, &frame)) == OK) {
        if (frame.kind == FRAME_GO) {
            copy->next = frame.tag;
            finish_group(copy);
        } else if (frame.kind == FRAME_BYE) {
            loop_stop(copy->loop, 0);
            return;
        } else if (frame.kind != FRAME_EVENT || !take_event(copy, &frame)) {
            err = ERR_SYNTAX;
            break;
        }
    }
    if (err != ERR_AGAIN || fed != ERR_AGAIN || link_flush(&copy->link) != OK) {
        lost(copy, "link_lost", "the store is gone");
    }
}

/* Manifests and proofs have no event that would tell of them: looked for, for as long as the role lives. */
static void look_shown(void *arg)
{
    struct copy *copy = arg;
    struct why why = {0};
    enum err err = copy_shown(&copy->shown, &why);
    if (err == OK && copy->config.keys) {
        err = copy_keys(copy->config.dir, copy->config.copy, &copy->keys_seen, &why);
    }
    if ((err != OK) != copy->shown_failing) {
        copy->shown_failing = err != OK;
        log_line(err != OK ? LOG_ERROR : LOG_INFO, err != OK ? "copy_fails" : "copy_works_again",
                 "what=shown why=\"%s\"", why.text);
    }
    loop_after(copy->loop, err != OK ? RETRY_MS : SHOWN_MS, look_shown, copy);
}

/* Opens the journal, cuts a torn end off, or begins it. What was cut off the store has, and gives again. */
static enum err open_journal(struct copy *copy, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct journal_about about = {0};
    TRY(append_open(path_join(path, copy->config.copy, "journal"), &copy->journal, why));
    TRY(journal_read(path, NULL, NULL, &about, why));
    if (about.bytes < copy->journal.len) {
        log_line(LOG_WARN, "copy_torn", "entries=%llu bytes=%llu", (unsigned long long)about.events,
                 (unsigned long long)(copy->journal.len - about.bytes));
        TRY(append_cut(&copy->journal, about.bytes, why));
    }
    if (about.bytes == 0) {
        TRY(append_add(&copy->journal, SPAN(JOURNAL_HEAD), why));
    }
    TRY(append_sync(&copy->journal, why));
    copy->have = about.events;
    memcpy(copy->last, about.last, sizeof copy->last);
    return folder_sync(copy->config.copy, why);
}

/* Images, manifests and proofs to read; the copy, and the two folders that proofs wait in. The definition is copied before it
 * enters. The keys it can read only where the copy is to have them, as they may be changed during a night. */
static enum err enter_jail(struct copy *copy, struct why *why)
{
    static const char *const folders[] = {"images", "public", "run/copy", "run/proofs", "keys"};
    enum { FOLDERS = sizeof folders / sizeof folders[0] };
    const size_t n = copy->config.keys ? FOLDERS : FOLDERS - 1;
    char paths[FOLDERS][FILE_PATH_MAX];
    for (size_t i = 0; i < n; i++) { /* what is not there cannot be allowed */
        TRY(folder_make(path_join(paths[i], copy->config.dir, folders[i]), why));
    }
    const char *const read[] = {paths[0], paths[1], copy->config.keys ? paths[4] : NULL, NULL};
    const char *const write[] = {copy->config.copy, paths[2], paths[3], NULL};
    enum err err = jail_enter(
        &(struct jail){.name = "intake-copy", .rights = JAIL_FILES, .read = read, .write = write}, why);
    copy->jailed = err == OK;
    return err;
}

/* Until its folder can be written (it may be mounted later) the copy only says so; the night goes on. */
static void begin(void *arg)
{
    struct copy *copy = arg;
    struct why why = {0};
    enum err err =
        copy->jailed ? OK : copy_ground(copy->config.dir, copy->config.copy, copy->config.keys, &why);
    bool free = err == OK && !copy->jailed;
    err = free ? enter_jail(copy, &why) : err;
    if (free && err == ERR_REFUSED) { /* never without its jail */
        lost(copy, "start_failed", why.text);
        return;
    }
    copy->shown = (struct copy_shown){.dir = copy->config.dir, .copy = copy->config.copy};
    err = err == OK ? copy_shown_begin(&copy->shown, &why) : err;
    err = err == OK ? open_journal(copy, &why) : err;
    if (err != OK) {
        append_close(&copy->journal);
        log_line(LOG_ERROR, "copy_cannot_begin", "why=\"%s\"", why.text);
        loop_after(copy->loop, RETRY_MS, begin, copy);
        return;
    }
    log_line(LOG_INFO, "copy_open", "entries=%llu", (unsigned long long)copy->have);
    send_have(copy);
    loop_after(copy->loop, SHOWN_MS, look_shown, copy);
}

static enum err start(struct copy *copy, struct why *why)
{
    TRY(process_harden(why));
    TRY(loop_new(&copy->loop, why));
    TRY(loop_signals(copy->loop, NULL, NULL, why));
    link_init(&copy->link, copy->loop, copy->config.link);
    TRY(loop_watch(copy->loop, copy->config.link, LOOP_READ, on_link, copy));
    loop_after(copy->loop, 0, begin, copy);
    return OK;
}

int copy_run(const struct copy_config *config)
{
    struct copy copy = {.config = *config, .journal.fd = -1};
    struct why why = {0};
    int code = 1;
    log_start("intake-copy", LOG_INFO);
    if (start(&copy, &why) == OK) {
        code = loop_run(copy.loop);
    } else {
        log_line(LOG_ERROR, "start_failed", "role=copy why=\"%s\"", why.text);
    }
    append_close(&copy.journal);
    link_done(&copy.link);
    buf_done(&copy.group);
    buf_done(&copy.images);
    loop_free(copy.loop);
    return code;
}

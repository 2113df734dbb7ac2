/* What is added to the store: notes, lines of the journal. Nothing is rewritten. */
#include "guard/store.h"

#include "base/date.h"
#include "os/append.h"
#include "seal/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

/* A file that is in the way of our next number is not ours (it did not verify): evidence. */
static enum err put_aside(const struct store *store, const char *path, const char *folder, uint64_t number,
                          int64_t now_ms, struct why *why)
{
    char aside[FILE_PATH_MAX];
    if (!file_exists(path)) {
        return OK;
    }
    (void)snprintf(aside, sizeof aside, "%.3900s/quarantine/%s-%" PRIu64 "-%" PRId64, store->dir, folder,
                   number, now_ms);
    return file_rename(path, aside, why);
}

static enum err write_note(const struct store *store, const struct secret_key *key, const char *folder,
                           uint64_t number, struct span text, int64_t now_ms, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf note = {0};
    (void)snprintf(path, sizeof path, "%.3900s/%s/%" PRIu64, store->dir, folder, number);
    note_make(key, text, &note);
    enum err err = note.err == OK ? OK : why_set(why, note.err, "la clave no firma / the key does not sign");
    err = err == OK ? put_aside(store, path, folder, number, now_ms, why) : err;
    err = err == OK ? file_write(path, buf_as_span(&note), true, why) : err;
    buf_done(&note);
    return err;
}

enum err store_seal(struct store *store, const struct secret_key *key, struct sealed *next, int64_t now_ms,
                    struct why *why)
{
    struct buf text = {0};
    next->name = arena_copy(&next->arena, span_str(store->vkey.name));
    next->version = store->newest.version + 1;
    next->time_ms = now_ms - now_ms % 1000;
    next->has_previous = store->newest.version > 0;
    memcpy(next->previous, store->newest_sha256, sizeof next->previous);
    sealed_print(next, &text);
    enum err err =
        text.len <= SEALED_BYTES_MAX
            ? OK
            : why_set(why, ERR_TOO_BIG, "el sitio pasa de %d bytes de lista / the list is too long",
                      SEALED_BYTES_MAX);
    err = err == OK ? write_note(store, key, "sealed", next->version, buf_as_span(&text), now_ms, why) : err;
    if (err == OK) {
        digest_of(buf_as_span(&text), store->newest_sha256);
    }
    buf_done(&text);
    return err;
}

enum err store_mode(struct store *store, const struct secret_key *key, bool down, struct span reason,
                    int64_t now_ms, struct why *why)
{
    struct buf text = {0};
    struct site_mode next = {
        .name = span_str(store->vkey.name), .serial = store->mode.serial + 1, .down = down};
    next.since_ms = now_ms - now_ms % 1000;
    next.reason = reason;
    site_mode_print(&next, &text);
    enum err err = write_note(store, key, "mode", next.serial, buf_as_span(&text), now_ms, why);
    if (err == OK) {
        site_mode_done(&store->mode);
        err = site_mode_parse(buf_as_span(&text), &store->mode, why);
    }
    buf_done(&text);
    return err;
}

enum err store_journal(const struct store *store, const char *act, struct span what, int64_t now_ms,
                       struct why *why)
{
    char path[FILE_PATH_MAX];
    char time[DATE_ISO_LEN + 1];
    struct append file;
    struct buf line = {0};
    date_print_iso(time, now_ms);
    buf_printf(&line, "%s %s %.*s\n", time, act, SPAN_ARG(what));
    enum err err = append_open(path_join(path, store->dir, "journal"), &file, why);
    if (err == OK) {
        err = append_add(&file, buf_as_span(&line), why);
        err = err == OK ? append_sync(&file, why) : err;
        append_close(&file);
    }
    buf_done(&line);
    return err;
}

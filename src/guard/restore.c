/* restore: what is foreign or changed goes to quarantine, what was sealed comes back, and everything is looked at again. Each step
 * leaves either the old or the new thing in its place, so that after an interruption it is simply run again. */
#include "guard/act.h"

#include "base/date.h"
#include "os/append.h"
#include "os/beneath.h"
#include "os/said.h"
#include "seal/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROUNDS = 3, PIECE = 65536, ROOM_TO_WORK = 0700 };

struct restore {
    struct act *act;
    struct why *why;
    int quarantine; /* its "root", -1: nothing was taken away yet */
    char moment[64];
    struct span foreign; /* the folder that was moved whole, to pass over what lay in it */
    uint32_t taken, put;
};

/* One folder a run, made when something goes there. */
static enum err open_quarantine(struct restore *restore, struct why *why)
{
    char path[FILE_PATH_MAX];
    char time[DATE_ISO_LEN + 1];
    const struct act *act = restore->act;
    if (restore->quarantine >= 0) {
        return OK;
    }
    date_print_iso(time, act->now_ms);
    for (int i = 0; restore->moment[0] == '\0' || file_exists(path); i++) {
        (void)snprintf(restore->moment, sizeof restore->moment, "quarantine/%s-%d", time, i);
        path_join(path, act->store.dir, restore->moment);
    }
    char root[FILE_PATH_MAX];
    TRY(folder_make(path_join(root, path, "root"), why));
    restore->quarantine = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return restore->quarantine >= 0 ? OK : said_of(why, ERR_IO, root, errno);
}

/* What a path was before it was touched: for facts that are repaired in place nothing else is left of them. */
static enum err note_evidence(struct restore *restore, const struct sealed_entry *is, unsigned differs,
                              struct why *why)
{
    char name[FILE_PATH_MAX];
    char path[FILE_PATH_MAX];
    char hex[65] = "-";
    struct append file;
    struct buf line = {0};
    static const char *const kinds[SEALED_KINDS] = {"folder", "file", "link", "other"};
    TRY(open_quarantine(restore, why));
    if (is->kind == SEALED_FILE && !is->unread) {
        static const char digits[] = "0123456789abcdef";
        for (size_t i = 0; i < 32; i++) {
            hex[2 * i] = digits[is->sha256[i] >> 4];
            hex[2 * i + 1] = digits[is->sha256[i] & 15];
        }
    }
    buf_printf(&line, "%s %s mode=%04o mtime_ns=%" PRId64 " bytes=%" PRIu64 " sha256=%s path=",
               differs & DIFFERS_FOREIGN ? "foreign" : "changed", kinds[is->kind], is->mode, is->mtime_ns,
               is->bytes, hex);
    sealed_escape(is->path, &line);
    if (is->kind == SEALED_LINK) {
        buf_str(&line, " target=");
        sealed_escape(is->target, &line);
    }
    buf_char(&line, '\n');
    path_join(name, restore->act->store.dir, restore->moment);
    enum err err = append_open(path_join(path, name, "list"), &file, why);
    if (err == OK) {
        err = append_add(&file, buf_as_span(&line), why);
        err = err == OK ? append_sync(&file, why) : err;
        append_close(&file);
    }
    buf_done(&line);
    return err;
}

static enum err copy_object(const char *path, struct beneath_file *file, uint8_t sha256[32], struct why *why)
{
    static char piece[PIECE];
    struct walk_entry entry;
    struct walk_stamp stamp;
    size_t n = 1;
    int fd = -1;
    enum err err = walk_facts(AT_FDCWD, path, &entry);
    err = err == OK ? walk_open(&entry, &fd, &stamp) : err;
    if (err != OK) {
        return why_set(why, ERR_MISSING, "falta el objeto %s / the object is missing", path);
    }
    struct digest *digest = digest_new();
    while (err == OK && n > 0) {
        err = walk_read(fd, piece, sizeof piece, &n);
        if (err == OK) {
            digest_add(digest, piece, n);
            err = beneath_write(file, span_of(piece, n), why);
        }
    }
    digest_end(digest, sha256);
    digest_free(digest);
    walk_close(fd);
    return err;
}

/* A damaged object is never put: the file stays as it is, and the sentence names it. */
static enum err put_file(struct restore *restore, const struct sealed_entry *was, struct why *why)
{
    char path[FILE_PATH_MAX];
    uint8_t sha256[32];
    struct beneath_file file;
    store_object_path(&restore->act->store, was->sha256, path);
    TRY(beneath_begin(restore->act->folder, was->path.at, &file, why));
    enum err err = copy_object(path, &file, sha256, why);
    if (err == OK && memcmp(sha256, was->sha256, 32) != 0) {
        err = why_set(why, ERR_FORGED, "el objeto %s está dañado / the object is damaged", path);
    }
    if (err != OK) {
        beneath_drop(&file);
        return err;
    }
    return beneath_end(&file, was->mode, was->mtime_ns, why);
}

/* A folder's mode is set at the end, when nothing more has to be written in it. */
static enum err put(struct restore *restore, const struct sealed_entry *was, struct why *why)
{
    int folder = restore->act->folder;
    restore->put++;
    switch (was->kind) {
    case SEALED_FOLDER:
        TRY(beneath_folder(folder, was->path.at, why));
        return beneath_mode(folder, was->path.at, (uint16_t)(was->mode | ROOM_TO_WORK), why);
    case SEALED_LINK:
        return beneath_link(folder, was->path.at, was->target.at, why);
    default:
        return put_file(restore, was, why);
    }
}

static enum err take(struct restore *restore, const struct sealed_entry *is, unsigned differs,
                     struct why *why)
{
    restore->taken++;
    TRY(note_evidence(restore, is, differs, why));
    return beneath_move(restore->act->folder, is->path.at, restore->quarantine, why);
}

static enum err mend_file(struct restore *restore, const struct sealed_entry *was,
                          const struct sealed_entry *is, unsigned differs, struct why *why)
{
    int folder = restore->act->folder;
    TRY(note_evidence(restore, is, differs, why));
    if (differs & (DIFFERS_CONTENT | DIFFERS_UNREAD)) {
        restore->taken++;
        if (differs & DIFFERS_UNREAD) { /* what cannot be read cannot be copied, but it can be moved */
            TRY(beneath_move(folder, is->path.at, restore->quarantine, why));
        } else {
            TRY(beneath_keep(folder, is->path.at, restore->quarantine, why));
        }
        return put(restore, was, why);
    }
    restore->put++;
    TRY(differs & DIFFERS_MODE ? beneath_mode(folder, was->path.at, was->mode, why) : OK);
    return differs & DIFFERS_TIME ? beneath_time(folder, was->path.at, was->mtime_ns, why) : OK;
}

static bool below(struct span path, struct span folder)
{
    return folder.len > 0 && path.len > folder.len && span_starts(path, folder) && path.at[folder.len] == '/';
}

static enum err mend(void *arg, const struct sealed_entry *was, const struct sealed_entry *is,
                     unsigned differs)
{
    struct restore *restore = arg;
    struct why *why = restore->why;
    if (was == NULL) {
        if (below(is->path, restore->foreign)) {
            return OK; /* it went with its folder */
        }
        restore->foreign = is->kind == SEALED_FOLDER ? is->path : restore->foreign;
        return take(restore, is, differs, why);
    }
    if (is == NULL) {
        return put(restore, was, why);
    }
    if (differs & (DIFFERS_KIND | DIFFERS_TARGET)) {
        restore->foreign = is->kind == SEALED_FOLDER ? is->path : restore->foreign;
        TRY(take(restore, is, differs, why));
        return put(restore, was, why);
    }
    if (was->kind == SEALED_FOLDER) {
        restore->put++;
        TRY(note_evidence(restore, is, differs, why));
        return beneath_mode(restore->act->folder, was->path.at, (uint16_t)(was->mode | ROOM_TO_WORK), why);
    }
    return mend_file(restore, was, is, differs, why);
}

/* Folders that may not be written to are opened for the work; the last pass gives every folder its own mode. */
static enum err open_folders(const struct act *act, const struct sealed *now, struct why *why)
{
    for (uint32_t i = 0; i < now->n_entries; i++) {
        const struct sealed_entry *is = &now->entries[i];
        if (is->kind == SEALED_FOLDER && (is->mode & ROOM_TO_WORK) != ROOM_TO_WORK) {
            TRY(beneath_mode(act->folder, is->path.at, (uint16_t)(is->mode | ROOM_TO_WORK), why));
        }
    }
    return OK;
}

static enum err close_folders(const struct act *act, struct why *why)
{
    const struct sealed *newest = &act->store.newest;
    for (uint32_t i = newest->n_entries; i > 0; i--) {
        const struct sealed_entry *was = &newest->entries[i - 1];
        if (was->kind == SEALED_FOLDER) {
            TRY(beneath_mode(act->folder, was->path.at, was->mode, why));
        }
    }
    return OK;
}

static enum err round_once(struct restore *restore, struct sealed *now, struct why *why)
{
    struct act *act = restore->act;
    if (restore->quarantine >= 0) { /* the same path can be taken twice: each round has a folder of its own */
        close(restore->quarantine);
        restore->quarantine = -1;
        restore->moment[0] = '\0';
    }
    restore->foreign = span_of(NULL, 0);
    restore->why = why;
    TRY(open_folders(act, now, why));
    TRY(sealed_compare(&act->store.newest, now, mend, restore));
    TRY(close_folders(act, why));
    sealed_done(now);
    sealed_init(now);
    return act_look(act, now, why);
}

static enum err count_one(void *arg, const struct sealed_entry *was, const struct sealed_entry *is,
                          unsigned differs)
{
    (void)was;
    (void)is;
    (void)differs;
    ++*(uint32_t *)arg;
    return OK;
}

static uint32_t count_differences(const struct act *act, const struct sealed *now)
{
    uint32_t n = 0;
    enum err err = sealed_compare(&act->store.newest, now, count_one, &n);
    (void)err;
    return n;
}

static enum err tell(struct restore *restore, const struct sealed *now, int *code, struct why *why)
{
    struct act *act = restore->act;
    char what[160];
    uint32_t left = count_differences(act, now);
    *code = left == 0 ? 0 : 1;
    (void)snprintf(what, sizeof what, "version=%" PRIu64 " taken=%u put=%u left=%u %s",
                   act->store.newest.version, restore->taken, restore->put, left,
                   restore->moment[0] != '\0' ? restore->moment : "-");
    say_number(act, "version", act->store.newest.version);
    say_number(act, "taken", restore->taken);
    say_number(act, "put", restore->put);
    say_text(act, "quarantine", span_str(restore->moment[0] != '\0' ? restore->moment : "-"));
    say_flag(act, "clean", left == 0);
    say_line(
        act,
        left == 0
            ? "restaurado: %u a cuarentena (%s), %u puestos; todo está como se selló / restored"
            : "quedan diferencias tras restaurar: %u a cuarentena (%s), %u puestos / differences are left",
        restore->taken, restore->moment[0] != '\0' ? restore->moment : "-", restore->put);
    if (left > 0) {
        act_differences(act, now, "left");
    }
    return store_journal(&act->store, "restore", span_str(what), act->now_ms, why);
}

enum err act_restore(struct act *act, int *code, struct why *why)
{
    struct restore restore = {.act = act, .quarantine = -1};
    struct sealed now;
    TRY(act_look(act, &now, why));
    act_differences(act, &now, "differences");
    enum err err = OK;
    if (act->dry_run) {
        *code = act->differences == 0 ? 0 : 1;
        say_flag(act, "dry_run", true);
        say_line(act, "ensayo: nada se tocó / dry run: nothing was touched");
    } else {
        for (int i = 0; i < ROUNDS && err == OK && (i == 0 || count_differences(act, &now) > 0); i++) {
            err = act->differences > 0 ? round_once(&restore, &now, why) : OK;
        }
        err = err == OK ? tell(&restore, &now, code, why) : err;
    }
    if (restore.quarantine >= 0) {
        close(restore.quarantine);
    }
    sealed_done(&now);
    return err;
}

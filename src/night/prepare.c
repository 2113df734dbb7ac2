/* Preparing a night's folder: lock, folders, definition, keys, settings, clock. What is there already is kept. */
#include "night/night.h"

#include "base/num.h"
#include "os/append.h"
#include "os/file.h"
#include "os/jail.h"
#include "os/said.h"
#include "os/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum {
    PROGRAM_MS = 120000,
    START_REAL_MS = 30000,
    START_SMALL_MS = 8000,
    START_NIGHT_MS = 600000,
    CADENCE_REAL_MS = 4000,
    PACKAGE_REAL_MS = 10000,
    STEPPED_CUT_S = 1200,
    LOG_MAX = 1 << 20,
    PORT_MS = 3000
};

/* One night a folder. The lock is the kernel's: it goes with us, however we end. */
static enum err take_lock(struct night *night, struct why *why)
{
    char path[FILE_PATH_MAX];
    night->lock = open(path_join(path, night->dir, "run/lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (night->lock < 0) {
        return said_of(why, ERR_IO, path, errno);
    }
    if (flock(night->lock, LOCK_EX | LOCK_NB) != 0) {
        return why_set(why, ERR_EXISTS, "ya corre una noche en %s / a night is running there already",
                       night->dir);
    }
    return OK;
}

/* What a program said last, for who does not look into its log. */
static enum err last_words(const char *name, int code, const char *log, struct why *why)
{
    struct buf text = {0};
    struct span rest = {"", 0}, line, last = {"", 0};
    if (file_read(log, LOG_MAX, &text, NULL) == OK) {
        rest = buf_as_span(&text);
    }
    while (span_line(&rest, &line)) {
        last = span_trim(line).len > 0 ? span_trim(line) : last;
    }
    enum err err =
        why_set(why, ERR_IO, "%.*s (%s terminó con %d; véase / see %s)", SPAN_ARG(last), name, code, log);
    buf_done(&text);
    return err;
}

/* Runs a program of ours to its end. */
static enum err run_to_end(const char *name, char *const argv[], const char *log, struct why *why)
{
    char path[4096];
    struct child child;
    TRY(program_path(name, path, why));
    TRY(program_start(path, argv, NULL, 0, log, &child, why));
    int64_t end = monotonic_ms() + PROGRAM_MS;
    int ended = 0;
    while ((ended = child_ended(&child)) == 0 && monotonic_ms() < end) {
        struct pollfd wait = {.fd = child.pidfd, .events = POLLIN};
        poll(&wait, 1, 200);
    }
    if (ended == 0) {
        child_stop(&child, 1000);
        return why_set(why, ERR_IO, "%s no terminó en %d s; véase %s", name, PROGRAM_MS / 1000, log);
    }
    return ended == 1 ? OK : last_words(name, ended - 1, log, why);
}

struct arguments {
    char *argv[64];
    int n;
};

static void argue(struct arguments *arguments, const char *name, const char *value)
{
    if (value != NULL) {
        arguments->argv[arguments->n++] = (char *)(uintptr_t)name;
        arguments->argv[arguments->n++] = (char *)(uintptr_t)value;
    }
}

/* The definition and the plan of a drill or a replay, by the city's program. */
static enum err make_election(struct night *night, const char *log, struct why *why)
{
    const struct night_options *options = night->options;
    struct arguments arguments = {.argv = {(char *)(uintptr_t) "atalaya-city"}, .n = 1};
    argue(&arguments, "--out", night->dir);
    argue(&arguments, "--scale", options->scale);
    argue(&arguments, "--images", options->images);
    argue(&arguments, "--seed", options->seed);
    argue(&arguments, "--opening", options->opening);
    for (int i = 0; i < options->n_inputs; i++) {
        argue(&arguments, "--input", options->inputs[i]);
    }
    return run_to_end("atalaya-city", arguments.argv, log, why);
}

/* The values of election.ini that the parent needs; the definition itself is read by those who count. */
static enum err read_election(struct night *night, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf text = {0};
    TRY(file_read(path_join(path, night->dir, "election/election.ini"), 65536, &text, why));
    struct span rest = buf_as_span(&text), line;
    night->opening_ms = night->closing_ms = -1;
    while (span_line(&rest, &line)) {
        struct span value = line;
        struct span name = span_trim(span_cut(&value, '='));
        value = span_trim(value);
        if (span_is(name, "origin")) {
            (void)span_copy(value, night->origin, sizeof night->origin);
        } else if (span_is(name, "drill")) {
            night->drill = span_is(value, "yes");
        } else if (span_is(name, "opening") && date_parse_iso(value, &night->opening_ms) != OK) {
            night->opening_ms = -1;
        } else if (span_is(name, "closing") && date_parse_iso(value, &night->closing_ms) != OK) {
            night->closing_ms = -1;
        }
    }
    buf_done(&text);
    if (night->origin[0] == '\0' || night->opening_ms < 0 || night->closing_ms < night->opening_ms) {
        return why_set(why, ERR_SYNTAX, "%s: faltan origin, opening o closing", path);
    }
    return OK;
}

static enum err read_vkey(const char *path, char *out, size_t size, struct why *why)
{
    struct buf bytes = {0};
    TRY(file_read(path, size - 1, &bytes, why));
    bool fits = span_copy(span_trim(buf_as_span(&bytes)), out, size);
    buf_done(&bytes);
    return fits ? OK : why_set(why, ERR_TOO_BIG, "%s: no es una clave", path);
}

/* The results' signing key, made by a program of its own: we never hold it. Once the ledger binds one, another is a person's to
 * make: without it no cut comes out, and everything else goes on. */
static enum err make_cut_key(const struct night *night, const char *log, struct why *why)
{
    char key[FILE_PATH_MAX], ledger[FILE_PATH_MAX];
    path_join(key, night->dir, "keys/cut.key");
    if (file_exists(key) || file_exists(path_join(ledger, night->dir, "ledger/entries/000"))) {
        return OK;
    }
    struct arguments arguments = {.argv = {(char *)(uintptr_t) "atalaya-key"}, .n = 1};
    argue(&arguments, "--name", night->origin);
    argue(&arguments, "--out", key);
    return run_to_end("atalaya-key", arguments.argv, log, why);
}

/* A drill has its ceremony of keys like an election, in one command; an election's was held before, elsewhere. */
static enum err make_policy(struct night *night, const char *log, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct arguments arguments = {.argv = {(char *)(uintptr_t) "atalaya-keys", (char *)(uintptr_t) "drill"},
                                  .n = 2};
    if (!night->drill || file_exists(path_join(path, night->dir, "keys/policy.note")) ||
        file_exists(path_join(path, night->dir, "ledger/entries/000"))) {
        return OK;
    }
    argue(&arguments, "--dir", night->dir);
    return run_to_end("atalaya-keys", arguments.argv, log, why);
}

/* The log is begun once, before the ledger; by its own program, which alone holds its key. In a folder that was made again from
 * a copy it goes on from what was copied (docs/decisions/log-and-copy.md). */
static enum err begin_log(struct night *night, bool restored, const char *log, struct why *why)
{
    char path[FILE_PATH_MAX];
    if (!file_exists(path_join(path, night->dir, "signer/state"))) {
        struct arguments arguments = {.argv = {(char *)(uintptr_t) "atalaya-log"}, .n = 1};
        argue(&arguments, "--dir", night->dir);
        arguments.argv[arguments.n++] = (char *)(uintptr_t) "--begin";
        if (restored) {
            arguments.argv[arguments.n++] = (char *)(uintptr_t) "--restored";
        }
        TRY(run_to_end("atalaya-log", arguments.argv, log, why));
    }
    TRY(make_policy(night, log, why));
    path_join(path, night->dir, "keys/log.key.pub");
    return read_vkey(path, night->log_vkey, sizeof night->log_vkey, why);
}

/* Asked before anything is started: a port that another program has would be seen only in the log of who dies of it. Programs of
 * a night that was killed a moment ago may still be going. */
static enum err addresses_are_free(const struct settings *settings, struct why *why)
{
    const char *const addresses[] = {settings->results,  settings->site,  settings->mirror_1,
                                     settings->mirror_2, settings->feed,  settings->intake,
                                     settings->metrics,  settings->health};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        if (addresses[i][0] == '\0') {
            continue; /* a night that was begun before there was such a door */
        }
        int64_t end = monotonic_ms() + PORT_MS;
        int fd = -1;
        enum err err;
        while ((err = sock_listen(span_str(addresses[i]), &fd, why)) == ERR_EXISTS && monotonic_ms() < end) {
            poll(NULL, 0, 100);
        }
        if (err != OK) {
            return why_prefix(why, err, "otra dirección con / another address with --listen");
        }
        close(fd);
    }
    return OK;
}

/* What the file says, then what the command line says. */
static enum err make_settings(struct night *night, struct why *why)
{
    const struct night_options *options = night->options;
    struct settings *settings = &night->settings;
    char path[FILE_PATH_MAX];
    struct buf text = {0};
    path_join(path, night->dir, "night.ini");
    settings_default(settings);
    bool there = file_exists(path);
    if (there) {
        TRY(file_read(path, 65536, &text, why));
        enum err err = settings_parse(buf_as_span(&text), settings, why);
        buf_done(&text);
        TRY(err);
    }
    if (options->listen != NULL || !there) {
        TRY(settings_listen(settings, span_str(options->listen != NULL ? options->listen : "127.0.0.1:8080"),
                            why));
    }
    if (options->speed_given || !there) {
        settings->speed = options->speed;
        settings->cut_s =
            settings->speed == 0 ? STEPPED_CUT_S : settings_cadence_s(settings->speed, CADENCE_REAL_MS);
        settings->package_s = settings->speed == 0   ? 6 * STEPPED_CUT_S
                              : settings->speed == 1 ? 300
                                                     : settings->speed * PACKAGE_REAL_MS / 1000;
        settings->package_s = settings->package_s < 300 ? 300 : settings->package_s;
    }
    settings->cut_s = options->cut_s != 0 ? options->cut_s : settings->cut_s;
    settings->package_s = options->package_s != 0 ? options->package_s : settings->package_s;
    settings->keep_cuts = options->keep_cuts != 0 ? options->keep_cuts : settings->keep_cuts;
    settings->keep_every = options->keep_every != 0 ? options->keep_every : settings->keep_every;
    if (options->copy != NULL) {
        snprintf(settings->copy, sizeof settings->copy, "%s", options->copy);
    } else if (settings->copy[0] == '\0') {
        snprintf(settings->copy, sizeof settings->copy, "%.900s/copy", night->dir);
    }
    if (options->alert != NULL) {
        snprintf(settings->alert, sizeof settings->alert, "%s", options->alert);
    }
    buf_clear(&text);
    settings_print(settings, &text);
    enum err err = file_write(path, buf_as_span(&text), true, why);
    buf_done(&text);
    return err;
}

/* Where the night's clock stood when its parent last wrote its status; -1 when there is none. */
static int64_t stood_at(const struct night *night)
{
    char path[FILE_PATH_MAX];
    struct buf bytes = {0};
    struct status status;
    int64_t at = -1;
    if (file_read(path_join(path, night->dir, "run/status/night"), STATUS_BYTES_MAX, &bytes, NULL) == OK &&
        status_parse(buf_as_span(&bytes), &status, NULL) == OK) {
        at = status.time_ms;
    }
    buf_done(&bytes);
    return at;
}

/* A night begins some time before its opening hour, so that the zeros stand published when it opens. */
static enum err make_clock(struct night *night, struct why *why)
{
    char path[FILE_PATH_MAX];
    uint32_t speed = night->settings.speed;
    bool small = night->options->scale != NULL && strcmp(night->options->scale, "small") == 0;
    int64_t before = (int64_t)(small ? START_SMALL_MS : START_REAL_MS) * (speed == 0 ? 1 : speed);
    int64_t start = night->opening_ms - (before < START_NIGHT_MS ? START_NIGHT_MS : before);
    int64_t stood = stood_at(night);
    struct night_cut last;
    if (stood < 0 && night->options->resume && night_last_cut(night, &last) == OK) {
        stood = last.time_ms; /* a folder that was made again from its copy */
    }
    if (night->options->resume && stood > start) {
        start = stood;
    }
    enum clock_mode mode = speed == 0 ? CLOCK_STEPPED : CLOCK_SCALED;
    return clock_make(path_join(path, night->dir, "run/clock"), mode, start, speed == 0 ? 1 : speed,
                      &night->clock, why);
}

static enum err make_folders(struct night *night, struct why *why)
{
    static const char *const folders[] = {"run/status", "run/copy", "run/proofs", "run/log", "keys",
                                          "public",     "mirror-1", "mirror-2",   "site"};
    char path[FILE_PATH_MAX];
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        TRY(folder_make(path_join(path, night->dir, folders[i]), why));
    }
    /* What an earlier copy had, or an operator said of it, is not of this start. */
    TRY(file_remove(path_join(path, night->dir, "run/copy/have"), why));
    return file_remove(path_join(path, night->dir, "run/copy/waived"), why);
}

/* DIR as an absolute path: the programs are given it whatever folder they run in. */
static enum err resolve(struct night *night, struct why *why)
{
    TRY(folder_make(night->options->dir, why));
    if (realpath(night->options->dir, night->dir) == NULL) {
        return said_of(why, ERR_IO, night->options->dir, errno);
    }
    if (strlen(night->dir) > 80) {
        return why_set(why, ERR_TOO_BIG, "la ruta %s es demasiado larga para los enchufes de control (80)",
                       night->dir);
    }
    return OK;
}

static bool has_night(const struct night *night)
{
    char path[FILE_PATH_MAX];
    return file_exists(path_join(path, night->dir, "store/prep.db"));
}

/* A folder without a store, but with a copy: the night goes on from it. */
static enum err restore(struct night *night, const char *log, struct why *why)
{
    char copy[FILE_PATH_MAX];
    if (night->options->copy != NULL) {
        snprintf(copy, sizeof copy, "%s", night->options->copy);
    } else {
        path_join(copy, night->dir, "copy");
    }
    if (!file_exists(copy)) {
        return why_set(why, ERR_MISSING, "no hay noche en %s ni copia en %s: nada que continuar", night->dir,
                       copy);
    }
    struct arguments arguments = {.argv = {(char *)(uintptr_t) "atalaya-intake"}, .n = 1};
    argue(&arguments, "--restore", copy);
    argue(&arguments, "--dir", night->dir);
    TRY(run_to_end("atalaya-intake", arguments.argv, log, why));
    return night_keep_plan(copy, night->dir, why);
}

/* The plan of a drill goes with the copy: without it nobody would send the rest. Back from it, too: a folder that a person has
 * restored has everything but this. */
static enum err keep_plan(const struct night *night, struct why *why)
{
    char path[FILE_PATH_MAX];
    TRY(folder_make(night->settings.copy, why));
    if (night->options->resume && !file_exists(path_join(path, night->dir, "replay.plan"))) {
        return night_keep_plan(night->settings.copy, night->dir, why);
    }
    return night_keep_plan(night->dir, night->settings.copy, why);
}

/* The first time only: a night that goes on serves what was sealed, whatever its pages have become. */
static enum err seal_site(struct night *night, const char *log, struct why *why)
{
    char root[FILE_PATH_MAX];
    char dir[FILE_PATH_MAX];
    char first[FILE_PATH_MAX];
    struct arguments arguments = {.argv = {(char *)(uintptr_t) "atalaya-site", (char *)(uintptr_t) "seal"},
                                  .n = 2};
    if (file_exists(path_join(first, night->dir, "site-guard/sealed/1"))) {
        return OK;
    }
    argue(&arguments, "--root", path_join(root, night->dir, "site"));
    argue(&arguments, "--dir", path_join(dir, night->dir, "site-guard"));
    return run_to_end("atalaya-site", arguments.argv, log, why);
}

enum err night_prepare(struct night *night, struct why *why)
{
    char log[FILE_PATH_MAX], path[FILE_PATH_MAX];
    TRY(jail_possible(why));
    TRY(resolve(night, why));
    TRY(make_folders(night, why));
    TRY(take_lock(night, why));
    path_join(log, night->dir, "run/log/prepare.log");
    if (has_night(night) && !night->options->resume) {
        return why_set(why, ERR_EXISTS,
                       "%s ya tiene una noche: --resume la continúa / it holds a night: --resume goes on",
                       night->dir);
    }
    bool restored = !has_night(night) && night->options->resume;
    if (restored) {
        TRY(restore(night, log, why));
    }
    if (!file_exists(path_join(path, night->dir, "election/election.ini"))) {
        TRY(make_election(night, log, why));
    }
    TRY(read_election(night, why));
    TRY(make_cut_key(night, log, why));
    TRY(night_cut_keys(night, why));
    TRY(begin_log(night, restored, log, why));
    TRY(make_settings(night, why));
    TRY(addresses_are_free(&night->settings, why));
    TRY(keep_plan(night, why));
    TRY(make_clock(night, why));
    TRY(night_site(night, why));
    return seal_site(night, log, why);
}

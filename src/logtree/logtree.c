/* The program's parent and its publishing role. */
#include "logtree/logtree.h"

#include "base/log.h"
#include "base/num.h"
#include "doors/status.h"
#include "formats/election.h"
#include "logtree/publisher.h"
#include "logtree/signer.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/jail.h"
#include "os/loop.h"
#include "os/proc.h"
#include "os/sock.h"
#include "tlog/entry.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MAX = CHECKPOINT_MAX, STATUS_EVERY_MS = 1000, GRACE_MS = 3000, SIGNER_WAIT_S = 10 };

struct paths {
    char election[FILE_PATH_MAX], ledger[FILE_PATH_MAX], public[FILE_PATH_MAX], clock[FILE_PATH_MAX];
    char status[FILE_PATH_MAX], key[FILE_PATH_MAX], state[FILE_PATH_MAX], state_dir[FILE_PATH_MAX];
};

struct role {
    const struct logtree_options *options;
    struct paths paths;
    int fd; /* to the signer */
    struct election election;
    struct clock *clock;
    struct loop *loop;
    struct publisher *publisher; /* NULL until there is a ledger */
    struct status status;
    int64_t status_ms;
    int64_t sign_ms; /* what the last turn that grew took */
    uint64_t checkpoints;
};

static void make_paths(const struct logtree_options *options, struct paths *paths)
{
    const struct {
        char *out;
        const char *name;
    } rows[] = {{paths->election, "election"},     {paths->ledger, "ledger"},
                {paths->public, "public"},         {paths->clock, "run/clock"},
                {paths->status, "run/status/log"}, {paths->key, "keys/log.key"},
                {paths->state_dir, "signer"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        path_join(rows[i].out, options->dir, rows[i].name);
    }
    if (options->state_dir != NULL) {
        bool fits = span_copy(span_str(options->state_dir), paths->state_dir, sizeof paths->state_dir);
        assert(fits);
    }
    path_join(paths->state, paths->state_dir, "state");
}

/* One packet there, one back. The signer is our sibling: when it does not answer, this program ends. */
static enum err ask_signer(void *arg, const struct add_checkpoint *request, struct buf *note,
                           uint64_t *signer_size, struct why *why)
{
    struct role *role = arg;
    static char answer[ANSWER_MAX];
    struct buf body;
    buf_init(&body, 0);
    add_checkpoint_print(request, &body);
    ssize_t sent = send(role->fd, body.at, body.len, MSG_NOSIGNAL);
    bool whole = sent == (ssize_t)body.len;
    buf_done(&body);
    ssize_t n = whole ? recv(role->fd, answer, sizeof answer, 0) : -1;
    if (n <= 0) {
        loop_stop(role->loop, 1);
        return why_set(why, ERR_IO, "the signer does not answer");
    }
    struct span text = span_of(answer, (size_t)n);
    if (span_starts(text, SPAN("ok\n"))) {
        buf_span(note, span_from(text, 3));
        return OK;
    }
    if (span_starts(text, SPAN("conflict ")) && num_parse_u64(span_from(text, 9), signer_size) == OK) {
        return why_set(why, ERR_CONFLICT, "the signer is at size %llu", (unsigned long long)*signer_size);
    }
    return why_set(why, ERR_REFUSED, "the signer refuses: %.*s", SPAN_ARG(text));
}

static void write_status(struct role *role, const struct why *why)
{
    int64_t now = clock_now_ms(role->clock);
    struct why ignored = {""};
    bool bad = why->text[0] != '\0';
    status_begin(&role->status, "log", bad ? "degraded" : "running", now);
    role->status.alarm = span_str(why->text);
    status_add_u64(&role->status, "pid", (uint64_t)getpid());
    status_add_u64(&role->status, "checkpoint_size",
                   role->publisher == NULL ? 0 : publisher_size(role->publisher));
    status_add_u64(&role->status, "checkpoints", role->checkpoints);
    status_add_u64(&role->status, "sign_ms", (uint64_t)role->sign_ms);
    if (status_write(role->paths.status, &role->status, &ignored) != OK) {
        log_line(LOG_WARN, "status", "why=\"%s\"", ignored.text);
    }
    role->status_ms = loop_now_ms(role->loop);
}

static enum err turn(struct role *role, bool *grew, struct why *why)
{
    *grew = false;
    if (role->publisher == NULL) {
        struct publisher_options options = {.ledger_dir = role->paths.ledger,
                                            .public_dir = role->paths.public,
                                            .origin = role->election.origin.at,
                                            .opening_ms = role->election.opening_ms};
        struct why none = {""};
        enum err err = publisher_open(&options, &role->publisher, &none);
        if (err == ERR_MISSING) {
            return OK; /* the store has not written its first entry yet */
        }
        if (err != OK) {
            return why_set(why, err, "%s", none.text);
        }
    }
    return publisher_turn(role->publisher, clock_now_ms(role->clock), ask_signer, role, grew, why);
}

static void on_turn(void *arg)
{
    struct role *role = arg;
    struct why why = {""};
    bool grew = false;
    int64_t start = monotonic_ms();
    enum err err = turn(role, &grew, &why);
    if (err != OK) {
        log_line(LOG_ERROR, "log_stands_still", "why=\"%s\"", why.text);
    }
    if (grew) {
        role->sign_ms = monotonic_ms() - start;
        role->checkpoints++;
    }
    if (err != OK || grew || loop_now_ms(role->loop) - role->status_ms >= STATUS_EVERY_MS) {
        write_status(role, &why);
    }
    loop_after(role->loop, role->options->interval_ms, on_turn, role);
}

static enum err prepare(struct role *role, struct why *why)
{
    struct paths *paths = &role->paths;
    TRY(election_load(paths->election, &role->election, why));
    if (file_exists(paths->clock)) {
        TRY(clock_open(paths->clock, &role->clock, why));
    }
    char log_dir[FILE_PATH_MAX];
    TRY(folder_make(path_join(log_dir, paths->public, "log"), why));
    TRY(loop_new(&role->loop, why));
    TRY(loop_signals(role->loop, NULL, NULL, why));
    char status_dir[FILE_PATH_MAX];
    path_join(status_dir, role->options->dir, "run/status");
    const char *const read[] = {paths->ledger, NULL};
    const char *const write[] = {log_dir, status_dir, NULL};
    return jail_enter(&(struct jail){.name = "publish", .rights = JAIL_FILES, .read = read, .write = write},
                      why);
}

static int publish_role(void *arg)
{
    struct role *role = arg;
    struct why why = {""};
    struct timeval wait = {.tv_sec = SIGNER_WAIT_S};
    setsockopt(role->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    if (prepare(role, &why) != OK) {
        log_line(LOG_ERROR, "log_cannot_start", "why=\"%s\"", why.text);
        return 1;
    }
    loop_after(role->loop, 0, on_turn, role);
    int code = loop_run(role->loop);
    publisher_close(role->publisher);
    election_done(&role->election);
    clock_close(role->clock);
    loop_free(role->loop);
    return code;
}

struct parent {
    struct loop *loop;
    struct child publish, signer;
};

static void on_signal(void *arg, int number)
{
    struct parent *parent = arg;
    (void)number;
    if (child_ended(&parent->publish) != 0 || child_ended(&parent->signer) != 0) {
        loop_stop(parent->loop, 1);
    }
}

static enum err start_roles(struct parent *parent, struct role *role, struct signer_role *signer,
                            struct why *why)
{
    int fds[2];
    if (sock_pair(fds) != OK) {
        return why_set(why, ERR_IO, "socketpair: %s", strerror(errno));
    }
    role->fd = fds[0];
    signer->fd = fds[1];
    enum err err = role_start("log-signer", signer_role_main, signer, &fds[1], 1, &parent->signer, why);
    if (err == OK) {
        err = role_start("log-publish", publish_role, role, &fds[0], 1, &parent->publish, why);
    }
    close(fds[0]);
    close(fds[1]);
    return err;
}

int logtree_run(const struct logtree_options *options)
{
    static struct role role;
    struct parent parent = {0};
    struct why why = {""};
    role.options = options;
    make_paths(options, &role.paths);
    struct signer_role signer = {.state_path = role.paths.state, .key_path = role.paths.key};
    enum err err = loop_new(&parent.loop, &why);
    if (err == OK) {
        err = loop_signals(parent.loop, on_signal, &parent, &why);
    }
    if (err == OK) {
        err = start_roles(&parent, &role, &signer, &why);
    }
    if (err != OK) {
        log_line(LOG_ERROR, "log_cannot_start", "why=\"%s\"", why.text);
        return 2;
    }
    int code = loop_run(parent.loop);
    child_stop(&parent.publish, GRACE_MS);
    child_stop(&parent.signer, GRACE_MS);
    loop_free(parent.loop);
    return code;
}

/* The key of this log: read, or made now. */
static enum err have_key(const char *path, struct span origin, struct secret_key *out, struct why *why)
{
    struct buf text;
    buf_init(&text, 0);
    enum err err = file_read(path, 4096, &text, NULL);
    if (err == OK) {
        err = secret_key_parse(buf_as_span(&text), out, why);
    } else if (err == ERR_MISSING) {
        err = secret_key_new(origin, out);
        secret_key_print(out, &text);
        err = err == OK ? file_write_private(path, buf_as_span(&text), why) : err;
    }
    if (err == OK && !span_is(origin, out->key.name)) {
        err = why_set(why, ERR_CONFLICT, "%s is the key of %s, the log is %.*s", path, out->key.name,
                      SPAN_ARG(origin));
    }
    explicit_bzero(text.at, text.cap);
    buf_done(&text);
    return err;
}

static enum err begin(const struct paths *paths, struct why *why)
{
    struct election election;
    struct secret_key key;
    struct buf vkey;
    char log_dir[FILE_PATH_MAX];
    char path[FILE_PATH_MAX];
    TRY(election_load(paths->election, &election, why));
    TRY(folder_make(paths->state_dir, why));
    TRY(have_key(paths->key, election.origin, &key, why));
    TRY(signer_begin(paths->state, election.origin, why));
    TRY(folder_make(path_join(log_dir, paths->public, "log"), why));
    buf_init(&vkey, 0);
    note_key_print(&key.key, &vkey);
    buf_char(&vkey, '\n');
    enum err err = file_write(path_join(path, log_dir, "vkey"), buf_as_span(&vkey), true, why);
    printf("%s", buf_cstr(&vkey));
    buf_done(&vkey);
    secret_key_wipe(&key);
    election_done(&election);
    return err;
}

int logtree_begin(const struct logtree_options *options)
{
    struct paths paths;
    struct why why = {""};
    make_paths(options, &paths);
    if (begin(&paths, &why) != OK) {
        log_line(LOG_ERROR, "log_cannot_begin", "why=\"%s\"", why.text);
        return 2;
    }
    return 0;
}

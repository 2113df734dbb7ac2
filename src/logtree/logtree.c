/* The program's parent and its publishing role. */
#include "logtree/logtree.h"

#include "base/log.h"
#include "base/num.h"
#include "doors/status.h"
#include "formats/election.h"
#include "logtree/paths.h"
#include "logtree/publisher.h"
#include "logtree/signer.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/jail.h"
#include "os/loop.h"
#include "os/manager.h"
#include "os/proc.h"
#include "os/sock.h"
#include "tlog/entry.h"
#include "tlog/policy_note.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MAX = CHECKPOINT_MAX, STATUS_EVERY_MS = 1000, GRACE_MS = 3000, SIGNER_WAIT_S = 10 };
enum { PROOF_WAIT_MS = 50 }; /* a code waits for the copy, not for our next look at the ledger */

struct role {
    const struct logtree_options *options;
    struct logtree_paths paths;
    int fd; /* to the signer */
    struct election election;
    char origin[ORIGIN_MAX + 1]; /* of the log: its key's name */
    struct clock *clock;
    struct loop *loop;
    struct publisher *publisher; /* NULL until there is a ledger */
    struct status status;
    int64_t status_ms;
    int64_t sign_ms;       /* what the last turn that grew took */
    int64_t checkpoint_ms; /* night clock: when the standing one was signed, or found at the start; -1 */
    int64_t behind_ms;     /* monotonic: since when something waits for its checkpoint; -1 */
    uint64_t checkpoints;
    struct why said;    /* the trouble last logged */
    const char *signer; /* its last word: "waiting", "signing", "refusing", "silent" */
};

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
        role->signer = "silent";
        loop_stop(role->loop, 1);
        return why_set(why, ERR_IO, "the signer does not answer");
    }
    struct span text = span_of(answer, (size_t)n);
    role->signer = "refusing";
    if (span_starts(text, SPAN("ok\n"))) {
        role->signer = "signing";
        buf_span(note, span_from(text, 3));
        return OK;
    }
    if (span_starts(text, SPAN("conflict ")) && num_parse_u64(span_from(text, 9), signer_size) == OK) {
        return why_set(why, ERR_CONFLICT, "the signer is at size %llu", (unsigned long long)*signer_size);
    }
    return why_set(why, ERR_REFUSED, "the signer refuses: %.*s", SPAN_ARG(text));
}

/* Real milliseconds that the oldest entry without a checkpoint has waited for one; what the opening hour holds back does
 * not wait. */
static int64_t behind_ms(const struct role *role)
{
    return role->behind_ms < 0 ? 0 : loop_now_ms(role->loop) - role->behind_ms;
}

static void add_facts(struct role *role, int64_t now_ms)
{
    struct publisher_facts facts = {0};
    struct status *status = &role->status;
    if (role->publisher != NULL) {
        publisher_facts(role->publisher, &facts);
    }
    int64_t age_ms = role->checkpoint_ms < 0 ? 0 : now_ms - role->checkpoint_ms;
    status_add_u64(status, "tree_size", facts.read);
    status_add_u64(status, "checkpoint_size", facts.published);
    status_add_time(status, "checkpoint_time", role->checkpoint_ms);
    status_add_u64(status, "checkpoint_age_s", (uint64_t)(age_ms < 0 ? 0 : age_ms / 1000));
    status_add_u64(status, "behind_ms", (uint64_t)behind_ms(role));
    status_add(status, "copy_behind", facts.copy_behind ? SPAN("yes") : SPAN("no"));
    status_add(status, "held", facts.held ? SPAN("yes") : SPAN("no"));
    status_add(status, "signer", span_str(role->signer));
    status_add_u64(status, "signer_size", facts.signed_size);
    status_add_u64(status, "checkpoints", role->checkpoints);
    status_add_u64(status, "cut_proofs", facts.cut_proofs);
    status_add_u64(status, "sign_ms", (uint64_t)role->sign_ms);
    status_add_u64(status, "disk_free_bytes", file_free_bytes(role->paths.public));
}

static void write_status(struct role *role, const struct why *why)
{
    int64_t now = clock_now_ms(role->clock);
    struct why ignored = {""};
    const char *state = why->text[0] != '\0' ? "degraded" : role->publisher == NULL ? "starting" : "running";
    status_begin(&role->status, "log", state, now);
    role->status.alarm = span_str(why->text);
    add_facts(role, now);
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
                                            .origin = role->origin,
                                            .opening_ms = role->election.opening_ms,
                                            .copy_dir = role->options->copy_dir,
                                            .proofs_dir = role->paths.proofs};
        struct why none = {""};
        enum err err = publisher_open(&options, &role->publisher, &none);
        if (err == ERR_MISSING) {
            return OK; /* the store has not written its first entry yet */
        }
        if (err != OK) {
            return why_set(why, err, "%s", none.text);
        }
        role->checkpoint_ms = publisher_size(role->publisher) > 0 ? clock_now_ms(role->clock) : -1;
    }
    return publisher_turn(role->publisher, clock_now_ms(role->clock), ask_signer, role, grew, why);
}

/* Since when something waits, and a log line when what is said of it changes. */
static void note_outcome(struct role *role, enum err err, const struct why *why)
{
    struct publisher_facts facts = {0};
    if (role->publisher != NULL) {
        publisher_facts(role->publisher, &facts);
    }
    bool behind = err != OK || facts.read > facts.published;
    role->behind_ms = !behind ? -1 : role->behind_ms >= 0 ? role->behind_ms : loop_now_ms(role->loop);
    if (strcmp(why->text, role->said.text) != 0) {
        log_line(err != OK ? LOG_ERROR : LOG_INFO, err != OK ? "log_stands_still" : "log_goes_on",
                 "why=\"%s\"", why->text);
        role->said = *why;
    }
}

static bool proofs_wait(const struct role *role)
{
    struct publisher_facts facts = {0};
    if (role->publisher != NULL) {
        publisher_facts(role->publisher, &facts);
    }
    return facts.proofs_wait;
}

static void on_turn(void *arg)
{
    struct role *role = arg;
    struct why why = {""};
    bool grew = false;
    int64_t start = monotonic_ms();
    enum err err = turn(role, &grew, &why);
    note_outcome(role, err, &why);
    if (grew) {
        role->sign_ms = monotonic_ms() - start;
        role->checkpoint_ms = clock_now_ms(role->clock);
        role->checkpoints++;
    }
    if (err != OK || grew || loop_now_ms(role->loop) - role->status_ms >= STATUS_EVERY_MS) {
        write_status(role, &why);
    }
    int64_t wait_ms = role->options->interval_ms;
    loop_after(role->loop, proofs_wait(role) && wait_ms > PROOF_WAIT_MS ? PROOF_WAIT_MS : wait_ms, on_turn,
               role);
}

/* The log is called as its key is; the public half says it, so that this role need not see the other. */
static enum err read_origin(struct role *role, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf vkey;
    struct note_key key;
    buf_init(&vkey, 0);
    snprintf(path, sizeof path, "%.4000s.pub", role->paths.key);
    enum err err = file_read(path, 1024, &vkey, why);
    err = err != OK ? err : note_key_parse(buf_as_span(&vkey), &key, why);
    buf_done(&vkey);
    TRY(err);
    if (!origin_holds(role->election.origin, span_str(key.name)) ||
        !span_copy(span_str(key.name), role->origin, sizeof role->origin)) {
        return why_set(why, ERR_CONFLICT, "%s is the key of %s, the election is %.*s", path, key.name,
                       SPAN_ARG(role->election.origin));
    }
    return OK;
}

static enum err prepare(struct role *role, struct why *why)
{
    const struct logtree_paths *paths = &role->paths;
    TRY(election_load(paths->election, &role->election, why));
    TRY(read_origin(role, why));
    if (file_exists(paths->clock)) {
        TRY(clock_open(paths->clock, &role->clock, why));
    }
    char log_dir[FILE_PATH_MAX];
    TRY(folder_make(path_join(log_dir, paths->public, "log"), why));
    TRY(folder_make(paths->ledger, why)); /* what is not there cannot be allowed below */
    if (role->options->copy_dir != NULL) {
        TRY(folder_make(role->options->copy_dir, why));
        TRY(folder_make(paths->proofs, why));
    }
    TRY(loop_new(&role->loop, why));
    TRY(loop_signals(role->loop, NULL, NULL, why));
    char status_dir[FILE_PATH_MAX];
    path_join(status_dir, role->options->dir, "run/status");
    const char *const read[] = {paths->ledger, role->options->copy_dir, NULL};
    const char *const write[] = {log_dir, status_dir, role->options->copy_dir != NULL ? paths->proofs : NULL,
                                 NULL};
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
    TRY(jail_possible(why));
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
    role = (struct role){.options = options, .checkpoint_ms = -1, .behind_ms = -1, .signer = "waiting"};
    logtree_paths(options, &role.paths);
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
    manager_watch(parent.loop);
    manager_ready();
    int code = loop_run(parent.loop);
    manager_stopping();
    child_stop(&parent.publish, GRACE_MS);
    child_stop(&parent.signer, GRACE_MS);
    loop_free(parent.loop);
    return code;
}

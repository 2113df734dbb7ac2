/* The parent of atalaya-cut: starts its two roles with what they need, and ends when one of them ends. */
#include "cut/cut.h"
#include "cut/role.h"
#include "cut/signer.h"

#include "base/log.h"
#include "os/file.h"
#include "os/jail.h"
#include "os/loop.h"
#include "os/manager.h"
#include "os/proc.h"
#include "os/sock.h"

#include <stdio.h>
#include <unistd.h>

struct parent {
    struct loop *loop;
    struct child cut, sign;
};

enum { GRACE_MS = 5000 };

static void on_end(void *arg, int fd, unsigned events)
{
    struct parent *parent = arg;
    bool cut = fd == parent->cut.pidfd;
    struct child *child = cut ? &parent->cut : &parent->sign;
    (void)events;
    loop_unwatch(parent->loop, fd);
    int ended = child_ended(child);
    log_line(LOG_ERROR, "role_ended", "role=%s code=%d", cut ? "cut" : "sign", ended - 1);
    loop_stop(parent->loop, ended == 1 ? 1 : ended - 1);
}

static enum err folders(const struct cut_options *options, struct why *why)
{
    static const char *const names[] = {"public", "run/status", "run/log", "ledger/entries", "keys"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[FILE_PATH_MAX];
        TRY(folder_make(path_join(path, options->dir, names[i]), why));
    }
    return OK;
}

static enum err start(struct parent *parent, const struct cut_options *options, struct why *why)
{
    int pair[2];
    char key[FILE_PATH_MAX];
    char memory[FILE_PATH_MAX];
    TRY(jail_possible(why));
    TRY(folders(options, why));
    if (sock_pair(pair) != OK) {
        return why_set(why, ERR_IO, "cannot make a socket pair");
    }
    struct signer_options sign = {.key_path = path_join(key, options->dir, "keys/cut.key"),
                                  .state_path = path_join(memory, options->dir, "keys/cut.state"),
                                  .fd = pair[1]};
    struct role_options cut = {.options = options, .signer = pair[0]};
    TRY(role_start("cut-sign", signer_main, &sign, &pair[1], 1, &parent->sign, why));
    TRY(role_start("cut", cut_role_main, &cut, &pair[0], 1, &parent->cut, why));
    close(pair[0]);
    close(pair[1]);
    TRY(loop_watch(parent->loop, parent->sign.pidfd, LOOP_READ, on_end, parent));
    return loop_watch(parent->loop, parent->cut.pidfd, LOOP_READ, on_end, parent);
}

int cut_run(const struct cut_options *options)
{
    struct parent parent = {.cut = {-1, -1}, .sign = {-1, -1}};
    struct why why = {{0}};
    log_start("cut-parent", LOG_INFO);
    enum err err = loop_new(&parent.loop, &why);
    err = err != OK ? err : loop_signals(parent.loop, NULL, NULL, &why);
    err = err != OK ? err : start(&parent, options, &why);
    if (err != OK) {
        log_line(LOG_ERROR, "start_failed", "why=\"%s\"", why.text);
    }
    if (err == OK) {
        manager_watch(parent.loop);
        manager_ready();
    }
    int code = err == OK ? loop_run(parent.loop) : 2;
    manager_stopping();
    child_stop(&parent.cut, GRACE_MS);
    child_stop(&parent.sign, GRACE_MS);
    loop_free(parent.loop);
    return code;
}

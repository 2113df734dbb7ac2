/* The signer as a process: one descriptor, one key, one state file, and nothing else. */
#include "base/log.h"
#include "keys/keyfile.h"
#include "logtree/signer.h"
#include "os/jail.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/socket.h>

enum { REQUEST_MAX = CHECKPOINT_MAX + 64 * 64 };

static void answer(const struct signer_role *role, struct signer_state *state, const struct secret_key *key,
                   struct span request, struct buf *out)
{
    struct why why = {""};
    buf_clear(out);
    buf_str(out, "ok\n");
    enum err err = signer_sign(role->state_path, state, key, request, out, &why);
    if (err == OK) {
        return;
    }
    buf_clear(out);
    if (err == ERR_CONFLICT) {
        buf_printf(out, "conflict %llu", (unsigned long long)state->size);
    } else {
        buf_printf(out, "error %s", why.text);
        log_line(LOG_WARN, "signer_refused", "why=\"%s\"", why.text);
    }
}

static int serve(const struct signer_role *role, struct signer_state *state, const struct secret_key *key)
{
    static char request[REQUEST_MAX];
    struct buf out;
    buf_init(&out, 0);
    for (;;) {
        ssize_t n = recv(role->fd, request, sizeof request, MSG_TRUNC);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break; /* whoever asked is gone: so are we */
        }
        if ((size_t)n > sizeof request) {
            buf_clear(&out);
            buf_str(&out, "error the request is too long");
        } else {
            answer(role, state, key, span_of(request, (size_t)n), &out);
        }
        if (send(role->fd, out.at, out.len, MSG_NOSIGNAL) != (ssize_t)out.len) {
            break;
        }
    }
    buf_done(&out);
    return 0;
}

int signer_role_main(void *arg)
{
    const struct signer_role *role = arg;
    struct why why = {""};
    struct signing_key key;
    struct signer_state state;
    char folder[FILE_PATH_MAX];
    snprintf(folder, sizeof folder, "%s", role->state_path);
    enum err err = keyfile_load(role->key_path, NULL, NULL, &key, &why);
    bool loaded = err == OK;
    if (err == OK) {
        err = signer_load(role->state_path, &state, &why);
    }
    if (err == OK && strcmp(state.origin, key.secret.key.name) != 0) {
        err = why_set(&why, ERR_CONFLICT, "the memory is of the log %s, the key of %s", state.origin,
                      key.secret.key.name);
    }
    if (err == OK) {
        /* The row of a key in a token has one folder more: what its module reads while it signs. */
        const char *const mine[] = {dirname(folder), key.path[0] != '\0' ? key.path : NULL, NULL};
        unsigned token =
            key.path[0] != '\0' ? (unsigned)JAIL_LOCAL : 0; /* its module may speak to its daemon */
        err = jail_enter(&(struct jail){.name = "signer", .rights = JAIL_FILES | token, .write = mine}, &why);
    }
    if (err != OK) {
        log_line(LOG_ERROR, "signer_cannot_start", "why=\"%s\"", why.text);
        if (loaded) {
            signing_key_done(&key);
        }
        return 1;
    }
    int code = serve(role, &state, &key.secret);
    signing_key_done(&key);
    return code;
}

/* The signer as a process: one descriptor, one key, one state file, and nothing else. */
#include "base/log.h"
#include "logtree/signer.h"
#include "os/file.h"
#include "os/jail.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/socket.h>

enum { REQUEST_MAX = CHECKPOINT_MAX + 64 * 64 };

static enum err load_key(const char *path, struct secret_key *out, struct why *why)
{
    struct buf text;
    buf_init(&text, 4096);
    enum err err = file_read(path, 4096, &text, why);
    if (err == OK) {
        err = secret_key_parse(buf_as_span(&text), out, why);
    }
    if (text.at != NULL) {
        explicit_bzero(text.at, text.cap);
    }
    buf_done(&text);
    return err;
}

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
    struct secret_key key;
    struct signer_state state;
    char folder[FILE_PATH_MAX];
    snprintf(folder, sizeof folder, "%s", role->state_path);
    const char *const mine[] = {dirname(folder), NULL};
    enum err err = load_key(role->key_path, &key, &why);
    if (err == OK) {
        err = signer_load(role->state_path, &state, &why);
    }
    if (err == OK) {
        err = jail_enter(&(struct jail){.name = "signer", .rights = JAIL_FILES, .write = mine}, &why);
    }
    if (err != OK) {
        log_line(LOG_ERROR, "signer_cannot_start", "why=\"%s\"", why.text);
        return 1;
    }
    int code = serve(role, &state, &key);
    secret_key_wipe(&key);
    return code;
}

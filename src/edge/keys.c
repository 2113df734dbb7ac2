/* Certificates by number: the set's number times CERTS, plus the place in it. The set before stays, for handshakes under way. */
#include "edge/keys.h"

#include "base/log.h"
#include "edge/keys_desk.h"
#include "edge/roles.h"
#include "os/clock.h"
#include "os/jail.h"
#include "os/loop.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { LOOK_MS = 1000, TICKETS_MS = 3600000, END_MS = 60000, LOOKS_A_WORD = 60 };

/* What tells a file from what it was. */
struct stamp {
    int64_t seconds, nanos, size;
    uint64_t node;
};

struct set {
    uint32_t number;
    struct tls_secret *secrets[EDGE_CERTS_MAX];
};

struct keys {
    const struct role_gift *gift;
    struct loop *loop;
    struct set now, before;
    struct stamp stamps[2 * EDGE_CERTS_MAX];
    uint8_t tickets[TLS_TICKET_KEYS][TLS_TICKET_KEY];
    struct keys_packet packet;
    struct keys_desk desks[EDGE_WORKERS_MAX];
    uint32_t refusals; /* looks in a row whose files did not do */
    bool begins;       /* what was asked before is forgotten */
};

static struct stamp stamp_of(const char *path)
{
    struct stat info;
    struct stamp stamp = {0};
    if (stat(path, &info) == 0) {
        stamp = (struct stamp){.seconds = info.st_mtim.tv_sec, .nanos = info.st_mtim.tv_nsec};
        stamp.size = info.st_size;
        stamp.node = info.st_ino;
    }
    return stamp;
}

static void free_set(struct set *set)
{
    for (int i = 0; i < EDGE_CERTS_MAX; i++) {
        tls_secret_free(set->secrets[i]);
    }
    *set = (struct set){0};
}

/* All pairs, or none. */
static enum err load(struct keys *keys, struct why *why)
{
    const struct edge_options *options = keys->gift->options;
    struct set coming = {.number = keys->now.number + 1};
    enum err err = OK;
    for (uint32_t i = 0; err == OK && i < options->n_certs; i++) {
        keys->stamps[2 * i] = stamp_of(options->certs[i]);
        keys->stamps[2 * i + 1] = stamp_of(options->keys[i]);
        err = tls_secret_read(options->certs[i], options->keys[i], &coming.secrets[i], why);
    }
    if (err != OK) {
        free_set(&coming);
        return err;
    }
    free_set(&keys->before);
    keys->before = keys->now;
    keys->now = coming;
    for (uint32_t i = 0; i < options->n_certs; i++) {
        atomic_store(&keys->gift->board->certs.ends_s[i], tls_secret_ends_s(coming.secrets[i]));
    }
    return OK;
}

static void tell_tickets(struct keys *keys, int worker_end)
{
    keys->packet = (struct keys_packet){.kind = KEYS_TICKETS};
    (void)keys_send(worker_end, &keys->packet, span_of((const char *)keys->tickets, sizeof keys->tickets));
}

static void tell_all(struct keys *keys, int worker_end)
{
    const uint32_t n = keys->gift->options->n_certs;
    struct keys_packet *packet = &keys->packet;
    tell_tickets(keys, worker_end);
    packet->kind = KEYS_BEGIN;
    packet->what = keys->begins;
    (void)keys_send(worker_end, packet, SPAN(""));
    for (uint32_t i = 0; i < n; i++) {
        packet->kind = KEYS_CHAIN;
        packet->cert = keys->now.number * EDGE_CERTS_MAX + i;
        (void)keys_send(worker_end, packet, tls_secret_chain(keys->now.secrets[i]));
    }
    packet->kind = KEYS_READY;
    (void)keys_send(worker_end, packet, SPAN(""));
}

static const struct tls_secret *secret_of(const struct keys *keys, uint32_t cert)
{
    const struct set *const sets[] = {&keys->now, &keys->before};
    for (int i = 0; i < 2; i++) {
        if (sets[i]->number == cert / EDGE_CERTS_MAX) {
            return sets[i]->secrets[cert % EDGE_CERTS_MAX];
        }
    }
    return NULL;
}

static void answer(void *arg, struct keys_slot *slot)
{
    const struct keys *keys = arg;
    const struct tls_secret *secret = secret_of(keys, slot->cert);
    uint8_t out[TLS_ASK_MAX];
    size_t len = 0;
    if (secret == NULL || tls_secret_answer(secret, (enum tls_ask_kind)slot->what, (int)slot->padding,
                                            span_of(slot->bytes, slot->len), out, &len) != OK) {
        len = 0;
    }
    memcpy(slot->bytes, out, len);
    slot->len = (uint32_t)len;
}

static void greet(void *arg, int worker_end)
{
    tell_all(arg, worker_end);
}

static bool has_changed(const struct keys *keys)
{
    const struct edge_options *options = keys->gift->options;
    for (uint32_t i = 0; i < options->n_certs; i++) {
        const struct stamp now[2] = {stamp_of(options->certs[i]), stamp_of(options->keys[i])};
        if (memcmp(now, &keys->stamps[2 * i], sizeof now) != 0) {
            return true;
        }
    }
    return false;
}

static void tell_workers(struct keys *keys, void (*tell)(struct keys *keys, int worker_end))
{
    for (uint32_t i = 0; i < keys->gift->options->workers; i++) {
        tell(keys, keys->gift->key_ends[i]);
    }
}

/* Files that did not do are tried at every look: what mends them, a permission say, may leave them as they were to the eye. */
static void refuse(struct keys *keys, const struct why *why)
{
    atomic_fetch_add(&keys->gift->board->certs.refused, 1);
    if (keys->refusals++ % LOOKS_A_WORD == 0) {
        log_line(LOG_WARN, "certificates_refused", "why=\"%s\"", why->text);
    }
}

/* Files may change one after the other: until they fit together again the old pair goes on. */
static void on_look(void *arg)
{
    struct keys *keys = arg;
    struct why why = {0};
    if (keys->refusals > 0 || has_changed(keys)) {
        if (load(keys, &why) == OK) {
            keys->refusals = 0;
            tell_workers(keys, tell_all);
            atomic_fetch_add(&keys->gift->board->certs.taken, 1);
            log_line(LOG_INFO, "certificates_reloaded", "set=%u", keys->now.number);
        } else {
            refuse(keys, &why);
        }
    }
    loop_after(keys->loop, LOOK_MS, on_look, keys);
}

static void on_tickets(void *arg)
{
    struct keys *keys = arg;
    memmove(keys->tickets[1], keys->tickets[0], sizeof keys->tickets - TLS_TICKET_KEY);
    if (tls_ticket_key(keys->tickets[0]) == OK) {
        tell_workers(keys, tell_tickets);
    }
    loop_after(keys->loop, TICKETS_MS, on_tickets, keys);
}

static void on_end(void *arg)
{
    struct keys *keys = arg;
    loop_stop(keys->loop, 0);
}

/* Workers that finish may still be shaking hands. */
static void on_signal(void *arg, int signal)
{
    struct keys *keys = arg;
    if (signal == SIGUSR1) {
        loop_after(keys->loop, END_MS, on_end, keys);
    }
}

static enum err prepare(struct keys *keys, struct why *why)
{
    const struct edge_options *options = keys->gift->options;
    struct notice_board *board = keys->gift->board;
    TRY(notice_board_keep(board, &board->certs, sizeof board->certs, why));
    TRY(loop_new(&keys->loop, why));
    TRY(loop_signals(keys->loop, on_signal, keys, why));
    for (int i = 0; i < TLS_TICKET_KEYS; i++) {
        TRY(tls_ticket_key(keys->tickets[i]));
    }
    enum err err = load(keys, why);
    atomic_store(&board->certs.lacking, err != OK);
    TRY(err);
    for (uint32_t i = 0; i < options->workers; i++) {
        struct keys_desk *desk = &keys->desks[i];
        desk->loop = keys->loop;
        desk->socket = keys->gift->key_ends[i];
        desk->answer = answer;
        desk->greet = greet;
        desk->arg = keys;
        desk->waited = &board->certs.waited;
        TRY(keys_desk_open(desk));
    }
    return OK;
}

/* It may read the folders of certificates and keys, where new ones appear under the old names, and nothing else. */
static enum err enter_jail(const struct edge_options *options, struct why *why)
{
    static char rooms[2 * EDGE_CERTS_MAX][1024];
    const char *folders[2 * EDGE_CERTS_MAX + 1] = {NULL};
    for (uint32_t i = 0; i < 2 * options->n_certs; i++) {
        const char *path = i % 2 == 0 ? options->certs[i / 2] : options->keys[i / 2];
        const char *slash = strrchr(path, '/');
        struct span folder = slash == NULL ? SPAN(".") : span_of(path, (size_t)(slash - path) + 1);
        if (!span_copy(folder, rooms[i], sizeof rooms[i])) {
            return why_set(why, ERR_TOO_BIG, "the path of a certificate is too long");
        }
        folders[i] = rooms[i];
    }
    const struct jail jail = {.name = "edge-keys", .rights = JAIL_READ, .read = folders};
    return jail_enter(&jail, why);
}

int keys_check_main(void *arg)
{
    const struct edge_options *options = arg;
    struct why why = {0};
    for (uint32_t i = 0; i < options->n_certs; i++) {
        struct tls_secret *secret = NULL;
        if (tls_secret_read(options->certs[i], options->keys[i], &secret, &why) != OK) {
            (void)fprintf(
                stderr,
                "atalaya-edge: certificado y clave han de poder leerse e ir juntos / certificate and "
                "key must be readable and fit together: %s\n",
                why.text);
            return 2;
        }
        tls_secret_free(secret);
    }
    return 0;
}

int keys_main(void *arg)
{
    static struct keys keys;
    struct why why = {0};
    keys.gift = arg;
    if (prepare(&keys, &why) != OK || enter_jail(keys.gift->options, &why) != OK) {
        log_line(LOG_ERROR, "keys_failed", "why=\"%s\"", why.text);
        return 1;
    }
    keys.begins = true;
    tell_workers(&keys, tell_all);
    keys.begins = false;
    loop_after(keys.loop, LOOK_MS, on_look, &keys);
    loop_after(keys.loop, TICKETS_MS, on_tickets, &keys);
    return loop_run(keys.loop);
}

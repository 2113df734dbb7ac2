/* One packet being filled, and a queue of connections whose question did not fit into a packet or a network's share. */
#include "edge/key_asks.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Five packets, of some twenty that the channel holds each way: an answer finds room. */
enum { OUT_MOST = 5 * KEYS_SLOTS, LOOKS = 256 };

/* A worker has one channel to the keys. */
static struct keys_packet asked;
static uint32_t gathered; /* slots of it */
static uint32_t out;      /* questions without an answer yet, the gathered ones too */
static bool full;         /* the socket had no room: its next word is waited for */
static struct {
    uint64_t *tags; /* of connections whose question waits for its turn, until their deadline */
    uint32_t places, first, n;
} queue;

/* The network that answers for a connection's questions; NULL for a listed forwarder's, which is not counted. */
static struct crowd_prefix *prefix_of(struct server *server, const struct conn *conn)
{
    return conn->prefix == CONN_NONE ? NULL : &server->crowd.prefixes[conn->prefix];
}

enum err key_asks_init(struct server *server, int socket)
{
    static struct keys_packet hello = {.kind = KEYS_HELLO};
    server->keys = socket;
    queue.places = 2 * server->conns.max;
    queue.tags = calloc(queue.places, sizeof *queue.tags);
    if (queue.tags == NULL) {
        return ERR_FULL;
    }
    return keys_send_slots(socket, &hello, 0) == OK ? OK : ERR_IO;
}

static void listen_for_room(struct server *server, bool wanted)
{
    if (wanted != full) {
        full = wanted;
        enum err err = loop_change(server->loop, server->keys, LOOP_READ | (wanted ? LOOP_WRITE : 0U));
        assert(err == OK); /* it is watched, and open */
    }
}

void key_asks_send(struct server *server)
{
    if (gathered == 0) {
        return;
    }
    asked.kind = KEYS_ASK;
    bool sent = keys_send_slots(server->keys, &asked, gathered) != ERR_AGAIN;
    gathered = sent ? 0 : gathered; /* a role that is gone is noticed in reading */
    listen_for_room(server, !sent);
}

/* A network has so many questions out at once at most, so that nobody fills the channel alone; all together never more than it holds. */
static bool ask_now(struct server *server, const struct conn *conn, const struct tls_question *question)
{
    struct crowd_prefix *prefix = prefix_of(server, conn);
    if (out >= OUT_MOST || gathered == KEYS_SLOTS || question->bytes.len > TLS_ASK_MAX ||
        (prefix != NULL && prefix->asks >= server->limits.key_asks)) {
        return false;
    }
    struct keys_slot *slot = &asked.slots[gathered++];
    memset(slot, 0, offsetof(struct keys_slot, bytes));
    slot->tag = conn_tag(&server->conns, conn);
    slot->cert = question->cert;
    slot->what = question->kind;
    slot->padding = (uint32_t)question->padding;
    slot->len = (uint32_t)question->bytes.len;
    memcpy(slot->bytes, question->bytes.at, question->bytes.len);
    out++;
    if (prefix != NULL) {
        prefix->asks++;
    }
    count(server->answers.row, COUNT_TLS_SIGNED, 1);
    if (gathered == KEYS_SLOTS) {
        key_asks_send(server);
    }
    return true;
}

/* Places are for twice as many as there can be: of a connection that closed one stays until its turn. */
static bool queue_put(uint64_t tag)
{
    if (queue.n == queue.places) {
        return false;
    }
    queue.tags[(queue.first + queue.n++) % queue.places] = tag;
    return true;
}

static uint64_t queue_take(void)
{
    uint64_t tag = queue.tags[queue.first];
    queue.first = (queue.first + 1) % queue.places;
    queue.n--;
    return tag;
}

bool key_asks_ask(void *arg, void *owner, struct tls_question *question)
{
    struct server *server = arg;
    const struct conn *conn = &server->conns.all[(uint32_t)(uintptr_t)owner];
    if (ask_now(server, conn, question)) {
        return true;
    }
    if (!queue_put(conn_tag(&server->conns, conn))) {
        count(server->answers.row, COUNT_REFUSED_KEY_ASKS, 1);
        return false;
    }
    question->waits = true;
    return true;
}

/* The question that a connection in the queue still has; NULL: it is gone, or was asked. */
static struct tls_question *waiting_question(struct server *server, uint64_t tag)
{
    const struct conn *conn = conn_of_tag(&server->conns, tag);
    struct tls_question *question = conn == NULL || conn->tls == NULL ? NULL : tls_line_question(conn->tls);
    return question != NULL && question->waits ? question : NULL;
}

void key_asks_next(struct server *server)
{
    uint32_t looks = queue.n < LOOKS ? queue.n : LOOKS;
    for (; looks > 0 && out < OUT_MOST && gathered < KEYS_SLOTS; looks--) {
        uint64_t tag = queue_take();
        struct tls_question *question = waiting_question(server, tag);
        if (question == NULL) {
            continue;
        }
        question->waits = !ask_now(server, conn_of_tag(&server->conns, tag), question);
        if (question->waits) {
            bool put = queue_put(tag);
            assert(put); /* one was taken */
        }
    }
}

void key_asks_leave(struct server *server, const struct conn *conn)
{
    struct crowd_prefix *prefix = prefix_of(server, conn);
    const struct tls_question *question = tls_line_question(conn->tls);
    if (question != NULL && !question->waits && prefix != NULL && prefix->asks > 0) {
        prefix->asks--;
    }
}

bool key_asks_answered(struct server *server, struct conn *conn)
{
    out -= out > 0;
    if (conn == NULL || conn->tls == NULL || !tls_line_asks(conn->tls) ||
        tls_line_question(conn->tls)->waits) {
        return false;
    }
    key_asks_leave(server, conn);
    return true;
}

void key_asks_forgotten(void)
{
    out = gathered;
}

/* Sends many HTTP requests at a time over connections that stay open, each again with the same bytes until it
 * is answered: the other side may refuse, stall, cut or restart whenever it likes. One loop, no threads. */
#ifndef CITY_SENDER_H
#define CITY_SENDER_H

#include "base/buf.h"
#include "base/err.h"
#include "os/loop.h"

#include <stdint.h>

enum { SENDER_CONNECTIONS_MAX = 1024 };

struct sender;

struct sender_options {
    struct span address; /* "127.0.0.1:8091" */
    const char *path;    /* "/v1/acta" */
    const char *type;    /* Content-Type */
    uint32_t connections;
    uint32_t items;    /* most items that will ever be pushed */
    int64_t answer_ms; /* no answer for so long cuts the connection and sends again; 0: 30,000 */
    /* Appends the body of an item: called once an item and before its first sending. */
    void (*body)(void *arg, uint32_t item, struct buf *out);
    /* An answer that is final: any status but 5xx. `answer` is its body. */
    void (*answered)(void *arg, uint32_t item, int status, struct span answer);
    void *arg;
};

MUST_CHECK enum err sender_new(struct loop *loop, const struct sender_options *options, struct sender **out,
                               struct why *why);
void sender_free(struct sender *sender);

/* Sent in the order of pushing, answered in any. An item is pushed once. */
void sender_push(struct sender *sender, uint32_t item);
/* Pushed and not answered yet. */
uint32_t sender_pending(const struct sender *sender);
/* How often something had to be sent again. */
uint64_t sender_retries(const struct sender *sender);
/* The last reason for it, "" when there was none. */
const char *sender_trouble(const struct sender *sender);

#endif

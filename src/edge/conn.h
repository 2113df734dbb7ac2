/* One connection of a worker: bytes in, requests, answers out. While an answer is being sent nothing more is read, so a
 * client that sends without reading holds itself up. Buffers exist only while they hold something. */
#ifndef EDGE_CONN_H
#define EDGE_CONN_H

#include "edge/respond.h"
#include "edge/shelf.h"
#include "os/loop.h"

enum {
    HEAD_MS = 5000,      /* from the first byte of a head to its last */
    IDLE_MS = 15000,     /* between requests, and before the first */
    RESPONSE_MS = 10000, /* to send an answer, and more by its size: */
    RESPONSE_BYTES_PER_MS = 4,
    LINGER_MS = 1000
};

enum conn_state { CONN_IDLE, CONN_HEAD, CONN_SENDING, CONN_LINGER, CONN_STATES };

struct conn {
    struct conn *before, *after; /* in the list of its state, oldest first */
    struct conn_pool *pool;
    struct shelf_view *view; /* while an answer is sent from it */
    char *in;                /* bytes not yet understood */
    char *out;               /* bytes of a head that did not go out at once */
    const char *body;        /* from the view */
    uint64_t body_left;      /* of `body` or of `file` */
    uint64_t file_at;
    int64_t deadline_ms;
    int fd;
    int file; /* descriptor to send from, -1: none */
    uint32_t in_len, in_cap;
    uint32_t out_at, out_len;
    uint8_t state;
    bool file_is_ours, close_after, head_error;
};

struct conn_list {
    struct conn *first, *last;
};

struct conn_pool {
    struct loop *loop;
    struct shelf shelf;
    struct edge_shelf answers; /* `view` is set at each request */
    struct conn_list lists[CONN_STATES];
    uint32_t n, max;
    struct buf head; /* scratch: the answer being formed */
    char scratch[16384];
};

/* Takes the descriptor. */
void conn_open(struct conn_pool *pool, int fd);
/* Closes what is past its deadline. */
void conn_sweep(struct conn_pool *pool);
/* Closes the connection that costs least to lose: the longest idle, else the slowest head. False when all are being
 * answered. */
bool conn_evict(struct conn_pool *pool);

#endif

/* What all protocols of a worker stand on: its connections with their deadlines and their crowd, memory for what is
 * pending, what is served, and the one place where a finished request is recorded. One loop, no locks. */
#ifndef EDGE_SERVER_H
#define EDGE_SERVER_H

#include "edge/conns.h"
#include "edge/crowd.h"
#include "edge/forwarders.h"
#include "edge/limits.h"
#include "edge/memo.h"
#include "edge/pool.h"
#include "edge/respond.h"
#include "edge/shelf.h"
#include "edge/wheel.h"
#include "os/loop.h"

struct hits_pen;

struct server {
    struct loop *loop;
    struct limits limits;
    const struct forwarders *forwarders;
    struct conns conns;
    struct wheel wheel;
    struct crowd crowd;
    struct pool pool;
    uint32_t now; /* tick */
    struct shelf shelf;
    struct tls_house *house;                      /* NULL: no TLS here */
    int keys;                                     /* the channel to who signs */
    char h2_in[LIMIT_H2_READ_BYTES];              /* scratch: frames being understood */
    uint64_t h2_left;                             /* formed bytes that HTTP/2 connections keep */
    uint32_t tls_lines;                           /* connections that have TLS below them */
    uint32_t tls_most;                            /* the most of them since memory was given back */
    struct edge_shelf answers;                    /* what respond() answers from */
    struct flow *flow;                            /* subscribers of /flow; NULL: not here */
    struct hits_pen *hits;                        /* where what was decided is told; NULL: nowhere */
    struct memo memo;                             /* requests that came before */
    struct buf out;                               /* scratch: answers being formed */
    char in[LIMIT_HEAD_BYTES + LIMIT_READ_BYTES]; /* scratch: bytes being understood */
};

MUST_CHECK enum err server_init(struct server *server, const struct limits *limits,
                                const struct forwarders *forwarders, struct why *why);

/* Accepts what waits: as many as the limits allow at once, fewer when they take more than a moment. */
void server_accept(struct server *server, int listener, uint8_t protocol);

/* Another stage, and how long it may last. */
void server_stage(struct server *server, struct conn *conn, enum conn_stage stage, int64_t within_ms);
/* The same stage goes on for so long. */
void server_extend(struct server *server, struct conn *conn, int64_t within_ms);

/* Bytes are left to be read: the event comes again, after the others'. */
void server_again(struct server *server, struct conn *conn);

/* A forwarder said whose connection it is: from now on it counts as the client's. */
void server_rename(struct server *server, struct conn *conn, const uint8_t address[16], uint16_t port);

/* CONN_ABORT in its flags: with a reset. */
void server_close(struct server *server, struct conn *conn);

/* True when memory for what is pending may grow; closes the worst that hold some until it may, but never `conn`. */
bool server_has_room(struct server *server, const struct conn *conn);

/* Closes the worst connection that has TLS below it, but never `conn`. False: there is none. */
bool server_evict_line(struct server *server, const struct conn *conn);

/* Bytes that the other side has not acknowledged. */
uint32_t server_unacknowledged(const struct conn *conn);

/* Why a request or a connection ended. */
enum decision { DECIDED_SERVED, DECIDED_REFUSED, DECIDED_TIMEOUT, DECIDED_EVICTED, DECIDED_LOST };

/* One finished request, or a connection that ended without one. Spans are borrowed for the call. */
struct finished {
    const struct conn *conn;
    const uint8_t *client; /* whom a forwarder named in the request; NULL: the connection's own address */
    enum decision decision;
    enum edge_counter reason; /* of a refusal, timeout or eviction; else COUNTERS */
    enum http1_method method;
    struct span target;                  /* empty: no request was understood */
    const struct http1_request *request; /* NULL: none */
    int status;                          /* 0: no answer */
    uint64_t bytes;                      /* of the body */
};
void server_record(struct server *server, const struct finished *finished);
/* An answer was formed; `request` NULL: to what was none. */
void server_answered(struct server *server, const struct conn *conn, const struct http1_request *request,
                     const struct reply *reply);
/* Ends with a reset, for a reason. */
void server_cut_off(struct server *server, struct conn *conn, enum decision decision,
                    enum edge_counter reason);

#endif

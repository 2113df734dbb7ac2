/* What the gate's files share: the gate, its connections, and who does what with them. */
#ifndef INTAKE_GATE_PARTS_H
#define INTAKE_GATE_PARTS_H

#include "intake/frame.h"
#include "intake/gate.h"
#include "os/loop.h"

enum {
    REQUEST_MAX = FRAME_BYTES_MAX + 8192, /* head and body of one request */
    KEEP_BUFFER = 128 * 1024,             /* a larger buffer is given back after its request */
    LINK_QUEUE_MAX = 32 << 20,            /* bytes on their way to the store role */
    SLOWEST_RATE = 8                      /* bytes a millisecond that a body must keep up after its grace */
};
#define HELD_MAX ((size_t)256 << 20) /* bytes of all connections' buffers */

enum conn_state {
    CONN_FREE,
    CONN_HEAD,    /* waits for a request, or the rest of its head */
    CONN_BODY,    /* waits for the rest of the body */
    CONN_QUEUED,  /* examined; the link to the store role is full */
    CONN_WAITING, /* for the store role's answer */
    CONN_WRITING, /* its answer */
    CONN_DRAINING /* answered and finished; reads on so that the answer is not lost to a reset */
};

struct gate;

struct conn {
    struct gate *gate;
    enum conn_state state;
    uint32_t slot, round; /* its tag; the round tells a late answer from one that is due */
    int fd;
    struct tls_conn *tls;
    unsigned watched; /* LOOP_ bits now */
    bool eof;         /* the client will send no more */
    bool close;       /* after this answer */
    bool served;      /* a request was answered: it may idle */
    struct buf in, out;
    size_t out_done;
    size_t head_len;    /* of the request at hand */
    size_t body_len;    /* its Content-Length */
    int64_t since_ms;   /* in this state */
    int64_t request_ms; /* first byte of the request */
};

struct gate {
    struct gate_config config;
    struct loop *loop;
    struct link link;
    struct conn *conns; /* config.connections */
    uint32_t n_open;
    size_t held; /* bytes of buffers */
    bool paused; /* no descriptors left: accepting waits for the next sweep */
    struct frame_counts counts;
};

/* gate_conn.c: one connection's bytes. */
void conn_open(struct gate *gate, int fd);
void conn_close(struct conn *conn);
void conn_state(struct conn *conn, enum conn_state state);
/* Writes what is in `out`; when all is out the next request begins or the connection ends. */
void conn_write(struct conn *conn);
/* The answer is written: goes on with what is in hand or on the socket. */
void conn_resume(struct conn *conn);
/* Closes the connection that gives the least for its place: the longest idle, else the slowest. False: none.
 */
bool conn_drop_slowest(struct gate *gate);
void conn_sweep(struct gate *gate, int64_t now_ms);

/* gate.c: sends what is queued for the store role. */
void gate_flush(struct gate *gate);

/* gate_request.c: what the bytes mean. */
/* Goes as far as the bytes in hand allow. */
void request_advance(struct conn *conn);
/* Tries queued connections again. */
void request_unqueue(struct gate *gate);
void request_answered(struct conn *conn, const struct frame_answer *answer);
void request_refuse(struct conn *conn, enum refusal refusal, int status, const char *detail);

/* gate_answer.c: bytes of answers. */
void answer_stored(struct buf *out, const struct frame_answer *answer, bool close);
void answer_refused(struct buf *out, enum refusal refusal, int status, const char *detail,
                    uint32_t version_now, bool close);

#endif

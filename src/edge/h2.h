/* HTTP/2 on a connection: what its parts share. conn_h2.c reads frames and closes, h2_frames.c understands them, h2_answer.c answers
 * and sends bodies. Private to the edge. */
#ifndef EDGE_H2_H
#define EDGE_H2_H

#include "edge/flow.h"
#include "edge/protocol.h"
#include "edge/sending.h"
#include "wire/h2_frame.h"
#include "wire/hpack.h"

/* What is counted against a connection, each with a row of the limits and a counter. */
enum h2_glitch {
    GLITCH_RESETS, /* RST_STREAM received */
    GLITCH_FORCED, /* RST_STREAM that we had to send */
    GLITCH_SETTINGS,
    GLITCH_PINGS,
    GLITCH_EMPTY,   /* DATA and CONTINUATION without content */
    GLITCH_UPDATES, /* WINDOW_UPDATE */
    GLITCH_IDLE,    /* PRIORITY, unknown types: nothing follows from them */
    GLITCHES
};

/* A request that is not complete, or an answer whose body waits. */
struct h2_stream {
    struct h2_stream *next;
    uint32_t id;
    int32_t window;  /* how much its client takes */
    uint32_t body;   /* bytes of the request's body, all passed over */
    bool receiving;  /* END_STREAM has not come */
    bool has_length; /* the request said how much would come: */
    uint64_t length;
    struct sending sending; /* its answer's body */
    struct flow_sub *flow;  /* a subscriber of /flow: its answer has no end */
};

struct h2 {
    struct hpack_table table;
    struct h2_stream *streams; /* in the order in which they are served */
    char *in;                  /* bytes that are no whole frame */
    char *block;               /* a head that goes on in CONTINUATION */
    char *left;                /* formed, not taken by the connection yet */
    uint32_t in_len, in_cap, block_len, left_at, left_len;
    uint32_t n_streams;
    uint32_t n_flows;      /* of them subscribers of /flow */
    uint32_t block_stream; /* 0: no head is under way */
    uint32_t last;         /* the highest stream that was opened */
    uint64_t opened;       /* bit i: last - 2 * i was opened */
    int64_t window;        /* of the connection */
    int32_t first_window;  /* of a new stream */
    uint32_t received;     /* DATA since the last WINDOW_UPDATE */
    uint32_t frame_max;
    uint32_t glitch_second;
    uint16_t glitches[GLITCHES];
    uint64_t passed; /* bytes given to the connection */
    int64_t taken;   /* of them taken when that was last looked at */
    int64_t mark;    /* passed, when only subscribers were left and that was last looked at */
    uint8_t continuations;
    uint8_t block_flags;
    bool greeted; /* the preface was read */
    bool settled; /* its SETTINGS came */
    bool going;   /* GOAWAY was sent: nothing new is begun */
};

static inline struct h2 *h2_of(const struct conn *conn)
{
    return conn->state;
}

/* H2_NO_ERROR, or what the connection ends with. */
enum h2_error h2_frame(struct server *server, struct conn *conn, const struct h2_head *head,
                       struct span payload);
/* Counts; past the limit of the row the connection ends calmly. */
enum h2_error h2_glitch(struct server *server, struct conn *conn, enum h2_glitch glitch);
/* A stream that we end. */
enum h2_error h2_reset(struct server *server, struct conn *conn, uint32_t id, enum h2_error error);
struct h2_stream *h2_find(const struct h2 *h2, uint32_t id);
struct h2_stream *h2_stream_new(struct server *server, struct h2 *h2, uint32_t id);
void h2_stream_drop(struct server *server, struct h2 *h2, struct h2_stream *stream);

/* The answer to a request, formed at the end of server->out; NULL: its head was too large. `stream`: one that was receiving, or NULL. */
void h2_answer(struct server *server, struct conn *conn, uint32_t id, const struct http1_request *request,
               struct h2_stream *stream);
/* Bodies that wait, as far as windows and room go. */
void h2_fill(struct server *server, struct h2 *h2);

/* A head that is too large, has no path ...: 400, 431; 0 when all is well. `out` points into `list`. ERR_SYNTAX: malformed (§8.1.1). */
MUST_CHECK enum err h2_request(const struct hpack_list *list, struct http1_request *out);

/* A request for /flow: its head is formed, and its stream stays (flow_h2.c). */
void h2_flow_begin(struct server *server, struct conn *conn, struct h2_stream *stream, struct span greeting);
/* The deadline of a connection that has nothing else under way. False: it takes nothing. */
bool h2_flow_due(struct server *server, struct conn *conn);
/* Frames in server->out that were formed outside of the connection's own events. False: it is closed. */
bool h2_push_out(struct server *server, struct conn *conn);

enum { H2_OUT_MAX = 9 * H2_FRAME_MAX };

#endif

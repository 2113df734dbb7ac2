/* A representation under a request's conditions: 200, 206, 304, 404 or 416 from one prepared head. Private to respond. */
#ifndef EDGE_RESPOND_REP_H
#define EDGE_RESPOND_REP_H

#include "edge/respond.h"

/* A head in its three parts (edge/heads.h). */
struct rep_head {
    struct span whole;
    int status; /* that it says */
    uint16_t lead, meta;
    struct span etag; /* empty: none */
    bool ranges;
    struct span coded[CODED_PARTS]; /* NULL: not prepared */
};

/* A head as it was formed beforehand, and its end. */
void respond_formed(const struct edge_shelf *shelf, struct span whole, const struct reply *reply,
                    struct buf *out);
/* Date, Connection and the empty line. */
void respond_end_head(const struct edge_shelf *shelf, const struct reply *reply, struct buf *out);

/* `reply` holds offset and length of the whole body; they become those of what is sent. `status` is what the
 * answer is to say; conditions and ranges count when both it and the head say 200. */
void respond_rep(const struct edge_shelf *shelf, const struct http1_request *request,
                 const struct rep_head *head, int status, struct buf *out, struct reply *reply);

/* Which of the representations the request likes best. */
enum encoding respond_encoding(const struct http1_request *request, const uint32_t reps[ENC_COUNT]);

#endif

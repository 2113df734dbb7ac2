/* Requests that came before in the very same bytes, and what was answered from the view of now: who asks alike, a crowd of
 * the same browsers or a flood, is answered without parsing again. An answer from a view follows from the request's bytes and the view
 * alone, so nothing can be remembered wrongly; what is made at the moment (/estado, the folder's files) never is. */
#ifndef EDGE_MEMO_H
#define EDGE_MEMO_H

#include "edge/respond.h"

enum { MEMO_PLACES = 64, MEMO_HEAD_MAX = 704, MEMO_HEAD_MIN = 24 };

/* An answer as it goes out, head and body: what many ask for is not put together again for each of them. */
struct memo_whole {
    char *at;
    uint32_t len, cap; /* len 0: not laid out */
    uint32_t date;     /* edge_shelf.date_round of it */
    bool over_tls;
    uint8_t path;   /* enum hits_path */
    uint16_t print; /* in the hits */
};

struct memo_entry {
    uint64_t view; /* its key; what was said of another view is forgotten */
    uint64_t mark; /* of the head that was looked for here last */
    struct span formed;
    uint64_t offset, body_len;
    uint64_t names; /* http1_request.names, with the rest that a record of it needs */
    uint32_t n_fields;
    uint32_t object;
    uint16_t len;
    uint16_t target_at, target_len;
    uint16_t status;
    uint8_t method, minor;
    struct memo_whole whole;
    char head[MEMO_HEAD_MAX];
};

struct memo {
    struct memo_entry entries[MEMO_PLACES];
};

/* What is known of exactly these bytes, or NULL. */
struct memo_entry *memo_find(struct memo *memo, const struct view_map *view, struct span bytes);
/* Remembers an answer with reply->formed, when `head` is looked for the second time in a row at its place. */
void memo_keep(struct memo *memo, const struct view_map *view, struct span head,
               const struct http1_request *request, const struct reply *reply);

#endif

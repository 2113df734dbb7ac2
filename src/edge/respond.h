/* From a request to a reply, by the view alone: no I/O but opening images and ledger bundles below the tree. */
#ifndef EDGE_RESPOND_H
#define EDGE_RESPOND_H

#include "edge/notice_board.h"
#include "edge/view.h"
#include "wire/http1.h"

/* What a worker answers from. Everything may be absent. */
struct edge_shelf {
    const struct view_map *view;
    bool is_site;
    bool is_feed;        /* who asks for what is not there yet is a mirror that looks, and nothing is wrong */
    bool over_tls;       /* this answer goes out encrypted */
    bool coded;          /* its head is wanted as HPACK where that is prepared */
    bool ending;         /* the worker finishes: every answer is its connection's last */
    int folder;          /* tree: images, bundles, old manifests; -1: none */
    struct span estado;  /* the body of /estado */
    struct span caption; /* and of /codigo */
    struct span host;    /* and of /difusores */
    struct span date;    /* "Date: …\r\n" */
    uint32_t date_round; /* which one it is */
    struct span hsts;    /* "Strict-Transport-Security: …\r\n", or empty: for answers over TLS */
    struct span coded_date, coded_hsts; /* both as HPACK */
    bool has_flow;                      /* there is a /flow here */
    struct worker_row *row;
};

struct reply {
    int status;
    bool close;
    bool subscribes; /* to /flow: an answer without end follows the head */
    struct span
        formed; /* a whole head of the view: the same request gets it again; at == NULL: no such thing */
    bool coded; /* the head is one whole HPACK block, else as HTTP/1.1 has it */
    enum edge_counter reason; /* of a refusal; COUNTERS: none */
    uint32_t object; /* into the view's objects, with offset and len; VIEW_NONE: no body from the view */
    int fd;          /* else a file of its own to be sent and closed, or -1 */
    uint64_t offset, len;
};

/* Appends the head (and small bodies of our own) to `out` and says what follows. */
void respond(const struct edge_shelf *shelf, const struct http1_request *request, struct buf *out,
             struct reply *reply);
/* The answer to what was no request: 400, 408, 414, 431, 501, 505, 503. Always closes. */
void respond_error(const struct edge_shelf *shelf, int status, struct buf *out, struct reply *reply);

/* Instead of an answer that there is no room for: 503, come back later. */
void respond_busy(const struct edge_shelf *shelf, struct buf *out, struct reply *reply);

/* Paths that are sent from the folder: /acta/{64 hex}.jpg|png, /log/tile/…, /log/checkpoint, /log/cut-{n}.tlog-proof, keys,
 * /cut/{n}/manifest[.minisig], /package/{n}/SHA256SUMS. The type and how long it keeps, or NULL when the path is none of them. */
const char *disk_type(struct span path, enum keep_class *keep);

#endif

/* A small HTTP client for those who fetch a published tree: mirrors and verifiers. One handle keeps its
 * connection alive between requests to the same host. Only http and https, every answer bounded in bytes and
 * time, and a redirect is followed only to the same scheme, host and port: a published tree never sends its
 * reader elsewhere. */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct client;

struct client_options {
    int64_t connect_ms;  /* to a connection; 0: 3,000 */
    int64_t total_ms;    /* for one whole answer; 0: 30,000 */
    int64_t stall_s;     /* below 512 bytes a second for so long gives up; 0: 10 */
    const char *ca_file; /* PEM of a private authority, NULL: the system's */
    const char *bearer;  /* key of the difusores' feed, sent as "Authorization: Bearer"; NULL: none */
};

enum { CLIENT_ETAG_MAX = 127, CLIENT_TYPE_MAX = 63, CLIENT_REDIRECTS_MAX = 3 };

struct client_answer {
    int status;                     /* 200, 304, 404, ... */
    char etag[CLIENT_ETAG_MAX + 1]; /* "" when none, or one longer than that */
    char type[CLIENT_TYPE_MAX + 1]; /* Content-Type, "" when none */
    int64_t date_ms;                /* the answer's Date, -1 when none */
    uint64_t bytes;                 /* of the body */
};

MUST_CHECK enum err client_new(const struct client_options *options, struct client **out, struct why *why);
void client_free(struct client *client);

/* GETs a URL. The body of a 200 is appended to `out`, at most `limit` bytes (ERR_TOO_BIG, also when a length
 * beyond it is announced); bodies of other answers are dropped. `if_etag` (NULL: none) makes it conditional:
 * 304 leaves `out` alone. A status is not an error: OK means that an answer came whole. ERR_IO: no
 * connection, cut, or out of time; ERR_REFUSED: a scheme or redirect that is not allowed. `out` is as before
 * on failure. */
MUST_CHECK enum err client_get(struct client *client, const char *url, const char *if_etag, size_t limit,
                               struct buf *out, struct client_answer *answer, struct why *why);

/* The same into a new file (O_EXCL, mode 0644, not synced): for images and packages. The file is there only
 * after OK with status 200. */
MUST_CHECK enum err client_get_file(struct client *client, const char *url, const char *if_etag,
                                    uint64_t limit, const char *path, struct client_answer *answer,
                                    struct why *why);

#endif

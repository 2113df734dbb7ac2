/* Response heads, formed once when a file is loaded: a request costs a copy. A head is kept in three parts, so that
 * the same bytes make the 200, the 206, the 304 and the 404 of a representation:
 *
 *     HTTP/1.1 200 OK CRLF Content-Length: n CRLF          [0, lead)
 *     Content-Type: … CRLF Content-Encoding: … CRLF        [lead, meta)
 *     ETag: … and the rest, without Date and the empty line  [meta, len) */
#ifndef EDGE_HEADS_H
#define EDGE_HEADS_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

/* How long others may keep an answer (docs/formats/tree.md). */
enum keep_class {
    KEEP_FOREVER, /* /cut/, /chunk/, /acta/, /package/, /a/, tiles and bundles, proofs */
    KEEP_ENTRY,   /* "/", "/{contest}/" */
    KEEP_POINTER, /* /latest.json */
    KEEP_KEY,     /* keys and the policy */
    KEEP_SITE,    /* the institutional site's files */
    KEEP_BRIEF,   /* 404 */
    KEEP_NEVER,   /* /estado, 503 */
    KEEP_CLASSES
};

/* Which security fields go with it: the results' own pages, or an institution's. */
enum head_policy { POLICY_RESULTS, POLICY_SITE };

enum { HEAD_MAX = 1024, ETAG_LEN = 34 }; /* quote, 32 hex digits, quote */

struct head_plan {
    int status;
    enum keep_class keep;
    enum head_policy policy;
    const char *page_rules; /* a page's own Content-Security-Policy; NULL: the policy's */
    const char *type;
    const char *encoding; /* "gzip", "br" or NULL */
    bool vary;            /* other encodings of the same path exist */
    bool ranges;
    struct span etag;      /* with its quotes, or empty */
    const uint8_t *sha256; /* of the representation, or NULL */
    struct span location;  /* redirects */
    bool endless;          /* no length: the body ends with the connection, or with its stream */
    uint64_t length;
};

/* Appends the head to `out`; *lead and *meta are offsets from where it begins. */
void head_print(const struct head_plan *plan, struct buf *out, uint16_t *lead, uint16_t *meta);

/* The media type of a path by the end of its name. */
const char *media_type(struct span path);
bool media_is_text(const char *type);

/* '"', 32 hex digits of the SHA-256, '"' and a zero. */
void etag_print(char out[ETAG_LEN + 1], const uint8_t sha256[32]);

#endif

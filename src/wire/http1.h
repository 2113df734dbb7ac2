/* HTTP/1.1, strict (RFC 9110, 9112): one parser for requests and responses, with a body policy for each
 * listener. No I/O: the caller feeds bytes and gets values. Every ambiguity is refused with a status and the
 * connection closes: bare LF, obs-fold, space before colon, both Content-Length and Transfer-Encoding,
 * repeated Content-Length, unknown transfer codings, bytes below 0x20 or 0x7f, missing or repeated Host,
 * absolute targets with user info ... */
#ifndef WIRE_HTTP1_H
#define WIRE_HTTP1_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum { HTTP1_FIELDS_MAX = 64, HTTP1_HEAD_MAX = 8192, HTTP1_TARGET_MAX = 2048 };

enum http1_method { HTTP_OTHER, HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_OPTIONS };
enum http1_body { HTTP1_BODY_NONE, HTTP1_BODY_LENGTH, HTTP1_BODY_CHUNKED };

struct http1_field {
    struct span name;  /* as sent */
    struct span value; /* trimmed */
};

struct http1_request {
    enum http1_method method;
    struct span target; /* origin form, starts with '/' (or "*" for OPTIONS) */
    uint8_t minor;      /* HTTP/1.minor: 0 or 1 */
    bool keep_alive;
    struct http1_field fields[HTTP1_FIELDS_MAX];
    uint32_t n_fields;
    uint64_t names; /* of the fields, a bit each: one whose bit is missing is not there */
    enum http1_body body;
    uint64_t content_length;
    size_t head_len; /* bytes of the head, with the empty line */
};

/* Parses a request head at the start of `bytes`. ERR_AGAIN: more bytes are needed (and less than
 * HTTP1_HEAD_MAX came). Any other error: *status is what to answer (400, 405, 414, 431, 501, 505) and why
 * says the rule. Spans borrow. */
MUST_CHECK enum err http1_parse_request(struct span bytes, struct http1_request *out, int *status,
                                        struct why *why);

struct http1_response {
    int status;
    uint8_t minor;
    bool keep_alive;
    struct http1_field fields[HTTP1_FIELDS_MAX];
    uint32_t n_fields;
    enum http1_body body; /* what the fields say; the caller knows about HEAD, 204 and 304 */
    bool until_close;     /* neither length nor chunked */
    uint64_t content_length;
    size_t head_len;
};
MUST_CHECK enum err http1_parse_response(struct span bytes, struct http1_response *out, struct why *why);

/* The value of the first field of that name (any case), or an empty span with at == NULL. */
struct span http1_field(const struct http1_field *fields, uint32_t n_fields, const char *name);

/* Several names may share a bit. */
static inline uint64_t http1_name_bit(struct span name)
{
    return UINT64_C(1) << ((name.len ^ ((unsigned char)name.at[0] | 0x20U)) & 63);
}
static inline bool http1_may_have(const struct http1_request *request, struct span name)
{
    return (request->names & http1_name_bit(name)) != 0;
}

/* Chunked bodies: feeds bytes, appends data to `out` (which may carry a limit). *used is how many bytes were
 * taken; OK when the body is complete, ERR_AGAIN for more. */
struct http1_chunked {
    uint8_t state;
    uint64_t left;
    uint32_t digits;
};
MUST_CHECK enum err http1_chunked_feed(struct http1_chunked *chunked, struct span bytes, size_t *used,
                                       struct buf *out);

/* "HTTP/1.1 404 Not Found\r\n" */
void http1_status_line(struct buf *out, int status);
const char *http1_reason(int status);
/* "Mon, 07 Jun 2027 02:00:00 GMT" */
void http1_date(struct buf *out, int64_t ms);

#endif

/* What request and response heads share: field lines, and what they say about the body. Private to
 * wire/http1_*.c. */
#ifndef WIRE_HTTP1_HEAD_H
#define WIRE_HTTP1_HEAD_H

#include "wire/http1.h"

/* A reader of a head: goes left to right, so that a head fed in pieces fails with the same rule as in one. */
struct http1_head {
    const unsigned char *at;
    const unsigned char *end;
    const unsigned char *start;
    int status;     /* what to answer when it fails */
    uint64_t names; /* http1_name_bit of every field's name */
    struct why *why;
};

/* Fails with the answer `status` and a sentence. */
enum err http1_refuse(struct http1_head *head, int status, enum err err, const char *sentence);

/* What a byte may stand in: a token (RFC 9110 §5.6.2), a value (no controls but HTAB), a target (visible ASCII but '#',
 * which is never sent), a host's name. */
enum { HTTP1_TCHAR = 1, HTTP1_TEXT = 2, HTTP1_TARGET = 4, HTTP1_HOST = 8 };
extern const uint8_t http1_class[256];
static inline bool http1_is_tchar(unsigned char c)
{
    return (http1_class[c] & HTTP1_TCHAR) != 0;
}
static inline bool http1_is_text(unsigned char c)
{
    return (http1_class[c] & HTTP1_TEXT) != 0;
}

/* CR LF, nothing else ends a line. */
MUST_CHECK enum err http1_end_of_line(struct http1_head *head);
/* "HTTP/1.0" or "HTTP/1.1". */
MUST_CHECK enum err http1_version(struct http1_head *head, uint8_t *minor);
/* Field lines up to and with the empty line; sets `names`. */
MUST_CHECK enum err http1_fields(struct http1_head *head, struct http1_field *fields, uint32_t *n_fields);

struct http1_framing {
    bool keep_alive;
    bool has_length;
    enum http1_body body;
    uint64_t content_length;
};
/* Connection, Content-Length and Transfer-Encoding together. */
MUST_CHECK enum err http1_framing(struct http1_head *head, const struct http1_field *fields,
                                  uint32_t n_fields, uint8_t minor, struct http1_framing *out);

/* True when a tab stands beside a field's value: some readers take it for a part of what comes, so no field that says where a
 * request goes or ends may have one. */
bool http1_tab_beside(struct span value);

/* True when the value of Host can be read in one way alone. */
bool http1_host_ok(struct span host);

/* How many fields have that name; *last is the last one's value. */
uint32_t http1_count(const struct http1_field *fields, uint32_t n_fields, const char *name,
                     struct span *last);

#endif

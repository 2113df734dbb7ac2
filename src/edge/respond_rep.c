/* Conditions and parts. */
#include "edge/respond_rep.h"

#include "wire/hpack.h"

#include <stdio.h>
#include <strings.h>

void respond_end_head(const struct edge_shelf *shelf, const struct reply *reply, struct buf *out)
{
    buf_span(out, shelf->date);
    if (shelf->over_tls) { /* RFC 6797: never in clear */
        buf_span(out, shelf->hsts);
    }
    buf_span(out, reply->close ? SPAN("Connection: close\r\n\r\n") : SPAN("\r\n"));
}

/* The tag of any If-None-Match field. */
static bool is_known(const struct http1_request *request, struct span etag)
{
    struct span name = SPAN("if-none-match");
    if (!http1_may_have(request, name)) {
        return false;
    }
    for (uint32_t i = 0; i < request->n_fields; i++) {
        const struct http1_field *field = &request->fields[i];
        if (field->name.len == name.len && strncasecmp(field->name.at, name.at, name.len) == 0 &&
            etag_listed(field->value, etag)) {
            return true;
        }
    }
    return false;
}

enum encoding respond_encoding(const struct http1_request *request, const uint32_t reps[ENC_COUNT])
{
    struct accept accept;
    struct span name = SPAN("accept-encoding");
    unsigned there = 0;
    for (int i = 0; i < ENC_COUNT; i++) {
        there |= reps[i] != VIEW_NONE ? 1U << i : 0;
    }
    if (there == 1U << ENC_IDENTITY || !http1_may_have(request, name)) {
        return ENC_IDENTITY;
    }
    accept_init(&accept);
    for (uint32_t i = 0; i < request->n_fields; i++) {
        const struct http1_field *field = &request->fields[i];
        if (field->name.len == name.len && strncasecmp(field->name.at, name.at, name.len) == 0) {
            accept_add(&accept, field->value);
        }
    }
    return accept_choose(&accept, there);
}

/* A range counts for GET only, and with If-Range only when that names this very representation. */
static enum range_verdict range_of(const struct http1_request *request, const struct rep_head *head,
                                   uint64_t size, uint64_t *first, uint64_t *len)
{
    if (!head->ranges || request->method != HTTP_GET || !http1_may_have(request, SPAN("range"))) {
        return RANGE_WHOLE;
    }
    struct span range = http1_field(request->fields, request->n_fields, "range");
    struct span only_if = http1_field(request->fields, request->n_fields, "if-range");
    if (range.at == NULL || (only_if.at != NULL && !span_equal(only_if, head->etag))) {
        return RANGE_WHOLE;
    }
    return range_read(range, size, first, len);
}

static void number(struct buf *out, const char *before, uint64_t figure)
{
    buf_str(out, before);
    buf_u64(out, figure);
}

static void part_head(const struct rep_head *head, uint64_t first, uint64_t len, uint64_t size,
                      struct buf *out)
{
    http1_status_line(out, 206);
    number(out, "Content-Length: ", len);
    number(out, "\r\nContent-Range: bytes ", first);
    number(out, "-", first + len - 1);
    number(out, "/", size);
    buf_span(out, SPAN("\r\n"));
    buf_span(out, span_from(head->whole, head->lead));
}

static void outside_head(const struct rep_head *head, uint64_t size, struct buf *out)
{
    http1_status_line(out, 416);
    number(out, "Content-Length: 0\r\nContent-Range: bytes */", size);
    buf_span(out, SPAN("\r\n"));
    buf_span(out, span_from(head->whole, head->meta));
}

static void as_status(const struct rep_head *head, int status, uint64_t size, struct buf *out)
{
    http1_status_line(out, status);
    number(out, "Content-Length: ", size);
    buf_span(out, SPAN("\r\n"));
    buf_span(out, span_from(head->whole, head->lead));
}

/* The same heads in HTTP/2's form; they end with the date. */
static void coded_answer(const struct edge_shelf *shelf, const struct rep_head *head,
                         const struct reply *reply, uint64_t first, uint64_t len, uint64_t size,
                         struct buf *out)
{
    bool known = reply->status == 304;
    bool outside = reply->status == 416;
    hpack_put_status(out, reply->status);
    if (!known) {
        coded_length(out, outside ? 0 : len);
    }
    if (outside || reply->status == 206) {
        char range[80];
        int n = outside ? snprintf(range, sizeof range, "bytes */%llu", (unsigned long long)size)
                        : snprintf(range, sizeof range, "bytes %llu-%llu/%llu", (unsigned long long)first,
                                   (unsigned long long)(first + len - 1), (unsigned long long)size);
        hpack_put_raw(out, HPACK_CONTENT_RANGE, span_of(range, (size_t)n));
    }
    if (!known && !outside) {
        buf_span(out, head->coded[CODED_KIND]);
    }
    buf_span(out, head->coded[CODED_OWN]);
    buf_span(out, head->coded[CODED_REST]);
    buf_span(out, shelf->coded_date);
    if (shelf->over_tls) {
        buf_span(out, shelf->coded_hsts);
    }
}

/* Almost every answer: in one piece of room. */
void respond_formed(const struct edge_shelf *shelf, struct span whole, const struct reply *reply,
                    struct buf *out)
{
    const struct span date = shelf->date;
    if (shelf->over_tls || reply->close || date.len == 0) {
        buf_span(out, whole);
        respond_end_head(shelf, reply, out);
        return;
    }
    char *room = buf_room(out, whole.len + date.len + 2);
    if (room != NULL) {
        memcpy(room, whole.at, whole.len);
        memcpy(room + whole.len, date.at, date.len);
        memcpy(room + whole.len + date.len, "\r\n", 2);
        buf_grew(out, whole.len + date.len + 2);
    }
}

static void text_answer(const struct edge_shelf *shelf, const struct rep_head *head,
                        const struct reply *reply, uint64_t first, uint64_t len, uint64_t size,
                        struct buf *out)
{
    if (reply->status == head->status) {
        respond_formed(shelf, head->whole, reply, out);
        return;
    }
    switch (reply->status) {
    case 206:
        part_head(head, first, len, size, out);
        break;
    case 304:
        http1_status_line(out, 304);
        buf_span(out, span_from(head->whole, head->meta));
        break;
    case 416:
        outside_head(head, size, out);
        break;
    default:
        as_status(head, reply->status, size, out);
    }
    respond_end_head(shelf, reply, out);
}

/* The status of a representation that is there: RFC 9110 §13.2.2, the conditions first, then the range. */
static int judge(const struct http1_request *request, const struct rep_head *head, uint64_t size,
                 uint64_t *first, uint64_t *len)
{
    if (is_known(request, head->etag)) {
        return 304;
    }
    enum range_verdict verdict = range_of(request, head, size, first, len);
    return verdict == RANGE_PART ? 206 : verdict == RANGE_OUTSIDE ? 416 : 200;
}

void respond_rep(const struct edge_shelf *shelf, const struct http1_request *request,
                 const struct rep_head *head, int status, struct buf *out, struct reply *reply)
{
    const uint64_t size = reply->len;
    uint64_t first = 0;
    uint64_t len = size;
    reply->status = status == 200 && head->status == 200 ? judge(request, head, size, &first, &len) : status;
    reply->coded = shelf->coded && head->coded[CODED_REST].at != NULL;
    (reply->coded ? coded_answer : text_answer)(shelf, head, reply, first, len, size, out);
    bool bodiless = request->method == HTTP_HEAD || reply->status == 304 || reply->status == 416;
    reply->offset += first;
    reply->len = bodiless ? 0 : len;
}

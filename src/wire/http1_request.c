/* Request heads (RFC 9112 §3): one spelling, one meaning. A target is in origin form, "*" for OPTIONS, or
 * absolute with the same authority as Host; the caller gets its path. */
#include "wire/http1_head.h"

#include "wire/lanes.h"

#include <endian.h>
#include <strings.h>

enum { METHOD_MAX = 16 };

static const struct {
    const char *name;
    enum http1_method method;
} methods[] = {
    {"GET", HTTP_GET}, {"HEAD", HTTP_HEAD}, {"POST", HTTP_POST}, {"PUT", HTTP_PUT}, {"OPTIONS", HTTP_OPTIONS},
};

static enum err method_token(struct http1_head *head, struct http1_request *out)
{
    const unsigned char *at = head->at;
    if (head->end - at > 4 && memcmp(at, "GET ", 4) == 0) {
        out->method = HTTP_GET;
        head->at = at + 4;
        return OK;
    }
    while (at < head->end && http1_is_tchar(*at) && at - head->at <= METHOD_MAX) {
        at++;
    }
    size_t len = (size_t)(at - head->at);
    if (len > METHOD_MAX) {
        return http1_refuse(head, 400, ERR_TOO_BIG, "the method is longer than 16 letters");
    }
    if (at == head->end) {
        return ERR_AGAIN;
    }
    if (len == 0 || *at != ' ') {
        return http1_refuse(head, 400, ERR_SYNTAX, "the request does not begin with a method and one space");
    }
    struct span token = span_of((const char *)head->at, len);
    if (span_is(token, "CONNECT")) {
        return http1_refuse(head, 405, ERR_REFUSED, "this is no proxy");
    }
    out->method = HTTP_OTHER;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (span_is(token, methods[i].name)) {
            out->method = methods[i].method;
        }
    }
    head->at = at + 1;
    return OK;
}

/* Past the sixteens from `at` on in which every byte may stand in a target. */
static const unsigned char *past_target_lanes(const unsigned char *at, const unsigned char *end)
{
    while (end - at >= LANES) {
        lanes16 bytes = lanes_at(at);
        if (lanes_any((lanes16)((bytes <= 0x20) | (bytes >= 0x7f) | (bytes == '#')))) {
            break;
        }
        at += LANES;
    }
    return at;
}

/* The first byte from `at` on that no target may hold, sixteen and eight at a time: as end_of_text in http1_head.c. */
static const unsigned char *end_of_target(const unsigned char *at, const unsigned char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    at = past_target_lanes(at, end);
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        word = le64toh(word);
        uint64_t del = word ^ ones * 0x7f;
        uint64_t hash = word ^ ones * '#';
        uint64_t odd =
            (((word - ones * 0x21) & ~word) | ((del - ones) & ~del) | ((hash - ones) & ~hash) | word) &
            ones * 0x80;
        if (odd != 0) {
            return at + __builtin_ctzll(odd) / 8;
        }
        at += 8;
    }
    while (at < end && (http1_class[*at] & HTTP1_TARGET) != 0) {
        at++;
    }
    return at;
}

static enum err target_text(struct http1_head *head, struct span *out)
{
    const unsigned char *at = head->at;
    size_t left = (size_t)(head->end - at);
    const unsigned char *end = left > HTTP1_TARGET_MAX ? at + HTTP1_TARGET_MAX : head->end;
    at = end_of_target(at, end);
    if (at == end && end != head->end && (http1_class[*at] & HTTP1_TARGET) != 0) {
        return http1_refuse(head, 414, ERR_TOO_BIG, "the target is longer than 2048 bytes");
    }
    if (at == head->end) {
        return ERR_AGAIN;
    }
    if (*at != ' ' || at == head->at) {
        return http1_refuse(head, 400, ERR_SYNTAX,
                            "the target is empty or holds a byte that no target may hold");
    }
    *out = span_of((const char *)head->at, (size_t)(at - head->at));
    head->at = at + 1;
    return OK;
}

static enum err check_host(struct http1_head *head, struct http1_request *out, struct span *host)
{
    uint32_t hosts = http1_count(out->fields, out->n_fields, "host", host);
    if (hosts > 1 || (hosts == 0 && out->minor == 1)) {
        return http1_refuse(head, 400, ERR_SYNTAX, "Host is missing or repeated");
    }
    if (hosts == 1 && (!http1_host_ok(*host) || http1_tab_beside(*host))) {
        return http1_refuse(head, 400, ERR_SYNTAX, "Host is not a name or address with an optional port");
    }
    return OK;
}

/* Turns an absolute target into its path: the authority must be the very Host, so nobody can mean two places.
 */
static enum err check_target(struct http1_head *head, struct http1_request *out, struct span host)
{
    struct span target = out->target;
    if (target.at[0] == '/') {
        return OK;
    }
    if (span_is(target, "*") && out->method == HTTP_OPTIONS) {
        return OK;
    }
    size_t scheme = 0;
    if (target.len > 7 && strncasecmp(target.at, "http://", 7) == 0) {
        scheme = 7;
    } else if (target.len > 8 && strncasecmp(target.at, "https://", 8) == 0) {
        scheme = 8;
    }
    if (scheme == 0) {
        return http1_refuse(head, 400, ERR_SYNTAX, "the target does not begin with a slash");
    }
    struct span rest = span_from(target, scheme);
    if (host.at == NULL || rest.len < host.len || strncasecmp(rest.at, host.at, host.len) != 0 ||
        (rest.len > host.len && rest.at[host.len] != '/')) {
        return http1_refuse(head, 400, ERR_SYNTAX, "the absolute target names another authority than Host");
    }
    out->target = rest.len > host.len ? span_from(rest, host.len) : SPAN("/");
    return OK;
}

static enum err request_head(struct http1_head *head, struct http1_request *out)
{
    TRY(method_token(head, out));
    TRY(target_text(head, &out->target));
    TRY(http1_version(head, &out->minor));
    TRY(http1_end_of_line(head));
    TRY(http1_fields(head, out->fields, &out->n_fields));
    out->names = head->names;
    struct span host = {NULL, 0};
    TRY(check_host(head, out, &host));
    TRY(check_target(head, out, host));
    struct http1_framing framing;
    TRY(http1_framing(head, out->fields, out->n_fields, out->minor, &framing));
    out->keep_alive = framing.keep_alive;
    out->body = framing.body;
    out->content_length = framing.content_length;
    out->head_len = (size_t)(head->at - head->start);
    return OK;
}

enum err http1_parse_request(struct span bytes, struct http1_request *out, int *status, struct why *why)
{
    /* What lies past the limit is not looked at, so pieces and wholes are judged alike. */
    size_t len = bytes.len < HTTP1_HEAD_MAX ? bytes.len : HTTP1_HEAD_MAX;
    const unsigned char *start = (const unsigned char *)(len > 0 ? bytes.at : "");
    struct http1_head head = {.at = start, .end = start + len, .start = start, .status = 400, .why = why};
    enum err err = request_head(&head, out);
    if (err == ERR_AGAIN && len == HTTP1_HEAD_MAX) {
        err = http1_refuse(&head, 431, ERR_TOO_BIG, "the head is longer than 8192 bytes");
    }
    if (err != OK && err != ERR_AGAIN) {
        *status = head.status;
    }
    return err;
}

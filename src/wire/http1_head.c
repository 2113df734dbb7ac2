/* Field lines and framing of HTTP/1 heads (RFC 9112 §5, §6). Whatever two readers could understand
 * differently is refused here, because the next program on the path may be the other reader. */
#include "wire/http1_head.h"

#include "base/num.h"

#include <strings.h>

enum err http1_refuse(struct http1_head *head, int status, enum err err, const char *sentence)
{
    head->status = status;
    return why_set(head->why, err, "%s", sentence);
}

/* RFC 9110 §5.6.2, one bit a byte. */
static const uint64_t tchars[4] = {0x03ff6cfa00000000, 0x57ffffffc7fffffe, 0, 0};

bool http1_is_tchar(unsigned char c)
{
    return (tchars[c >> 6] >> (c & 63)) & 1;
}

bool http1_is_text(unsigned char c)
{
    return (c >= 0x20 && c != 0x7f) || c == '\t';
}

enum err http1_end_of_line(struct http1_head *head)
{
    if (head->at == head->end) {
        return ERR_AGAIN;
    }
    if (*head->at != '\r') {
        return http1_refuse(head, 400, ERR_SYNTAX, "a control character stands in a line of the head");
    }
    if (head->at + 1 == head->end) {
        return ERR_AGAIN;
    }
    if (head->at[1] != '\n') {
        return http1_refuse(head, 400, ERR_SYNTAX, "a carriage return stands without its line feed");
    }
    head->at += 2;
    return OK;
}

enum err http1_version(struct http1_head *head, uint8_t *minor)
{
    static const char name[] = "HTTP/";
    for (size_t i = 0; i < 5; i++) {
        if (head->at + i == head->end) {
            return ERR_AGAIN;
        }
        if (head->at[i] != (unsigned char)name[i]) {
            return http1_refuse(head, 400, ERR_SYNTAX, "the version is not spelled HTTP/1.1");
        }
    }
    for (size_t i = 5; i < 8; i++) {
        if (head->at + i == head->end) {
            return ERR_AGAIN;
        }
        unsigned char c = head->at[i];
        if (i == 6 ? c != '.' : (c < '0' || c > '9')) {
            return http1_refuse(head, 400, ERR_SYNTAX, "the version is not spelled HTTP/1.1");
        }
    }
    if (head->at[5] != '1' || head->at[7] > '1') {
        return http1_refuse(head, 505, ERR_RANGE, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    }
    *minor = (uint8_t)(head->at[7] - '0');
    head->at += 8;
    return OK;
}

/* name ":" OWS value OWS; the name has at least one byte, nothing stands between it and its colon. */
static enum err field_line(struct http1_head *head, struct http1_field *out)
{
    const unsigned char *at = head->at;
    while (at < head->end && http1_is_tchar(*at)) {
        at++;
    }
    if (at == head->end) {
        return ERR_AGAIN;
    }
    if (*at != ':' || at == head->at) {
        bool fold = at == head->at && (*at == ' ' || *at == '\t');
        return http1_refuse(head, 400, ERR_SYNTAX,
                            fold ? "a field line is folded"
                                 : "a field name is not a token followed by a colon");
    }
    out->name = span_of((const char *)head->at, (size_t)(at - head->at));
    const unsigned char *value = ++at;
    while (at < head->end && http1_is_text(*at)) {
        at++;
    }
    head->at = at;
    TRY(http1_end_of_line(head));
    out->value = span_trim(span_of((const char *)value, (size_t)(at - value)));
    return OK;
}

enum err http1_fields(struct http1_head *head, struct http1_field *fields, uint32_t *n_fields)
{
    *n_fields = 0;
    for (;;) {
        if (head->at == head->end) {
            return ERR_AGAIN;
        }
        if (*head->at == '\r' || *head->at == '\n') {
            return http1_end_of_line(head);
        }
        if (*n_fields == HTTP1_FIELDS_MAX) {
            return http1_refuse(head, 431, ERR_TOO_BIG, "more than 64 fields");
        }
        TRY(field_line(head, &fields[*n_fields]));
        (*n_fields)++;
    }
}

static bool same_name(struct span a, const char *b, size_t len)
{
    return a.len == len && strncasecmp(a.at, b, len) == 0;
}

uint32_t http1_count(const struct http1_field *fields, uint32_t n_fields, const char *name, struct span *last)
{
    uint32_t count = 0;
    size_t len = strlen(name);
    for (uint32_t i = 0; i < n_fields; i++) {
        if (same_name(fields[i].name, name, len)) {
            *last = fields[i].value;
            count++;
        }
    }
    return count;
}

struct span http1_field(const struct http1_field *fields, uint32_t n_fields, const char *name)
{
    size_t len = strlen(name);
    for (uint32_t i = 0; i < n_fields; i++) {
        if (same_name(fields[i].name, name, len)) {
            return fields[i].value;
        }
    }
    return span_of(NULL, 0);
}

/* "close" wins over "keep-alive" wherever they stand in however many fields. */
static bool keep_alive(const struct http1_field *fields, uint32_t n_fields, uint8_t minor)
{
    bool keep = minor == 1;
    bool close = false;
    for (uint32_t i = 0; i < n_fields; i++) {
        if (!same_name(fields[i].name, "connection", 10)) {
            continue;
        }
        struct span rest = fields[i].value;
        while (rest.at != NULL) {
            struct span option = span_trim(span_cut(&rest, ','));
            close = close || same_name(option, "close", 5);
            keep = keep || same_name(option, "keep-alive", 10);
        }
    }
    return keep && !close;
}

static enum err coded_body(struct http1_head *head, uint32_t codings, struct span coding, uint8_t minor)
{
    if (codings > 1 || minor == 0) {
        return http1_refuse(head, 400, ERR_SYNTAX, "Transfer-Encoding is repeated, or stands in HTTP/1.0");
    }
    if (!same_name(coding, "chunked", 7)) {
        return http1_refuse(head, 501, ERR_SYNTAX, "the only transfer coding spoken here is chunked");
    }
    return OK;
}

enum err http1_framing(struct http1_head *head, const struct http1_field *fields, uint32_t n_fields,
                       uint8_t minor, struct http1_framing *out)
{
    struct span length = {NULL, 0};
    struct span coding = {NULL, 0};
    uint32_t lengths = http1_count(fields, n_fields, "content-length", &length);
    uint32_t codings = http1_count(fields, n_fields, "transfer-encoding", &coding);
    *out = (struct http1_framing){.keep_alive = keep_alive(fields, n_fields, minor)};
    if (lengths > 0 && codings > 0) {
        return http1_refuse(head, 400, ERR_SYNTAX, "both Content-Length and Transfer-Encoding");
    }
    if (lengths > 1) {
        return http1_refuse(head, 400, ERR_SYNTAX, "Content-Length is repeated");
    }
    if (codings > 0) {
        TRY(coded_body(head, codings, coding, minor));
        out->body = HTTP1_BODY_CHUNKED;
    } else if (lengths == 1) {
        if (num_parse_u64(length, &out->content_length) != OK || out->content_length > INT64_MAX) {
            return http1_refuse(head, 400, ERR_SYNTAX, "Content-Length is not one plain decimal number");
        }
        out->body = HTTP1_BODY_LENGTH;
        out->has_length = true;
    }
    return OK;
}

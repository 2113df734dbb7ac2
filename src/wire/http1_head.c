/* Field lines and framing of HTTP/1 heads (RFC 9112 §5, §6). Whatever two readers could understand
 * differently is refused here, because the next program on the path may be the other reader. */
#include "wire/http1_head.h"

#include "base/num.h"
#include "wire/lanes.h"

#include <endian.h>
#include <strings.h>

enum err http1_refuse(struct http1_head *head, int status, enum err err, const char *sentence)
{
    head->status = status;
    return why_set(head->why, err, "%s", sentence);
}

/* clang-format off */
const uint8_t http1_class[256] = {
     0,  0,  0,  0,  0,  0,  0,  0,  0,  2,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
     2,  7,  6,  3,  7,  7,  7,  7,  6,  6,  7,  7,  6, 15, 15,  6, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,  6,  6,  6,  6,  6,  6,
     6, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,  6,  6,  6,  7, 15,
     7, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,  6,  7,  6,  7,  0,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
};
/* clang-format on */

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
    if (head->end - head->at > 8 && memcmp(head->at, "HTTP/1.1", 8) == 0) {
        *minor = 1;
        head->at += 8;
        return OK;
    }
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

/* Past the sixteens from `at` on in which every byte may stand in a value. */
static const unsigned char *past_text_lanes(const unsigned char *at, const unsigned char *end)
{
    while (end - at >= LANES) {
        lanes16 bytes = lanes_at(at);
        if (lanes_any((lanes16)(((bytes < 0x20) & (bytes != '\t')) | (bytes == 0x7f)))) {
            break;
        }
        at += LANES;
    }
    return at;
}

/* The first byte from `at` on that no value may hold. Eight at a time: a byte below 0x20 borrows when 0x20 is taken from
 * it, 0x7f is zero when it is turned over. Borrows reach only later bytes, so the first one that shows is true. */
static const unsigned char *end_of_text(const unsigned char *at, const unsigned char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    at = past_text_lanes(at, end);
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        word = le64toh(word);
        uint64_t del = word ^ ones * 0x7f;
        uint64_t odd = (((word - ones * 0x20) & ~word) | ((del - ones) & ~del)) & ones * 0x80;
        at += odd == 0 ? 8 : __builtin_ctzll(odd) / 8;
        if (odd != 0 && *at++ != '\t') {
            return at - 1;
        }
    }
    while (at < end && http1_is_text(*at)) {
        at++;
    }
    return at;
}

static struct span trim(const unsigned char *at, const unsigned char *end)
{
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    while (at < end && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    return span_of((const char *)at, (size_t)(end - at));
}

bool http1_tab_beside(struct span value)
{
    const char *before = value.at - 1; /* the colon, or what lies between it and the value */
    const char *after = value.at + value.len;
    while (*before == ' ') {
        before--;
    }
    while (*after == ' ') {
        after++;
    }
    return *before == '\t' || *after == '\t';
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
    head->names |= http1_name_bit(out->name);
    const unsigned char *value = at + 1;
    head->at = end_of_text(value, head->end);
    out->value = trim(value, head->at);
    return http1_end_of_line(head);
}

enum err http1_fields(struct http1_head *head, struct http1_field *fields, uint32_t *n_fields)
{
    *n_fields = 0;
    head->names = 0;
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

/* `b` is letters and hyphens, `a` a token: no other byte of a token becomes one of those. */
static bool same_name(struct span a, const char *b, size_t len)
{
    if (a.len != len) {
        return false;
    }
    unsigned char differ = 0;
    for (size_t i = 0; i < len; i++) {
        differ |= (unsigned char)(((unsigned char)a.at[i] ^ (unsigned char)b[i]) & ~0x20U);
    }
    return differ == 0;
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
static bool keep_alive(uint64_t names, const struct http1_field *fields, uint32_t n_fields, uint8_t minor)
{
    bool keep = minor == 1;
    bool close = false;
    if ((names & http1_name_bit(SPAN("connection"))) == 0) {
        return keep;
    }
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
    bool may_have = (head->names & (http1_name_bit(SPAN("content-length")) |
                                    http1_name_bit(SPAN("transfer-encoding")))) != 0;
    uint32_t lengths = may_have ? http1_count(fields, n_fields, "content-length", &length) : 0;
    uint32_t codings = may_have ? http1_count(fields, n_fields, "transfer-encoding", &coding) : 0;
    *out = (struct http1_framing){.keep_alive = keep_alive(head->names, fields, n_fields, minor)};
    if (lengths > 0 && codings > 0) {
        return http1_refuse(head, 400, ERR_SYNTAX, "both Content-Length and Transfer-Encoding");
    }
    if ((lengths > 0 && http1_tab_beside(length)) || (codings > 0 && http1_tab_beside(coding))) {
        return http1_refuse(head, 400, ERR_SYNTAX,
                            "a tab beside Content-Length's or Transfer-Encoding's value");
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

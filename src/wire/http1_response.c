/* Response heads (RFC 9112 §4), as strict as requests: who reads answers is a program of ours. */
#include "wire/http1_head.h"

static enum err status_code(struct http1_head *head, int *status)
{
    int code = 0;
    for (size_t i = 0; i < 5; i++) {
        if (head->at + i == head->end) {
            return ERR_AGAIN;
        }
        unsigned char c = head->at[i];
        bool digit = c >= '0' && c <= '9';
        if (i == 0 || i == 4 ? c != ' ' : !digit) {
            return http1_refuse(head, 502, ERR_SYNTAX, "the status is not three digits between spaces");
        }
        code = digit ? code * 10 + (c - '0') : code;
    }
    if (code < 100 || code > 599) {
        return http1_refuse(head, 502, ERR_RANGE, "the status is not between 100 and 599");
    }
    *status = code;
    head->at += 5;
    return OK;
}

static enum err response_head(struct http1_head *head, struct http1_response *out)
{
    TRY(http1_version(head, &out->minor));
    TRY(status_code(head, &out->status));
    while (head->at < head->end && http1_is_text(*head->at)) {
        head->at++;
    }
    TRY(http1_end_of_line(head));
    TRY(http1_fields(head, out->fields, &out->n_fields));
    struct http1_framing framing;
    TRY(http1_framing(head, out->fields, out->n_fields, out->minor, &framing));
    out->body = framing.body;
    out->until_close = framing.body == HTTP1_BODY_NONE;
    out->keep_alive = framing.keep_alive;
    out->content_length = framing.content_length;
    out->head_len = (size_t)(head->at - head->start);
    return OK;
}

enum err http1_parse_response(struct span bytes, struct http1_response *out, struct why *why)
{
    size_t len = bytes.len < HTTP1_HEAD_MAX ? bytes.len : HTTP1_HEAD_MAX;
    const unsigned char *start = (const unsigned char *)bytes.at;
    struct http1_head head = {.at = start, .end = start + len, .start = start, .why = why};
    enum err err = response_head(&head, out);
    if (err == ERR_AGAIN && len == HTTP1_HEAD_MAX) {
        err = http1_refuse(&head, 502, ERR_TOO_BIG, "the head is longer than 8192 bytes");
    }
    return err;
}

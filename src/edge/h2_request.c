/* A decoded head as a request (RFC 9113 §8.2, §8.3): strict about names, order and what HTTP/1.1 alone may say. */
#include "edge/h2.h"

#include "base/num.h"

#include <string.h>

enum pseudo { METHOD = 1, SCHEME = 2, PATH = 4, AUTHORITY = 8 };

static bool is_token(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_name(struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (!is_token((uint8_t)name.at[i])) {
            return false;
        }
    }
    return name.len > 0;
}

static bool is_value(struct span value)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = (uint8_t)value.at[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return value.len == 0 || (value.at[0] != ' ' && value.at[0] != '\t' && value.at[value.len - 1] != ' ' &&
                              value.at[value.len - 1] != '\t');
}

/* Fields of a connection that is none here (§8.2.2). */
static bool is_forbidden(const struct hpack_field *field)
{
    static const char *const names[] = {"connection", "proxy-connection", "keep-alive", "transfer-encoding",
                                        "upgrade"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (span_is(field->name, names[i])) {
            return true;
        }
    }
    return span_is(field->name, "te") && !span_is(field->value, "trailers");
}

static enum http1_method method_of(struct span name)
{
    static const struct {
        const char *name;
        enum http1_method method;
    } methods[] = {{"GET", HTTP_GET},
                   {"HEAD", HTTP_HEAD},
                   {"POST", HTTP_POST},
                   {"PUT", HTTP_PUT},
                   {"OPTIONS", HTTP_OPTIONS}};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (span_is(name, methods[i].name)) {
            return methods[i].method;
        }
    }
    return HTTP_OTHER;
}

static enum err pseudo_field(const struct hpack_field *field, struct http1_request *out, unsigned *seen)
{
    static const struct {
        const char *name;
        unsigned bit;
    } names[] = {{":method", METHOD}, {":scheme", SCHEME}, {":path", PATH}, {":authority", AUTHORITY}};
    unsigned bit = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        bit = span_is(field->name, names[i].name) ? names[i].bit : bit;
    }
    if (bit == 0 || (*seen & bit) != 0 || !is_value(field->value)) {
        return ERR_SYNTAX;
    }
    *seen |= bit;
    if (bit == METHOD) {
        out->method = method_of(field->value);
    } else if (bit == PATH) {
        out->target = field->value;
    }
    return field->value.len > 0 || bit == AUTHORITY ? OK : ERR_SYNTAX;
}

static enum err length_field(const struct hpack_field *field, struct http1_request *out)
{
    uint64_t length = 0;
    if (out->body == HTTP1_BODY_LENGTH || num_parse_u64(field->value, &length) != OK) {
        return ERR_SYNTAX;
    }
    out->body = HTTP1_BODY_LENGTH;
    out->content_length = length;
    return OK;
}

enum err h2_request(const struct hpack_list *list, struct http1_request *out)
{
    unsigned seen = 0;
    out->method = HTTP_OTHER;
    out->target = SPAN("");
    out->minor = 2; /* in fingerprints */
    out->keep_alive = true;
    out->body = HTTP1_BODY_NONE;
    out->content_length = 0;
    out->n_fields = 0;
    out->names = 0;
    out->head_len = 0;
    for (uint32_t i = 0; i < list->n; i++) {
        const struct hpack_field *field = &list->fields[i];
        if (field->name.len > 0 && field->name.at[0] == ':') {
            if (out->n_fields > 0) {
                return ERR_SYNTAX; /* after fields (§8.3) */
            }
            TRY(pseudo_field(field, out, &seen));
            continue;
        }
        if (!is_name(field->name) || !is_value(field->value) || is_forbidden(field)) {
            return ERR_SYNTAX;
        }
        if (span_is(field->name, "content-length")) {
            TRY(length_field(field, out));
        }
        if (out->n_fields < HTTP1_FIELDS_MAX) {
            out->names |= http1_name_bit(field->name);
            out->fields[out->n_fields++] = (struct http1_field){.name = field->name, .value = field->value};
        }
    }
    unsigned needed = METHOD | SCHEME | PATH;
    return (seen & needed) == needed ? OK : ERR_SYNTAX;
}

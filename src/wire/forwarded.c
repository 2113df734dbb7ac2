/* Left to right: elements at commas, pairs at semicolons, values as tokens or between quotes. */
#include "wire/forwarded.h"

#include "wire/http1_head.h"

#include <arpa/inet.h>
#include <strings.h>

enum { PAIRS_MAX = 16, NODE_MAX = 64 };

struct reader {
    struct span rest;
    struct why *why;
};

static enum err refuse(const struct reader *reader, const char *rule)
{
    return why_set(reader->why, ERR_SYNTAX, "Forwarded: %s", rule);
}

static bool takes(struct reader *reader, char c)
{
    bool is = reader->rest.len > 0 && reader->rest.at[0] == c;
    reader->rest = span_from(reader->rest, is);
    return is;
}

static void skip_blanks(struct reader *reader)
{
    while (takes(reader, ' ') || takes(reader, '\t')) {
    }
}

static struct span token(struct reader *reader)
{
    size_t len = 0;
    while (len < reader->rest.len && http1_is_tchar((unsigned char)reader->rest.at[len])) {
        len++;
    }
    struct span out = span_of(reader->rest.at, len);
    reader->rest = span_from(reader->rest, len);
    return out;
}

/* After the opening quote. A backslash quotes what follows (RFC 9110 §5.6.4). */
static enum err quoted(struct reader *reader, char room[NODE_MAX], struct span *out)
{
    size_t len = 0;
    while (reader->rest.len > 0 && reader->rest.at[0] != '"') {
        reader->rest = span_from(reader->rest, reader->rest.at[0] == '\\');
        unsigned char c = reader->rest.len > 0 ? (unsigned char)reader->rest.at[0] : '\0';
        if (!http1_is_text(c) || len == NODE_MAX) {
            return refuse(reader, "a quoted value that holds a control byte, is too long or has no end");
        }
        room[len++] = (char)c;
        reader->rest = span_from(reader->rest, 1);
    }
    if (!takes(reader, '"')) {
        return refuse(reader, "a quoted value without an end");
    }
    *out = span_of(room, len);
    return OK;
}

/* "_" and letters, digits, dots, underscores, hyphens. */
static bool is_own_name(struct span text)
{
    for (size_t i = 1; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if ((http1_class[c] & HTTP1_HOST) == 0) { /* the same bytes as a host's name has */
            return false;
        }
    }
    return text.len > 1 && text.at[0] == '_';
}

/* 1 to 5 digits, or a name of one's own. */
static bool is_port(struct span text)
{
    bool digits = text.len >= 1 && text.len <= 5;
    for (size_t i = 0; digits && i < text.len; i++) {
        digits = text.at[i] >= '0' && text.at[i] <= '9';
    }
    return digits || is_own_name(text);
}

static bool address_of(struct span text, int family, uint8_t out[16])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char room[NODE_MAX];
    if (!span_copy(text, room, sizeof room) || strlen(room) != text.len) {
        return false;
    }
    memcpy(out, mapped, sizeof mapped);
    return inet_pton(family, room, family == AF_INET ? out + 12 : out) == 1;
}

/* §6: a name or an address, and maybe a port. */
static bool node_parse(struct span text, struct forwarded_node *out)
{
    struct span name = text;
    struct span port = {NULL, 0};
    int family = AF_INET;
    if (text.len > 0 && text.at[0] == '[') {
        struct span after = span_from(text, 1);
        name = span_cut(&after, ']');
        if (after.at == NULL || (after.len > 0 && after.at[0] != ':')) {
            return false;
        }
        port = after.len > 0 ? span_from(after, 1) : port;
        family = AF_INET6;
    } else {
        port = text;
        name = span_cut(&port, ':');
    }
    if (port.at != NULL && !is_port(port)) {
        return false;
    }
    out->has_address = address_of(name, family, out->address);
    return out->has_address ||
           (family == AF_INET &&
            (is_own_name(name) || (name.len == 7 && strncasecmp(name.at, "unknown", 7) == 0)));
}

static bool same(struct span a, struct span b)
{
    return a.len == b.len && strncasecmp(a.at, b.at, a.len) == 0;
}

/* name "=" value. A bare value is a token, so an address of IPv6 or a port needs quotes. */
static enum err pair(struct reader *reader, struct span *name, struct forwarded_node *out)
{
    char room[NODE_MAX];
    struct span value = {NULL, 0};
    *name = token(reader);
    if (name->len == 0 || !takes(reader, '=')) {
        return refuse(reader, "a parameter that is no name with an equals sign");
    }
    if (takes(reader, '"')) {
        TRY(quoted(reader, room, &value));
    } else {
        value = token(reader);
        if (value.len == 0) {
            return refuse(reader, "a parameter without a value");
        }
    }
    if (same(*name, SPAN("for")) && !node_parse(value, out)) {
        return refuse(reader, "for= is no address, no name of one's own and not unknown");
    }
    return OK;
}

static enum err element(struct reader *reader, struct forwarded_node *out)
{
    struct span names[PAIRS_MAX];
    uint32_t n = 0;
    *out = (struct forwarded_node){.has_address = false};
    do {
        if (n == PAIRS_MAX) {
            return refuse(reader, "more than 16 parameters in an element");
        }
        TRY(pair(reader, &names[n], out));
        for (uint32_t i = 0; i < n; i++) {
            if (same(names[i], names[n])) {
                return refuse(reader, "a parameter stands twice in an element");
            }
        }
        n++;
    } while (takes(reader, ';'));
    return OK;
}

enum err forwarded_parse(struct span value, struct forwarded_node out[FORWARDED_MAX], uint32_t *n,
                         struct why *why)
{
    struct reader reader = {value, why};
    *n = 0;
    do {
        skip_blanks(&reader);
        if (*n == FORWARDED_MAX) {
            return why_set(why, ERR_TOO_BIG, "Forwarded: more than %d elements", FORWARDED_MAX);
        }
        TRY(element(&reader, &out[*n]));
        (*n)++;
        skip_blanks(&reader);
    } while (takes(&reader, ','));
    return reader.rest.len == 0
               ? OK
               : refuse(&reader, "something that is neither a comma nor a semicolon stands after a value");
}

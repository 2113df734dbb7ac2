/* Writers that own all quoting: HTML and JSON. Both let through only well-formed UTF-8, so that no name,
 * however hostile, can leave the place it was put in or change how its neighbours read. */
#include "wire/text.h"

#include <assert.h>

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

/* The length of the well-formed sequence at the start of bytes (Unicode table 3-7), 0 when there is none. */
static size_t utf8_length(const uint8_t *bytes, size_t len)
{
    uint8_t lead = bytes[0];
    if (lead < 0x80) {
        return 1;
    }
    size_t want = lead >= 0xC2 && lead <= 0xDF   ? 2
                  : (lead & 0xF0) == 0xE0        ? 3
                  : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                 : 0;
    if (want == 0 || len < want) {
        return 0;
    }
    for (size_t i = 1; i < want; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    bool overlong = (lead == 0xE0 && bytes[1] < 0xA0) || (lead == 0xF0 && bytes[1] < 0x90);
    bool beyond = (lead == 0xED && bytes[1] > 0x9F) || (lead == 0xF4 && bytes[1] > 0x8F);
    return overlong || beyond ? 0 : want;
}

/* C1 controls, and the marks that turn or hide the text after them (U+202A..202E, U+2066..2069): a name that
 * carries one would change how the figures beside it read. */
static bool is_unruly(const uint8_t *bytes, size_t len)
{
    if (len == 2) {
        return bytes[0] == 0xC2 && bytes[1] < 0xA0;
    }
    if (len == 3 && bytes[0] == 0xE2) {
        return (bytes[1] == 0x80 && bytes[2] >= 0xA8 && bytes[2] <= 0xAE) ||
               (bytes[1] == 0x81 && bytes[2] >= 0xA6 && bytes[2] <= 0xA9);
    }
    return false;
}

static const char *html_escape(uint8_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F ? replacement : NULL;
    }
}

/* U+0000 to U+001F must be escaped in JSON (RFC 8259 section 7); '<' is, so that JSON may stand inside HTML.
 */
static const char *json_escape(uint8_t c, char scratch[7])
{
    static const char hex[] = "0123456789abcdef";
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\t':
        return "\\t";
    default:
        break;
    }
    if (c >= 0x20 && c != '<' && c != 0x7F) {
        return NULL;
    }
    memcpy(scratch, "\\u00", 4);
    scratch[4] = hex[c >> 4];
    scratch[5] = hex[c & 15];
    scratch[6] = 0;
    return scratch;
}

/* Most bytes of most texts. */
static inline bool is_plain(uint8_t c)
{
    return (uint8_t)((c | 0x20) - 'a') < 26 || (uint8_t)(c - '0') < 10 || c == ' ';
}

/* Copies runs of plain bytes whole and replaces what must be replaced. */
static void write_escaped(struct buf *out, struct span text, bool json)
{
    const uint8_t *bytes = (const uint8_t *)text.at;
    size_t plain = 0;
    for (size_t i = 0; i < text.len;) {
        char scratch[7];
        if (is_plain(bytes[i])) {
            i++;
            continue;
        }
        size_t len = utf8_length(bytes + i, text.len - i);
        const char *instead = len == 0  ? replacement
                              : len > 1 ? (is_unruly(bytes + i, len) ? replacement : NULL)
                              : json    ? json_escape(bytes[i], scratch)
                                        : html_escape(bytes[i]);
        len = len == 0 ? 1 : len;
        if (instead != NULL) {
            buf_add(out, text.at + plain, i - plain);
            buf_str(out, instead);
            plain = i + len;
        }
        i += len;
    }
    if (text.len > plain) {
        buf_add(out, text.at + plain, text.len - plain);
    }
}

void html_text(struct buf *out, struct span text)
{
    write_escaped(out, text, false);
}

void json_init(struct json *json, struct buf *out)
{
    *json = (struct json){.out = out};
}

/* What goes before a value or a key: a comma when something stands before it in the same brackets. */
static void json_comma(struct json *json)
{
    if (json->after_key) {
        json->after_key = false;
        return;
    }
    if (json->any[json->depth]) {
        buf_char(json->out, ',');
    }
    json->any[json->depth] = true;
}

void json_open(struct json *json, char bracket)
{
    assert(bracket == '{' || bracket == '[');
    assert(json->depth + 1 < JSON_DEPTH_MAX);
    json_comma(json);
    buf_char(json->out, bracket);
    json->depth++;
    json->close[json->depth] = bracket == '{' ? '}' : ']';
    json->any[json->depth] = false;
}

void json_close(struct json *json)
{
    assert(json->depth > 0 && !json->after_key);
    buf_char(json->out, json->close[json->depth]);
    json->depth--;
}

static void json_quoted(struct json *json, struct span text)
{
    buf_char(json->out, '"');
    write_escaped(json->out, text, true);
    buf_char(json->out, '"');
}

void json_key(struct json *json, const char *key)
{
    assert(json->depth > 0 && json->close[json->depth] == '}' && !json->after_key);
    json_comma(json);
    json_quoted(json, span_str(key));
    buf_char(json->out, ':');
    json->after_key = true;
}

void json_span(struct json *json, struct span text)
{
    json_comma(json);
    json_quoted(json, text);
}

void json_str(struct json *json, const char *text)
{
    json_span(json, span_str(text));
}

void json_u64(struct json *json, uint64_t number)
{
    json_comma(json);
    buf_u64(json->out, number);
}

void json_i64(struct json *json, int64_t number)
{
    json_comma(json);
    buf_i64(json->out, number);
}

void json_bool(struct json *json, bool value)
{
    json_comma(json);
    buf_str(json->out, value ? "true" : "false");
}

void json_null(struct json *json)
{
    json_comma(json);
    buf_str(json->out, "null");
}

void json_raw(struct json *json, struct span number)
{
    json_comma(json);
    buf_span(json->out, number);
}

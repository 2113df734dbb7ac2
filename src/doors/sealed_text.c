/* Lines in a fixed order, and bytes with one spelling. */
#include "doors/sealed_text.h"

#include "doors/sealed.h"

#include <inttypes.h>

enum { NAME_MAX_BYTES = 127 };

enum err sealed_bad(const struct sealed_lines *lines, const char *rule)
{
    return why_set(lines->why, ERR_SYNTAX, "%s, line %" PRIu32 ": %s", lines->what, lines->n, rule);
}

enum err sealed_line(struct sealed_lines *lines, const char *name, struct span *value)
{
    struct span start = span_str(name);
    lines->n++;
    if (lines->rest.len == 0 || memchr(lines->rest.at, '\n', lines->rest.len) == NULL) {
        return sealed_bad(lines, "the text ends too early");
    }
    struct span line = span_cut(&lines->rest, '\n');
    if (!span_starts(line, start)) {
        return why_set(lines->why, ERR_SYNTAX, "%s, line %" PRIu32 ": \"%s\" is expected here", lines->what,
                       lines->n, name);
    }
    *value = span_from(line, start.len);
    return OK;
}

static bool plain(unsigned char c)
{
    return c >= 0x21 && c <= 0x7e && c != '%';
}

void sealed_escape(struct span raw, struct buf *out)
{
    for (size_t i = 0; i < raw.len; i++) {
        unsigned char c = (unsigned char)raw.at[i];
        if (plain(c)) {
            buf_char(out, (char)c);
        } else {
            buf_printf(out, "%%%02X", c);
        }
    }
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One byte off the front; -1: no spelling of one. */
static int next_byte(struct span *rest)
{
    unsigned char c = (unsigned char)rest->at[0];
    if (plain(c)) {
        *rest = span_from(*rest, 1);
        return c;
    }
    if (c != '%' || rest->len < 3) {
        return -1;
    }
    int high = digit(rest->at[1]);
    int low = digit(rest->at[2]);
    *rest = span_from(*rest, 3);
    return high < 0 || low < 0 || plain((unsigned char)(high * 16 + low)) ? -1 : high * 16 + low;
}

enum err sealed_unescape(struct span text, size_t most, struct arena *arena, struct span *out)
{
    if (text.len == 0 || text.len > most * 3) {
        return ERR_SYNTAX;
    }
    char *at = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    while (text.len > 0) {
        int byte = next_byte(&text);
        if (byte <= 0) {
            return ERR_SYNTAX;
        }
        at[len++] = (char)byte;
    }
    if (len > most) {
        return ERR_SYNTAX;
    }
    *out = span_of(at, len);
    return OK;
}

enum err sealed_name(struct sealed_lines *lines, struct arena *arena, struct span *out)
{
    struct span value = {NULL, 0};
    TRY(sealed_line(lines, "name ", &value));
    bool good = value.len > 0 && value.len <= NAME_MAX_BYTES;
    for (size_t i = 0; good && i < value.len; i++) {
        good = plain((unsigned char)value.at[i]) && value.at[i] != '+';
    }
    if (!good) {
        return sealed_bad(lines, "a name is plain characters without spaces, '+' and '%'");
    }
    *out = arena_copy(arena, value);
    return OK;
}

/* The cursor over "name value" lines and its printing half. Each kind of value has one spelling; what is not
 * that spelling is refused, so that one meaning has one hash. */
#include "tlog/lines.h"

#include "base/codec.h"
#include "base/date.h"
#include "base/num.h"

void lines_init(struct lines *lines, struct span text, struct why *why)
{
    *lines = (struct lines){.rest = text, .why = why};
}

void lines_fail(struct lines *lines, enum err err, const char *rule)
{
    if (lines->err == OK) {
        lines->err = why_set(lines->why, err, "line %u: %s", lines->line, rule);
    }
}

void lines_expect(struct lines *lines, bool ok, const char *rule)
{
    if (!ok) {
        lines_fail(lines, ERR_SYNTAX, rule);
    }
}

enum err lines_end(struct lines *lines)
{
    if (lines->err == OK && lines->rest.len != 0) {
        lines->line++;
        lines_fail(lines, ERR_SYNTAX, "nothing may follow the last line");
    }
    return lines->err;
}

/* The next line without its LF. A text that does not end in LF has a torn last line. */
static struct span next(struct lines *lines)
{
    if (lines->err != OK) {
        return SPAN("");
    }
    lines->line++;
    const char *end = lines->rest.len == 0 ? NULL : memchr(lines->rest.at, '\n', lines->rest.len);
    if (end == NULL) {
        lines_fail(lines, ERR_SYNTAX, "the text ends here, a line is missing or torn");
        return SPAN("");
    }
    struct span line = span_of(lines->rest.at, (size_t)(end - lines->rest.at));
    lines->rest = span_from(lines->rest, line.len + 1);
    return line;
}

void lines_literal(struct lines *lines, const char *text)
{
    struct span line = next(lines);
    if (lines->err == OK && !span_is(line, text)) {
        lines->err = why_set(lines->why, ERR_SYNTAX, "line %u: must be \"%s\"", lines->line, text);
    }
}

struct span lines_value(struct lines *lines, const char *name)
{
    struct span line = next(lines);
    if (lines->err != OK) {
        return SPAN("");
    }
    size_t len = strlen(name);
    if (!span_starts(line, span_of(name, len)) || line.len < len + 2 || line.at[len] != ' ') {
        lines->err = why_set(lines->why, ERR_SYNTAX, "line %u: must be \"%s\", a blank and its value",
                             lines->line, name);
        return SPAN("");
    }
    return span_from(line, len + 1);
}

struct span lines_word(struct lines *lines, struct span *value)
{
    struct span word = value->at == NULL ? SPAN("") : span_cut(value, ' ');
    if (word.len == 0 || (value->at != NULL && value->len == 0)) {
        lines_fail(lines, ERR_SYNTAX, "a word is missing: words are parted by one blank");
        return SPAN("");
    }
    return word;
}

uint64_t lines_number(struct lines *lines, struct span text, uint64_t max)
{
    uint64_t number = 0;
    if (lines->err != OK) {
        return 0;
    }
    enum err err = num_parse_u64(text, &number);
    if (err == ERR_SYNTAX) {
        lines_fail(lines, ERR_SYNTAX, "a decimal number without leading zeros is due");
        return 0;
    }
    if (err != OK || number > max) {
        lines_fail(lines, ERR_RANGE, "the number is larger than allowed here");
        return 0;
    }
    return number;
}

uint64_t lines_u64(struct lines *lines, const char *name, uint64_t max)
{
    return lines_number(lines, lines_value(lines, name), max);
}

uint64_t lines_index(struct lines *lines, const char *name)
{
    struct span value = lines_value(lines, name);
    return span_is(value, "-") ? UINT64_MAX : lines_number(lines, value, UINT64_MAX - 1);
}

int64_t lines_moment(struct lines *lines, struct span text, bool or_none)
{
    int64_t ms = 0;
    if (lines->err != OK) {
        return 0;
    }
    if (or_none && span_is(text, "-")) {
        return -1;
    }
    if (date_parse_iso(text, &ms) != OK) {
        lines_fail(lines, ERR_SYNTAX, "a moment is written 2027-06-07T02:31:07Z");
        return 0;
    }
    return ms;
}

int64_t lines_time(struct lines *lines, const char *name, bool or_none)
{
    return lines_moment(lines, lines_value(lines, name), or_none);
}

bool lines_flag(struct lines *lines, const char *name)
{
    static const char *const words[] = {"no", "yes", NULL};
    return lines_choice(lines, name, words) == 1;
}

void lines_hex(struct lines *lines, struct span text, uint8_t out[32])
{
    bool lower = true;
    for (size_t i = 0; i < text.len; i++) {
        lower = lower && !(text.at[i] >= 'A' && text.at[i] <= 'F');
    }
    if (lines->err == OK && (!lower || hex_parse(text, out, 32) != OK)) {
        lines_fail(lines, ERR_SYNTAX, "a digest is 64 lower-case hex digits");
    }
}

void lines_digest(struct lines *lines, const char *name, uint8_t out[32])
{
    lines_hex(lines, lines_value(lines, name), out);
}

uint8_t lines_choice(struct lines *lines, const char *name, const char *const *words)
{
    struct span value = lines_value(lines, name);
    for (uint8_t i = 0; words[i] != NULL; i++) {
        if (span_is(value, words[i])) {
            return i;
        }
    }
    lines_fail(lines, ERR_SYNTAX, "the word is none of those allowed here");
    return 0;
}

enum { ID = 1, KEY = 2, VISIBLE = 4 };

/* Compiled once for each class. */
static inline __attribute__((always_inline)) bool all_in(struct span text, size_t least, size_t most,
                                                         int class)
{
    if (text.len < least || text.len > most) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        bool digit = c >= '0' && c <= '9';
        int is = (digit || (c >= 'a' && c <= 'z') || c == '-' ? ID : 0) |
                 (digit || (c >= 'A' && c <= 'Z') ? KEY : 0) | (c > 0x20 && c < 0x7f ? VISIBLE : 0);
        if ((is & class) == 0) {
            return false;
        }
    }
    return true;
}

bool text_is_id(struct span text, size_t least, size_t most)
{
    return all_in(text, least, most, ID);
}

bool text_is_key(struct span text, size_t least, size_t most)
{
    return all_in(text, least, most, KEY);
}

bool text_is_visible(struct span text, size_t least, size_t most)
{
    return all_in(text, least, most, VISIBLE);
}

/* Length of the character at the start of `text`, 0 when it is none (RFC 3629: shortest form, no surrogates).
 */
static size_t utf8_len(struct span text)
{
    const unsigned char *s = (const unsigned char *)text.at;
    if (s[0] < 0x80) {
        return s[0] == '\n' || (s[0] >= 0x20 && s[0] != 0x7f) ? 1 : 0;
    }
    size_t n = s[0] >= 0xc2 && s[0] <= 0xdf   ? 2
               : s[0] >= 0xe0 && s[0] <= 0xef ? 3
               : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                              : 0;
    if (n == 0 || text.len < n) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool bad = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
               (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f) ||
               (s[0] == 0xc2 && s[1] < 0xa0);
    return bad ? 0 : n;
}

bool text_is_utf8(struct span text)
{
    while (text.len > 0) {
        size_t n = utf8_len(text);
        if (n == 0) {
            return false;
        }
        text = span_from(text, n);
    }
    return true;
}

void print_line(struct buf *out, const char *name, struct span value)
{
    buf_str(out, name);
    buf_char(out, ' ');
    buf_span(out, value.len == 0 ? SPAN("-") : value);
    buf_char(out, '\n');
}

void print_u64(struct buf *out, const char *name, uint64_t number)
{
    char digits[NUM_U64_MAX];
    print_line(out, name, span_of(digits, num_print_u64(digits, number)));
}

void print_index(struct buf *out, const char *name, uint64_t index)
{
    if (index == UINT64_MAX) {
        print_line(out, name, SPAN("-"));
    } else {
        print_u64(out, name, index);
    }
}

void print_time(struct buf *out, const char *name, int64_t ms)
{
    char text[DATE_ISO_LEN + 1] = "-";
    if (ms >= 0) {
        date_print_iso(text, ms);
    }
    print_line(out, name, span_str(text));
}

void print_flag(struct buf *out, const char *name, bool flag)
{
    print_line(out, name, flag ? SPAN("yes") : SPAN("no"));
}

void print_digest(struct buf *out, const char *name, const uint8_t digest[32])
{
    char hex[65];
    hex_print(hex, digest, 32);
    print_line(out, name, span_of(hex, 64));
}

/* Foreign text for people's eyes: what a file says must not steer a terminal or break a JSON reader. */
#include "audit/rows.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

enum { SAFE_MAX = 96 };

/* Bytes of the UTF-8 character at `at`, 0 when it is none; overlong and surrogate forms do not matter to a
 * screen. */
static size_t utf8_len(const char *at, size_t left)
{
    unsigned char first = (unsigned char)at[0];
    size_t len = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : 0;
    if (len == 0 || len > left) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if (((unsigned char)at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return len;
}

/* C0 and C1 controls and DEL would be obeyed by a terminal. */
static bool is_control(const char *at, size_t len)
{
    unsigned char first = (unsigned char)at[0];
    return first < 0x20 || first == 0x7f || (len == 2 && first == 0xc2 && (unsigned char)at[1] < 0xa0);
}

static void add_safe(struct buf *out, const char *at, size_t len, bool latin1)
{
    unsigned char byte = (unsigned char)at[0];
    if (len == 0 && latin1 && byte >= 0xa0) {
        buf_char(out, (char)(0xc0 | byte >> 6));
        buf_char(out, (char)(0x80 | (byte & 0x3f)));
    } else if (len == 0 || is_control(at, len)) {
        buf_char(out, '?');
    } else {
        buf_add(out, at, len);
    }
}

struct span safe_text(struct auditor *a, struct span raw)
{
    struct buf out;
    buf_init(&out, 0);
    raw = cell_trim(raw);
    for (size_t i = 0; i < raw.len && out.len < SAFE_MAX;) {
        size_t len = a->layout->dialect.latin1 && (unsigned char)raw.at[i] >= 0x80
                         ? 0
                         : utf8_len(raw.at + i, raw.len - i);
        add_safe(&out, raw.at + i, len, a->layout->dialect.latin1);
        i += len == 0 ? 1 : len;
    }
    if (out.len >= SAFE_MAX) {
        buf_str(&out, "…");
    }
    struct span copy = arena_copy(a->arena, buf_as_span(&out));
    buf_done(&out);
    return copy.at == NULL ? SPAN("?") : copy;
}

PRINTF(2, 0)
static struct span arena_vprint(struct arena *arena, const char *format, va_list args)
{
    char text[512];
    int len = vsnprintf(text, sizeof text, format, args);
    assert(len >= 0);
    size_t kept = (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
    struct span copy = arena_copy(arena, span_of(text, kept));
    return copy.at == NULL ? SPAN("?") : copy;
}

struct span arena_print(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct span text = arena_vprint(arena, format, args);
    va_end(args);
    return text;
}

/* CLAVE_ACTA, or CLAVE_CASILLA, or section and table. */
static struct span row_key(struct auditor *a)
{
    struct span key = cell_trim(cell_of(a, F_ACTA_KEY));
    if (cell_is_none(key)) {
        key = cell_trim(cell_of(a, F_STATION_KEY));
    }
    if (!cell_is_none(key)) {
        return safe_text(a, key);
    }
    struct span section = safe_text(a, cell_of(a, F_SECTION));
    struct span type = safe_text(a, cell_of(a, F_TYPE));
    struct span number = safe_text(a, cell_of(a, F_NUMBER));
    return arena_print(a->arena, "sección %.*s %.*s%.*s", SPAN_ARG(section), SPAN_ARG(type),
                       SPAN_ARG(number));
}

static struct example *example_new(struct auditor *a, enum audit_rule rule)
{
    struct finding *finding = &a->database->findings[rule];
    assert(finding->n_examples < EXAMPLES_MAX);
    struct example *new = &finding->examples[finding->n_examples++];
    *new = (struct example){.key = SPAN(""), .detail = SPAN("")};
    return new;
}

void example(struct auditor *a, enum audit_rule rule, const char *detail, ...)
{
    struct example *new = example_new(a, rule);
    new->row = a->reader.row;
    new->key = row_key(a);
    va_list args;
    va_start(args, detail);
    new->detail = arena_vprint(a->arena, detail, args);
    va_end(args);
}

void note_thing(struct auditor *a, enum audit_rule rule, struct span thing, const char *detail, ...)
{
    if (!found(a, rule)) {
        return;
    }
    struct example *new = example_new(a, rule);
    new->key = thing;
    va_list args;
    va_start(args, detail);
    new->detail = arena_vprint(a->arena, detail, args);
    va_end(args);
}

void findings_append(struct auditor *a, const struct database *part)
{
    for (int rule = 0; rule < AUDIT_RULES; rule++) {
        struct finding *finding = &a->database->findings[rule];
        const struct finding *more = &part->findings[rule];
        finding->count += more->count;
        for (unsigned i = 0; i < more->n_examples && finding->n_examples < EXAMPLES_MAX; i++) {
            struct example *new = example_new(a, (enum audit_rule)rule);
            new->row = more->examples[i].row + a->reader.row;
            new->key = arena_copy(a->arena, more->examples[i].key);
            new->detail = arena_copy(a->arena, more->examples[i].detail);
        }
    }
}

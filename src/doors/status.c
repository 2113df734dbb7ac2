/* The status file: lines `name value`, one spelling, small. A board must be able to read it from a program
 * that is failing, so writing it never fails for what it says, only for the disk. */
#include "doors/status.h"

#include "base/num.h"
#include "os/file.h"

#include <assert.h>
#include <unistd.h>

static const char *const states[] = {"starting", "running", "degraded", "stopped"};

void status_begin(struct status *status, const char *program, const char *state, int64_t now_ms)
{
    bool same = status->state.at != NULL && span_is(status->state, state);
    status->program = span_str(program);
    status->state = span_str(state);
    status->since_ms = same ? status->since_ms : now_ms;
    status->time_ms = now_ms;
    status->alarm = span_of(NULL, 0);
    status->n_pairs = 0;
    status_add_u64(status, "pid", (uint64_t)getpid());
}

void status_add(struct status *status, const char *name, struct span value)
{
    assert(status->n_pairs < STATUS_PAIRS_MAX);
    status->pairs[status->n_pairs++] = (struct status_pair){span_str(name), value};
}

void status_add_u64(struct status *status, const char *name, uint64_t number)
{
    assert(status->n_pairs < STATUS_PAIRS_MAX);
    char *own = status->own[status->n_pairs];
    status_add(status, name, span_of(own, num_print_u64(own, number)));
}

void status_add_time(struct status *status, const char *name, int64_t ms)
{
    assert(status->n_pairs < STATUS_PAIRS_MAX);
    char *own = status->own[status->n_pairs];
    if (ms < 0) {
        status_add(status, name, SPAN("-"));
        return;
    }
    date_print_iso(own, ms);
    status_add(status, name, span_of(own, DATE_ISO_LEN));
}

static void print_text(struct span text, struct buf *out)
{
    text = span_trim(text);
    size_t len = text.len < STATUS_VALUE_MAX ? text.len : STATUS_VALUE_MAX;
    while (len > 0 && len < text.len && ((unsigned char)text.at[len] & 0xc0) == 0x80) {
        len--; /* never half a character */
    }
    if (len == 0) {
        buf_char(out, '-');
        return;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        buf_char(out, c < 0x20 || c == 0x7f ? ' ' : text.at[i]);
    }
}

static void print_line(const char *name, struct span value, struct buf *out)
{
    buf_str(out, name);
    buf_char(out, ' ');
    print_text(value, out);
    buf_char(out, '\n');
}

void status_print(const struct status *status, struct buf *out)
{
    char iso[DATE_ISO_LEN + 1];
    buf_str(out, "status/v1\n");
    print_line("program", status->program, out);
    print_line("state", status->state, out);
    date_print_iso(iso, status->time_ms);
    print_line("time", span_str(iso), out);
    date_print_iso(iso, status->since_ms);
    print_line("since", span_str(iso), out);
    print_line("alarm", status->alarm, out);
    for (uint32_t i = 0; i < status->n_pairs; i++) {
        buf_span(out, status->pairs[i].name);
        buf_char(out, ' ');
        print_text(status->pairs[i].value, out);
        buf_char(out, '\n');
    }
}

enum err status_write(const char *path, const struct status *status, struct why *why)
{
    struct buf bytes;
    buf_init(&bytes, 0);
    status_print(status, &bytes);
    enum err err = file_write(path, buf_as_span(&bytes), false, why);
    buf_done(&bytes);
    return err;
}

static bool is_name(struct span name)
{
    if (name.len == 0 || name.len > STATUS_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) {
            return false;
        }
    }
    return true;
}

static bool is_value(struct span value)
{
    if (value.len == 0 || value.len > STATUS_VALUE_MAX || span_trim(value).len != value.len) {
        return false;
    }
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        if (c < 0x20 || c == 0x7f) {
            return false;
        }
    }
    return true;
}

/* The next line as name and value; a file ends in a newline, so an unfinished last line is refused. */
static enum err read_line(struct span *rest, uint32_t *line, struct status_pair *out, struct why *why)
{
    if (rest->len == 0) {
        return ERR_AGAIN;
    }
    ++*line;
    const char *end = memchr(rest->at, '\n', rest->len);
    if (end == NULL) {
        return why_set(why, ERR_SYNTAX, "status, line %u: it has no end", *line);
    }
    struct span value = span_of(rest->at, (size_t)(end - rest->at));
    *rest = span_from(*rest, value.len + 1);
    struct span name = span_cut(&value, ' ');
    if (!is_name(name) || !is_value(value)) {
        return why_set(why, ERR_SYNTAX, "status, line %u: it is not a name, a space and a value", *line);
    }
    *out = (struct status_pair){name, value};
    return OK;
}

static enum err read_named(struct span *rest, uint32_t *line, const char *name, struct span *value,
                           struct why *why)
{
    struct status_pair pair = {0};
    enum err err = read_line(rest, line, &pair, why);
    if (err == ERR_AGAIN || (err == OK && !span_is(pair.name, name))) {
        return why_set(why, ERR_SYNTAX, "status: \"%s\" is missing at line %u", name, *line);
    }
    TRY(err);
    *value = pair.value;
    return OK;
}

static enum err read_moment(struct span *rest, uint32_t *line, const char *name, int64_t *ms, struct why *why)
{
    struct span value = {NULL, 0};
    TRY(read_named(rest, line, name, &value, why));
    if (date_parse_iso(value, ms) != OK) {
        return why_set(why, ERR_SYNTAX, "status, %s: it is not a moment", name);
    }
    return OK;
}

static enum err read_pairs(struct span *rest, uint32_t *line, struct status *status, struct why *why)
{
    struct status_pair pair = {0};
    enum err err;
    while ((err = read_line(rest, line, &pair, why)) == OK) {
        if (status->n_pairs == STATUS_PAIRS_MAX) {
            return why_set(why, ERR_TOO_BIG, "status: more than %d pairs", STATUS_PAIRS_MAX);
        }
        for (uint32_t i = 0; i < status->n_pairs; i++) {
            if (span_equal(status->pairs[i].name, pair.name)) {
                return why_set(why, ERR_SYNTAX, "status, line %u: the name stands twice", *line);
            }
        }
        status->pairs[status->n_pairs++] = pair;
    }
    return err == ERR_AGAIN ? OK : err;
}

enum err status_parse(struct span bytes, struct status *out, struct why *why)
{
    if (bytes.len > STATUS_BYTES_MAX) {
        return why_set(why, ERR_TOO_BIG, "status: larger than %d bytes", STATUS_BYTES_MAX);
    }
    if (!span_starts(bytes, SPAN("status/v1\n"))) {
        return why_set(why, ERR_SYNTAX, "status: the first line is not \"status/v1\"");
    }
    struct span rest = span_from(bytes, 10);
    struct status read = {0};
    uint32_t line = 1;
    TRY(read_named(&rest, &line, "program", &read.program, why));
    TRY(read_named(&rest, &line, "state", &read.state, why));
    bool known = false;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        known |= span_is(read.state, states[i]);
    }
    if (!known) {
        return why_set(why, ERR_RANGE, "status, state: starting, running, degraded or stopped");
    }
    TRY(read_moment(&rest, &line, "time", &read.time_ms, why));
    TRY(read_moment(&rest, &line, "since", &read.since_ms, why));
    TRY(read_named(&rest, &line, "alarm", &read.alarm, why));
    if (span_is(read.alarm, "-")) {
        read.alarm = span_of(NULL, 0);
    }
    TRY(read_pairs(&rest, &line, &read, why));
    *out = read;
    return OK;
}

struct span status_value(const struct status *status, const char *name)
{
    for (uint32_t i = 0; i < status->n_pairs; i++) {
        if (span_is(status->pairs[i].name, name)) {
            struct span value = status->pairs[i].value;
            return span_is(value, "-") ? span_of(NULL, 0) : value;
        }
    }
    return span_of(NULL, 0);
}

uint64_t status_number(const struct status *status, const char *name)
{
    uint64_t number = 0;
    return num_parse_u64(status_value(status, name), &number) == OK ? number : 0;
}

int64_t status_time(const struct status *status, const char *name)
{
    int64_t ms = -1;
    return date_parse_iso(status_value(status, name), &ms) == OK ? ms : -1;
}

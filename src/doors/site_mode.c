/* The mode in which a site is served: five lines. */
#include "base/date.h"
#include "base/num.h"
#include "doors/sealed.h"
#include "doors/sealed_text.h"

#include <inttypes.h>

static enum err all_parse(struct sealed_lines *lines, struct site_mode *out)
{
    struct span value = {NULL, 0};
    TRY(sealed_line(lines, "prep-site-mode/v1", &value));
    if (value.len != 0) {
        return sealed_bad(lines, "not a site's mode of version 1");
    }
    TRY(sealed_name(lines, &out->arena, &out->name));
    TRY(sealed_line(lines, "serial ", &value));
    if (num_parse_u64(value, &out->serial) != OK || out->serial == 0) {
        return sealed_bad(lines, "the serial is a number from 1 on");
    }
    TRY(sealed_line(lines, "mode ", &value));
    out->down = span_is(value, "down");
    if (!out->down && !span_is(value, "normal")) {
        return sealed_bad(lines, "the mode is normal or down");
    }
    TRY(sealed_line(lines, "since ", &value));
    if (date_parse_iso(value, &out->since_ms) != OK) {
        return sealed_bad(lines, "the time is written 2027-06-07T02:20:00Z");
    }
    TRY(sealed_line(lines, "reason ", &value));
    if (sealed_unescape(value, SEALED_REASON_MAX, &out->arena, &out->reason) != OK) {
        return sealed_bad(lines, "the reason is 1 to 300 bytes in their one spelling");
    }
    lines->n++;
    return lines->rest.len == 0 ? OK : sealed_bad(lines, "the text goes on after the reason");
}

enum err site_mode_parse(struct span text, struct site_mode *out, struct why *why)
{
    struct sealed_lines lines = {.what = "site mode", .rest = text, .why = why};
    struct site_mode mode = {.serial = 0};
    arena_init(&mode.arena, 0);
    enum err err = all_parse(&lines, &mode);
    if (err != OK) {
        arena_done(&mode.arena);
        return err;
    }
    *out = mode;
    return OK;
}

void site_mode_print(const struct site_mode *mode, struct buf *out)
{
    char time[DATE_ISO_LEN + 1];
    date_print_iso(time, mode->since_ms);
    buf_printf(out, "prep-site-mode/v1\nname %.*s\nserial %" PRIu64 "\nmode %s\nsince %s\nreason ",
               SPAN_ARG(mode->name), mode->serial, mode->down ? "down" : "normal", time);
    sealed_escape(mode->reason, out);
    buf_char(out, '\n');
}

void site_mode_done(struct site_mode *mode)
{
    arena_done(&mode->arena);
}

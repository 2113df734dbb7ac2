/* Reading a notice out of its proof file: "c2sp.org/tlog-proof@v1\nextra <base64>\n…", and in the extra
 * "prep-notice/v1\ntime <moment>\ntext <base64>\n". */
#include "doors/notice.h"

#include "base/buf.h"
#include "base/codec.h"
#include "base/date.h"

static bool value_of(struct span *rest, struct span name, struct span *out)
{
    struct span line;
    if (!span_line(rest, &line) || !span_starts(line, name)) {
        return false;
    }
    *out = span_from(line, name.len);
    return true;
}

/* No control character may reach a page or a terminal. */
static bool is_clean(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if ((c < ' ' && c != '\n') || c == 0x7f) {
            return false;
        }
    }
    return text.len > 0 && text.len <= NOTICE_TEXT_MAX;
}

static enum err parse_entry(struct span entry, struct buf *scratch, struct notice_text *out)
{
    struct span none, time, text;
    int64_t time_ms = 0;
    if (!value_of(&entry, SPAN("prep-notice/v1"), &none) || !value_of(&entry, SPAN("time "), &time) ||
        !value_of(&entry, SPAN("text "), &text) || date_parse_iso(time, &time_ms) != OK) {
        return ERR_SYNTAX;
    }
    TRY(base64_parse(text, scratch));
    if (!is_clean(buf_as_span(scratch))) {
        return ERR_SYNTAX;
    }
    out->time_ms = time_ms;
    out->len = (uint32_t)scratch->len;
    memcpy(out->text, scratch->at, scratch->len);
    return OK;
}

enum err notice_parse(struct span file, struct notice_text *out)
{
    struct span none, extra;
    struct buf entry = {0}, scratch = {0};
    if (!value_of(&file, SPAN("c2sp.org/tlog-proof@v1"), &none) || !value_of(&file, SPAN("extra "), &extra)) {
        return ERR_SYNTAX;
    }
    enum err err = base64_parse(extra, &entry);
    err = err != OK ? err : parse_entry(buf_as_span(&entry), &scratch, out);
    buf_done(&entry);
    buf_done(&scratch);
    return err;
}

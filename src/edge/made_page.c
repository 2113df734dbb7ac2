#include "edge/made_page.h"

#include "base/codec.h"
#include "base/date.h"
#include "seal/digest.h"

#include <stdlib.h>

void made_rules(struct span style, struct buf *out)
{
    uint8_t sha256[DIGEST_LEN];
    digest_of(style, sha256);
    buf_str(out, "default-src 'none'; style-src 'sha256-");
    base64_print(out, sha256, sizeof sha256);
    buf_str(out, "'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'");
}

void made_moment(int64_t ms, int offset_min, struct buf *out)
{
    char iso[DATE_ISO_LEN + 1];
    struct date date = date_at(ms, offset_min);
    int minutes = abs(offset_min);
    date_print_iso(iso, ms);
    buf_printf(out, "<time datetime=\"%s\">%02d:%02d", iso, date.hour, date.minute);
    if (date.second != 0) {
        buf_printf(out, ":%02d", date.second);
    }
    buf_printf(out, "</time> (UTC%s%d", offset_min < 0 ? "-" : "+", minutes / 60);
    if (minutes % 60 != 0) {
        buf_printf(out, ":%02d", minutes % 60);
    }
    buf_printf(out, ") · %02d/%02d/%04d", date.day, date.month, date.year);
}

void made_drill(const struct view_facts *facts, struct buf *out)
{
    if (facts != NULL && facts->has_cut && facts->drill) {
        buf_str(
            out,
            "<header><p class=\"drill\">SIMULACRO: los datos no son reales <span lang=\"en\">· DRILL: not real "
            "data</span></p></header>\n");
    }
}

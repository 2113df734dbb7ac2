/* One page, Spanish first. */
#include "edge/caption.h"

#include "doors/cut_code.h"
#include "edge/made_page.h"
#include "wire/text.h"

#include <inttypes.h>

/* White on black, sizes by the window: one line of four groups on a television, two by two on a phone held upright. */
static const char style[] =
    "html{background:#000;color:#fff;font-family:system-ui,sans-serif;line-height:1.3}"
    "body{margin:0;min-height:100vh;display:flex;flex-direction:column;text-align:center}"
    ".drill{margin:0;padding:.4em;background:#ffd400;color:#000;font-size:max(1.1rem,2.2vw);font-weight:700}"
    "main{flex:1;display:flex;flex-direction:column;justify-content:center;padding:2vw 3vw}"
    "h1{margin:0;font-size:max(1.3rem,3vw);font-weight:600}"
    ".cut{margin:.4em 0 0;font-size:max(1.2rem,2.6vw)}"
    ".code{margin:.25em 0;font:700 7.6vw/1.15 ui-monospace,monospace;display:flex;flex-wrap:wrap;"
    "justify-content:center;column-gap:.5em}.code>span{white-space:pre}"
    ".none{font-size:max(1.3rem,3vw)}"
    "footer{padding:1.2rem 5vw 2rem;font-size:max(1rem,1.25vw);color:#ddd}"
    "footer p{max-width:62em;margin:.5em auto}a{color:#9cf}code{overflow-wrap:anywhere}"
    "@media (max-aspect-ratio:1/1){.code{font-size:16vw}}";

const char *caption_rules(void)
{
    static struct buf rules = {0};
    if (rules.len == 0) {
        made_rules(span_of(style, sizeof style - 1), &rules);
    }
    return buf_cstr(&rules);
}

static void put_head(const struct view_facts *facts, struct buf *out)
{
    buf_str(out,
            "<!doctype html>\n<html lang=\"es\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
            "content=\"width=device-width, initial-scale=1\"><meta http-equiv=\"refresh\" content=\"10\">"
            "<title>Código del corte / Code of the update</title><style>");
    buf_str(out, style);
    buf_str(out, "</style></head><body>\n");
    made_drill(facts, out);
}

/* Two groups hold together, so that a narrow window shows two lines of two. */
static void put_code(const char *code, struct buf *out)
{
    struct span rest = span_str(code);
    buf_str(out, "<p class=\"code\">");
    for (int half = 0; half < 2; half++) {
        struct span first = span_cut(&rest, '-');
        struct span second = span_cut(&rest, '-');
        buf_printf(out, "%s<span>%.*s %.*s</span>", half == 0 ? "" : " ", SPAN_ARG(first), SPAN_ARG(second));
    }
    buf_str(out, "</p>\n");
}

static void put_main(const struct view_facts *facts, const char *code, struct buf *out)
{
    buf_str(out, "<main><h1>Código del corte <span lang=\"en\">· Code of the update</span></h1>\n");
    if (facts == NULL || !facts->has_cut) {
        buf_str(
            out,
            "<p class=\"none\">Todavía no hay cortes. <span lang=\"en\">There are no updates yet.</span></p>\n");
    } else {
        buf_printf(out, "<p class=\"cut\">Corte <b>%" PRIu32 "</b> · ", facts->cut);
        made_moment(facts->time_ms, facts->offset_min, out);
        buf_str(out, facts->last ? " · <b>último corte</b></p>\n" : "</p>\n");
        if (code[0] != '\0') {
            put_code(code, out);
        } else {
            buf_str(
                out,
                "<p class=\"none\">El código sale en unos segundos, cuando el registro firma este corte. "
                "<span lang=\"en\">The code comes in a few seconds, when the log signs this update.</span></p>\n");
        }
    }
    buf_str(out, "</main>\n");
}

static void put_how(const struct edge_options *options, const struct view_facts *facts, struct buf *out)
{
    buf_str(
        out,
        "<footer><p>Compárelo con el que sale en televisión, en radio, en otro difusor o en el acta de la sesión: "
        "si es el mismo, todos vemos el mismo corte, con las mismas cifras. Los guiones, los espacios y las "
        "mayúsculas no cuentan. <span lang=\"en\">Compare it with the one on television, on radio or on another "
        "mirror: if it is the same, everybody sees the same update. Hyphens, blanks and case do not count.</span></p>"
        "<p>Con el programa <span lang=\"en\">· By command</span>: <code>atalaya code DIRECCIÓN CÓDIGO</code>");
    if (facts != NULL && facts->has_cut) {
        char path[CUT_PROOF_PATH_MAX];
        cut_proof_path(facts->cut, path);
        buf_printf(
            out,
            ". Son los primeros 80 bits del SHA-256 de <span lang=\"en\">· The first 80 bits of the SHA-256 "
            "of</span> <a href=\"%s\">%s</a>",
            path, path);
    }
    buf_str(out, "</p><p><a href=\"./\">Resultados <span lang=\"en\">· Results</span></a> · servidor "
                 "<span lang=\"en\">· host</span>: <b>");
    html_text(out, span_str(options->name));
    buf_str(out, "</b></p></footer></body></html>\n");
}

void caption_print(const struct edge_options *options, const struct view_facts *facts, const char *code,
                   struct buf *out)
{
    put_head(facts, out);
    put_main(facts, code, out);
    put_how(options, facts, out);
}

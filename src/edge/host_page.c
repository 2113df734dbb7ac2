/* One page, Spanish first: a list of facts, a list of addresses. */
#include "edge/host_page.h"

#include "edge/made_page.h"
#include "wire/text.h"

#include <inttypes.h>

static const char style[] =
    "html{color-scheme:light dark;font:1.05rem/1.5 system-ui,sans-serif}body{margin:0}"
    ".drill{margin:0;padding:.5em 1rem;background:#ffd400;color:#000;font-weight:700;text-align:center}"
    "main,footer{max-width:44rem;margin:0 auto;padding:.5rem 1rem}h1{font-size:1.5rem;line-height:1.25}"
    "h2{font-size:1.2rem;margin:1.6em 0 .3em}dl{margin:0}dl div{display:flex;flex-wrap:wrap;gap:0 1rem;"
    "padding:.45em 0;border-bottom:1px solid #8886}dt{flex:0 0 11rem;font-weight:600}dd{margin:0;flex:1 1 14rem}"
    ".old{padding:.6em .8em;border-left:.4em solid #b3261e}li{margin:.5em 0;overflow-wrap:anywhere}"
    "li a{display:inline-block;padding:.3em 0}footer{border-top:1px solid #8886;margin-top:2rem}";

const char *host_page_rules(void)
{
    static struct buf rules = {0};
    if (rules.len == 0) {
        made_rules(span_of(style, sizeof style - 1), &rules);
    }
    return buf_cstr(&rules);
}

static const struct {
    const char *es, *en;
} roles[] = {
    [EDGE_RESULTS] = {"el sitio de resultados", "the results site"},
    [EDGE_MIRROR] = {"un difusor", "a mirror"},
    [EDGE_FEED] = {"la fuente de los difusores", "the mirrors' source"},
    [EDGE_SITE] = {"el sitio institucional", "the institution's site"},
};

/* "3 h 20 min", "34 s": the two largest parts. */
static void put_span_of_time(int64_t s, struct buf *out)
{
    int64_t hours = s / 3600, minutes = s / 60 % 60;
    if (hours > 0) {
        buf_printf(out, "%" PRId64 " h ", hours);
    }
    if (s >= 60) {
        buf_printf(out, "%" PRId64 " min", minutes);
    } else {
        buf_printf(out, "%" PRId64 " s", s);
    }
}

/* A fact: both languages of its name; its value follows. */
static void open_fact(const char *es, const char *en, struct buf *out)
{
    buf_printf(out, "<div><dt>%s <span lang=\"en\">· %s</span></dt><dd>", es, en);
}

static void close_fact(struct buf *out)
{
    buf_str(out, "</dd></div>\n");
}

static void put_cut(const struct view_facts *facts, int64_t now_ms, struct buf *out)
{
    int64_t age_s = now_ms > facts->time_ms ? (now_ms - facts->time_ms) / 1000 : 0;
    open_fact("Corte que sirve", "Update it serves", out);
    buf_printf(out, "<a href=\"./\">%" PRIu32 "</a>, ", facts->cut);
    made_moment(facts->time_ms, facts->offset_min, out);
    buf_str(out, facts->last ? " · <b>último corte</b> <span lang=\"en\">· last update</span>" : "");
    close_fact(out);
    open_fact("Edad", "Age", out);
    put_span_of_time(age_s, out);
    close_fact(out);
    if (!facts->last && facts->next_ms >= 0) {
        open_fact("Corte siguiente", "Next update", out);
        made_moment(facts->next_ms, facts->offset_min, out);
        close_fact(out);
    }
}

/* What a reader must know before he believes that nothing new has come. */
static void put_warning(enum feed_state feed, int64_t feed_age_s, struct buf *out)
{
    if (feed == FEED_LOST) {
        buf_str(out, "<p class=\"old\">Este difusor no alcanza su fuente desde hace ");
        put_span_of_time(feed_age_s, out);
        buf_str(
            out,
            ": puede haber cortes más nuevos en los otros. <span lang=\"en\">This mirror has not reached its source "
            "for that long: others may have newer updates.</span></p>\n");
    } else if (feed == FEED_CONFLICT) {
        buf_str(
            out,
            "<p class=\"old\">La fuente contradice lo que ya había firmado; este difusor sigue con lo último que "
            "comprobó. <span lang=\"en\">The source contradicts what it had signed; this mirror stays with what it "
            "verified last.</span></p>\n");
    }
}

static void put_facts(const struct edge_options *options, const struct view_facts *facts,
                      enum feed_state feed, const char *code, int64_t now_ms, struct buf *out)
{
    bool known = facts != NULL && facts->has_cut;
    buf_str(out, "<dl>\n");
    open_fact("Este servidor", "This host", out);
    html_text(out, span_str(options->name));
    buf_printf(out, ": %s <span lang=\"en\">· %s</span>", roles[options->kind].es, roles[options->kind].en);
    close_fact(out);
    if (known) {
        put_cut(facts, now_ms, out);
    } else {
        open_fact("Corte que sirve", "Update it serves", out);
        buf_str(out, "todavía ninguno <span lang=\"en\">· none yet</span>");
        close_fact(out);
    }
    if (code[0] != '\0') {
        open_fact("Código del corte", "Code of the update", out);
        buf_printf(out, "<a href=\"codigo\">%s</a>", code);
        close_fact(out);
    }
    if (feed == FEED_OK) {
        open_fact("Su fuente", "Its source", out);
        buf_str(out, "contesta <span lang=\"en\">· answers</span>");
        close_fact(out);
    }
    open_fact("Hora de este servidor", "This host's clock", out);
    made_moment(now_ms, known ? facts->offset_min : 0, out);
    close_fact(out);
    buf_str(out, "</dl>\n");
}

/* Only what a browser fetches becomes a link: an address of another kind is shown and leads nowhere. */
static void put_link(const char *name, const char *english, const char *url, struct buf *out)
{
    struct span address = span_str(url);
    bool web = span_starts(address, SPAN("http://")) || span_starts(address, SPAN("https://"));
    buf_str(out, "<li>");
    if (web) {
        buf_str(out, "<a href=\"");
        html_text(out, address);
        buf_str(out, "\">");
    }
    html_text(out, span_str(name));
    if (english != NULL) {
        buf_printf(out, " <span lang=\"en\">· %s</span>", english);
    }
    buf_str(out, web ? "</a> " : " ");
    html_text(out, address);
    buf_str(out, "</li>\n");
}

static void put_links(const struct edge_options *options, struct buf *out)
{
    if (options->results == NULL && options->n_mirrors == 0) {
        return;
    }
    buf_str(out,
            "<h2>Los mismos resultados, en <span lang=\"en\">· The same results, at</span></h2>\n<ul>\n");
    if (options->results != NULL) {
        put_link("Sitio de resultados", "Results site", options->results, out);
    }
    for (uint32_t i = 0; i < options->n_mirrors; i++) {
        put_link(options->mirrors[i].name, NULL, options->mirrors[i].url, out);
    }
    buf_str(out, "</ul>\n");
}

void host_page_print(const struct edge_options *options, const struct view_facts *facts, enum feed_state feed,
                     int64_t feed_age_s, const char *code, int64_t now_ms, struct buf *out)
{
    buf_str(
        out,
        "<!doctype html>\n<html lang=\"es\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width, initial-scale=1\"><title>Estado y difusores / State and mirrors</title>"
        "<style>");
    buf_str(out, style);
    buf_str(out, "</style></head><body>\n");
    made_drill(facts, out);
    buf_str(
        out,
        "<main><h1>Estado de este servidor y de los difusores <span lang=\"en\">· State of this host and of the "
        "mirrors</span></h1>\n");
    put_warning(feed, feed_age_s, out);
    put_facts(options, facts, feed, code, now_ms, out);
    put_links(options, out);
    buf_str(
        out,
        "</main>\n<footer><p>Cárguela otra vez para ver lo de ese momento. <span lang=\"en\">Load it again to see how "
        "things are then.</span></p><p><a href=\"./\">Resultados <span lang=\"en\">· Results</span></a> · "
        "<a href=\"codigo\">Código del corte</a> · <a href=\"estado\">JSON</a></p></footer></body></html>\n");
}

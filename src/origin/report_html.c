/* The report for people: one page, no scripts, nothing from elsewhere. */
#include "origin/origin.h"

#include "base/date.h"
#include "wire/text.h"

#include <inttypes.h>

static void row(struct buf *out, const char *name, uint64_t number)
{
    buf_str(out, "<tr><th>");
    html_text(out, span_str(name));
    buf_printf(out, "</th><td>%" PRIu64 "</td></tr>\n", number);
}

static void head(const struct origin *origin, struct buf *out)
{
    char since[DATE_ISO_LEN + 1], until[DATE_ISO_LEN + 1];
    date_print_iso(since, origin->query.since_ms);
    date_print_iso(until, origin->query.until_ms);
    buf_str(
        out,
        "<!DOCTYPE html>\n<html lang=\"es\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width\"><title>Informe de origen</title>"
        "<style>body{font:16px sans-serif;max-width:60em;margin:2em auto;padding:0 1em}table{border-collapse:"
        "collapse}th,td{border:1px solid #999;padding:.2em .6em;text-align:left}td{text-align:right}"
        "@media(max-width:30em){th,td{padding:.15em .25em}}small{font-weight:normal}code{word-break:break-all}"
        "h2{break-after:avoid}tr{break-inside:avoid}"
        "</style></head><body>\n<h1>Informe de origen <small lang=\"en\">Origin report</small></h1>\n<p>");
    html_text(out, span_str(origin->query.incident));
    buf_printf(out, " %s – %s (UTC)</p>\n", since, until);
}

static void kind(const struct origin *origin, struct buf *out)
{
    struct origin_ground grounds[ORIGIN_GROUNDS];
    enum origin_kind found = origin_judge(origin, grounds);
    buf_printf(
        out,
        "<h2>Clase: %s <small lang=\"en\">%s</small></h2>\n<table><tr><th>Fundamento</th><th>Cifra</th>"
        "<th>Límite</th><th>Se cumple</th></tr>\n",
        origin_kind_name(found, true), origin_kind_name(found, false));
    for (int i = 0; i < ORIGIN_GROUNDS; i++) {
        buf_printf(out, "<tr><th>%s</th><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%s</td></tr>\n",
                   grounds[i].es, grounds[i].value, grounds[i].limit, grounds[i].holds ? "sí" : "no");
    }
    buf_str(out,
            "</table>\n<p>Son indicios, no un veredicto: con dos o más se dice «indicios de ataque».</p>\n");
}

static void totals(const struct origin *origin, struct buf *out)
{
    static const char *const statuses[] = {"sin respuesta", "1xx", "2xx", "3xx", "4xx", "5xx"};
    buf_str(out, "<h2>Qué se sirvió</h2>\n<table>\n");
    row(out, "peticiones y conexiones negadas (exacto)", origin->totals.seen);
    row(out, "sin leer (solo su número)", origin->totals.lost);
    row(out, "orígenes distintos (± 1.7 %)", distinct_count(&origin->sources));
    for (int i = 0; i < HITS_STATUSES; i++) {
        row(out, statuses[i], origin->totals.by_status[i]);
    }
    row(out, "costo p50, menos de ns", origin_cost_below(&origin->totals, 500));
    row(out, "costo p99, menos de ns", origin_cost_below(&origin->totals, 990));
    buf_str(out, "</table>\n");
}

/* What the records say, one in so many of them. */
static void forms(const struct origin *origin, struct buf *out)
{
    buf_printf(
        out,
        "<h2>De qué forma <small lang=\"en\">How</small></h2>\n<p>De los registros, al menos uno por cada %u "
        "peticiones: cifras %s.</p>\n<table>\n",
        origin->worst_rate, origin->worst_rate <= 1 ? "exactas" : "aproximadas");
    for (int form = 0; form < ORIGIN_FORMS; form++) {
        const struct origin_forms *list = &origin->forms[form];
        for (uint32_t i = 0; i < list->n + (list->others > 0 ? 1U : 0U); i++) {
            bool other = i == list->n;
            buf_printf(out, "<tr><th>%s</th><th><code>", i == 0 ? forms_name(form, true) : "");
            html_text(out, other ? SPAN("otras") : span_str(list->list[i].text));
            buf_printf(out, "</code></th><td>%" PRIu64 "</td></tr>\n",
                       other ? list->others : list->list[i].about);
        }
    }
    buf_str(out, "</table>\n");
}

static void nets(const struct origin *origin, struct buf *out)
{
    static const char *const names[NET_LEVELS] = {"Direcciones (/32, /64)", "Redes /24 y /48",
                                                  "Redes /16 y /32"};
    static struct heavy_item top[ORIGIN_TOP];
    for (int level = origin->query.short_nets ? 1 : 0; level < NET_LEVELS; level++) {
        uint32_t n = heavy_top(&origin->nets[level], top, ORIGIN_TOP);
        buf_printf(out,
                   "<h2>%s</h2>\n<p>Ninguna tiene más de %" PRIu64 " por encima de su cifra.</p>\n<table>",
                   names[level], origin->wide[level]);
        buf_str(out, "<tr><th>Red</th><th>Peticiones</th><th>Error</th><th>CPU, ms</th></tr>\n");
        for (uint32_t i = 0; i < n; i++) {
            buf_str(out, "<tr><th>");
            net_print(&top[i].net, out);
            buf_printf(out, "</th><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td></tr>\n",
                       top[i].estimate, top[i].error, top[i].cost / 1000000);
        }
        buf_str(out, "</table>\n");
    }
}

static void countries(const struct origin *origin, struct buf *out)
{
    buf_str(
        out,
        "<h2>País de registro de la red de origen</h2>\n<p>Es donde la red está registrada, no donde está "
        "quien la usa.</p>\n<table>\n<tr><th>País</th><th>Peticiones</th><th>CPU, ms</th></tr>\n");
    for (uint32_t i = 0; i < ORIGIN_COUNTRIES; i++) {
        char code[3];
        origin_country_code(i, code);
        if (origin->countries[i] > 0) {
            buf_printf(out, "<tr><th>%s</th><td>%" PRIu64 "</td><td>%" PRIu64 "</td></tr>\n",
                       code[0] == '?' ? "país desconocido" : code, origin->countries[i],
                       origin->country_cost[i] / 1000000);
        }
    }
    buf_str(out, "</table>\n<p>");
    html_text(out, origin->geo != NULL ? span_str(GEO_ATTRIBUTION)
                                       : SPAN("No hay tabla de países: todos son desconocidos."));
    buf_str(out, "</p>\n");
}

void origin_html(const struct origin *origin, struct buf *out)
{
    head(origin, out);
    kind(origin, out);
    totals(origin, out);
    forms(origin, out);
    nets(origin, out);
    countries(origin, out);
    buf_str(out, "<h2>Evidencia</h2>\n<table><tr><th>Segmento</th><th>Bytes</th><th>SHA-256</th></tr>\n");
    for (uint32_t i = 0; i < origin->n_files; i++) {
        buf_str(out, "<tr><th>");
        html_text(out, span_str(origin->files[i].path));
        buf_printf(out, "</th><td>%" PRIu64 "</td><td><code>%s</code></td></tr>\n", origin->files[i].bytes,
                   origin->files[i].sha256);
    }
    buf_str(out, "</table>\n</body></html>\n");
}

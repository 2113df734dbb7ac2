/* The report for people: one page, no scripts, nothing from elsewhere. */
#include "origin/origin.h"

#include "base/date.h"
#include "base/num.h"
#include "wire/text.h"

#include <stdlib.h>

/* 1234567 as 1,234,567. */
static void figure(struct buf *out, uint64_t number)
{
    char digits[NUM_U64_MAX];
    size_t n = num_print_u64(digits, number);
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "%s%c", i > 0 && (n - i) % 3 == 0 ? "," : "", digits[i]);
    }
}

static void cell(struct buf *out, uint64_t number)
{
    buf_str(out, "<td>");
    figure(out, number);
    buf_str(out, "</td>");
}

static void row(struct buf *out, const char *name, uint64_t number)
{
    buf_str(out, "<tr><th>");
    html_text(out, span_str(name));
    buf_str(out, "</th>");
    cell(out, number);
    buf_str(out, "</tr>\n");
}

/* On paper a table has its head on each page, and each page its number. */
static const char STYLE[] =
    "body{font:16px/1.4 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}.t{white-space:nowrap}"
    "h1,h2{line-height:1.2}table{border-collapse:collapse}"
    "th,td{border:1px solid #999;padding:.2em .6em;text-align:left;vertical-align:top}"
    "td{text-align:right;white-space:nowrap}tbody th{font-weight:normal}thead th{font-weight:bold}"
    "small{font-weight:normal}code{font-size:.85em}th code{display:block}.net,code{overflow-wrap:anywhere}"
    "@media(max-width:30em){table{font-size:.8em}th,td{padding:.15em .25em}}"
    "h2,h2+p{break-after:avoid}tr{break-inside:avoid}"
    "@page{margin:1.8cm 1.5cm 2cm;@bottom-right{content:\"Informe de origen \" counter(page) \"/\" "
    "counter(pages);font:8pt sans-serif}}"
    "@media print{body{margin:0;padding:0;max-width:none;font-size:10pt}}";

static void put_window(const struct origin *origin, struct buf *out)
{
    char from[DATE_ISO_LEN + 1], to[DATE_ISO_LEN + 1];
    bool all = origin->query.since_ms <= 0;
    date_print_iso(from, origin->query.since_ms);
    date_print_iso(to, origin->query.until_ms);
    if (all) {
        buf_printf(out, "Todo lo escrito hasta <span class=\"t\">%s</span> (UTC).", to);
    } else {
        buf_printf(out, "Ventana: <span class=\"t\">%s</span> – <span class=\"t\">%s</span> (UTC).", from,
                   to);
    }
    if (origin->last_ms > 0) {
        date_print_iso(from, origin->first_ms);
        date_print_iso(to, origin->last_ms);
        buf_printf(out, " Con accesos de <span class=\"t\">%s</span> a <span class=\"t\">%s</span>.", from,
                   to);
    }
}

static void head(const struct origin *origin, struct buf *out)
{
    buf_str(out, "<!DOCTYPE html>\n<html lang=\"es\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                 "content=\"width=device-width\"><title>Informe de origen</title><style>");
    buf_str(out, STYLE);
    buf_str(
        out,
        "</style></head><body>\n<h1>Informe de origen <small lang=\"en\">Origin report</small></h1>\n<p>");
    if (origin->query.incident[0] != '\0') {
        buf_str(out, "Incidente ");
        html_text(out, span_str(origin->query.incident));
        buf_str(out, ". ");
    }
    if (origin->query.server[0] != '\0') {
        buf_str(out, "Servidor: ");
        html_text(out, span_str(origin->query.server));
        buf_str(out, ". ");
    }
    put_window(origin, out);
    buf_str(out, "</p>\n");
}

static void kind(const struct origin *origin, struct buf *out)
{
    struct origin_ground grounds[ORIGIN_GROUNDS];
    enum origin_kind found = origin_judge(origin, grounds);
    buf_printf(
        out,
        "<h2>Clase: %s <small lang=\"en\">%s</small></h2>\n<table><thead><tr><th>Fundamento</th><th>Cifra</th>"
        "<th>Límite</th><th>Se cumple</th></tr></thead><tbody>\n",
        origin_kind_name(found, true), origin_kind_name(found, false));
    for (int i = 0; i < ORIGIN_GROUNDS; i++) {
        bool few = !grounds[i].holds && grounds[i].value >= grounds[i].limit;
        buf_printf(out, "<tr><th>%s</th>", grounds[i].es);
        cell(out, grounds[i].value);
        cell(out, grounds[i].limit);
        buf_printf(out, "<td>%s</td></tr>\n",
                   grounds[i].holds ? "<b>sí</b>"
                   : few            ? "no: muy<br>pocas"
                                    : "no");
    }
    buf_str(out,
            "</tbody></table>\n<p>Son indicios, no un veredicto: con dos o más se dice «indicios de ataque». "
            "De menos de 1,000 peticiones no se juzga nada («muy pocas»).</p>\n");
}

static void totals(const struct origin *origin, struct buf *out)
{
    static const char *const statuses[] = {"sin respuesta", "1xx", "2xx", "3xx", "4xx", "5xx"};
    static const char *const decisions[] = {"servidas", "negadas", "vencidas", "desalojadas", "perdidas"};
    const struct hits_totals *sums = &origin->totals;
    buf_str(out, "<h2>Qué se sirvió <small lang=\"en\">What was served</small></h2>\n<table><tbody>\n");
    row(out, "peticiones y conexiones negadas (exacto)", sums->seen);
    row(out, "sin leer (solo su número)", sums->lost);
    row(out, "orígenes distintos (± 1.7 %)", distinct_count(&origin->sources));
    for (int i = 0; i < HITS_STATUSES; i++) {
        row(out, statuses[i], sums->by_status[i]);
    }
    for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++) {
        row(out, decisions[i], sums->by_decision[i]);
    }
    row(out, "bytes contestados", sums->bytes);
    row(out, "CPU en todo, ms", sums->cost_ns / 1000000);
    row(out, "la mitad costó menos de, ns", origin_cost_below(sums, 500));
    row(out, "99 de cada 100 costaron menos de, ns", origin_cost_below(sums, 990));
    buf_str(out, "</tbody></table>\n");
}

static void servers(const struct origin *origin, struct buf *out)
{
    buf_str(out,
            "<h2>Por servidor <small lang=\"en\">By server</small></h2>\n<table><thead><tr><th>Servidor</th>"
            "<th>Peticiones</th><th>Servidas</th><th>5xx</th><th>CPU, ms</th></tr></thead><tbody>\n");
    for (uint32_t i = 0; i < origin->n_servers; i++) {
        const struct hits_totals *sums = &origin->servers[i].totals;
        buf_str(out, "<tr><th>");
        html_text(out, span_str(origin->servers[i].name));
        buf_str(out, "</th>");
        cell(out, sums->seen);
        cell(out, sums->by_decision[0]);
        cell(out, sums->by_status[5]);
        cell(out, sums->cost_ns / 1000000);
        buf_str(out, "</tr>\n");
    }
    buf_str(out, "</tbody></table>\n");
}

/* What the records say, one in so many of them. */
static void forms(const struct origin *origin, struct buf *out)
{
    buf_str(out, "<h2>De qué forma <small lang=\"en\">How</small></h2>\n<p>");
    if (origin->worst_rate <= 1) {
        buf_str(out, "De los registros, uno por petición: cifras exactas.");
    } else {
        buf_printf(out, "De los registros, al menos uno por cada %u peticiones: cifras aproximadas.",
                   origin->worst_rate);
    }
    buf_str(out, "</p>\n<table><tbody>\n");
    for (int form = 0; form < ORIGIN_FORMS; form++) {
        const struct origin_forms *list = &origin->forms[form];
        for (uint32_t i = 0; i < list->n + (list->others > 0 ? 1U : 0U); i++) {
            bool other = i == list->n;
            buf_printf(out, "<tr><th>%s</th><th><code>", i == 0 ? forms_name(form, true) : "");
            html_text(out, other ? SPAN("otras") : span_str(list->list[i].text));
            buf_str(out, "</code></th>");
            cell(out, other ? list->others : list->list[i].about);
            buf_str(out, "</tr>\n");
        }
    }
    buf_str(out, "</tbody></table>\n");
}

static void nets(const struct origin *origin, struct buf *out)
{
    static const char *const names[NET_LEVELS] = {"Direcciones (/32, /64)", "Redes /24 y /48",
                                                  "Redes /16 y /32"};
    static struct heavy_item top[ORIGIN_TOP];
    for (int level = origin->query.short_nets ? 1 : 0; level < NET_LEVELS; level++) {
        uint32_t n = heavy_top(&origin->nets[level], top, ORIGIN_TOP);
        buf_printf(out, "<h2>%s</h2>\n<p>Ninguna tiene más de ", names[level]);
        figure(out, origin->wide[level]);
        buf_str(
            out,
            " por encima de su cifra.</p>\n<table><thead><tr><th>Red</th><th>Peticiones</th><th>Error</th>"
            "<th>CPU, ms</th></tr></thead><tbody>\n");
        for (uint32_t i = 0; i < n; i++) {
            buf_str(out, "<tr><th class=\"net\">");
            net_print(&top[i].net, out);
            buf_str(out, "</th>");
            cell(out, top[i].estimate);
            cell(out, top[i].error);
            cell(out, top[i].cost / 1000000);
            buf_str(out, "</tr>\n");
        }
        buf_str(out, "</tbody></table>\n");
    }
}

static int most_first(const void *a, const void *b, void *arg)
{
    const struct origin *origin = arg;
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    if (origin->countries[left] != origin->countries[right]) {
        return origin->countries[left] < origin->countries[right] ? 1 : -1;
    }
    return left < right ? -1 : 1;
}

static void countries(const struct origin *origin, struct buf *out)
{
    uint32_t order[ORIGIN_COUNTRIES];
    for (uint32_t i = 0; i < ORIGIN_COUNTRIES; i++) {
        order[i] = i;
    }
    qsort_r(order, ORIGIN_COUNTRIES, sizeof *order, most_first, (void *)(uintptr_t)origin);
    buf_str(
        out,
        "<h2>País de registro de la red de origen</h2>\n<p>Es donde la red está registrada, no donde está "
        "quien la usa.</p>\n<table><thead><tr><th>País</th><th>Peticiones</th><th>CPU, ms</th></tr></thead>"
        "<tbody>\n");
    for (uint32_t i = 0; i < ORIGIN_COUNTRIES && origin->countries[order[i]] > 0; i++) {
        char code[3];
        origin_country_code(order[i], code);
        buf_printf(out, "<tr><th>%s</th>", code[0] == '?' ? "país desconocido" : code);
        cell(out, origin->countries[order[i]]);
        cell(out, origin->country_cost[order[i]] / 1000000);
        buf_str(out, "</tr>\n");
    }
    if (origin->country_wide > 0) {
        row(out, "sin asignar: solo se sabe una red mayor", origin->country_wide);
    }
    buf_str(out, "</tbody></table>\n<p>");
    html_text(out, origin->geo != NULL ? span_str(GEO_ATTRIBUTION)
                                       : SPAN("No hay tabla de países: todos son desconocidos."));
    buf_str(out, "</p>\n");
}

/* The digest stands below the name: both are too long to stand side by side on a phone or on paper. */
static void evidence(const struct origin *origin, struct buf *out)
{
    buf_str(out,
            "<h2>Evidencia <small lang=\"en\">Evidence</small></h2>\n<table><thead><tr><th>Segmento y su "
            "SHA-256 hasta ahí</th><th>Bytes</th></tr></thead><tbody>\n");
    for (uint32_t i = 0; i < origin->n_files; i++) {
        buf_str(out, "<tr><th>");
        html_text(out, span_str(origin->files[i].path));
        buf_printf(out, "<code>%s</code></th>", origin->files[i].sha256);
        cell(out, origin->files[i].bytes);
        buf_str(out, "</tr>\n");
    }
    buf_str(out, "</tbody></table>\n");
}

void origin_html(const struct origin *origin, struct buf *out)
{
    head(origin, out);
    kind(origin, out);
    totals(origin, out);
    servers(origin, out);
    forms(origin, out);
    nets(origin, out);
    countries(origin, out);
    evidence(origin, out);
    buf_str(out, "</body></html>\n");
}

/* Who asks, on the board: each server's last minute by country and network, from what the scribes wrote. */
#include "night/origins.h"

#include "os/clock.h"

#include <inttypes.h>
#include <stdio.h>

enum { WINDOW_MS = 60000, NETS = 3, COUNTRIES = 4 };

static void put(struct top *top, enum top_style style, struct buf *text)
{
    if (top->n < TOP_LINES_MAX) {
        struct top_line *out = &top->lines[top->n++];
        out->style = style;
        (void)span_copy(span_of(text->at, text->len < TOP_TEXT_MAX ? text->len : TOP_TEXT_MAX - 1), out->text,
                        sizeof out->text);
    }
    buf_clear(text);
}

static void put_countries(const struct origin *origin, struct buf *text)
{
    bool said[ORIGIN_COUNTRIES] = {false};
    for (int n = 0; n < COUNTRIES; n++) {
        uint32_t best = ORIGIN_COUNTRIES;
        for (uint32_t i = 0; i < ORIGIN_COUNTRIES; i++) {
            bool more = best == ORIGIN_COUNTRIES || origin->countries[i] > origin->countries[best];
            best = !said[i] && origin->countries[i] > 0 && more ? i : best;
        }
        if (best == ORIGIN_COUNTRIES) {
            return;
        }
        char code[3];
        origin_country_code(best, code);
        said[best] = true;
        buf_printf(text, "  %s %" PRIu64 " (%" PRIu64 " ms)", code, origin->countries[best],
                   origin->country_cost[best] / 1000000);
    }
}

static void put_server(const struct origin *origin, const char *name, struct top *out, struct buf *text)
{
    struct heavy_item top[NETS];
    uint32_t n = heavy_top(&origin->nets[1], top, NETS);
    const struct hits_totals *totals = &origin->totals;
    struct origin_ground grounds[ORIGIN_GROUNDS];
    enum origin_kind kind = origin_judge(origin, grounds);
    buf_printf(text, " %.20s  %" PRIu64 " peticiones, %" PRIu64 " ms de CPU", name, totals->seen,
               totals->cost_ns / 1000000);
    if (kind != ORIGIN_UNDECIDED) {
        buf_printf(text, ", %s", origin_kind_name(kind, true));
    }
    put_countries(origin, text);
    put(out, TOP_PLAIN, text);
    buf_str(text, "    redes");
    for (uint32_t i = 0; i < n; i++) {
        buf_str(text, "  ");
        net_print(&top[i].net, text);
        buf_printf(text, " %" PRIu64, top[i].estimate);
    }
    put(out, TOP_PLAIN, text);
}

void origin_lines(const char *dir, const struct geo *geo, struct top *out)
{
    struct origin_query query = {
        .dir = dir, .incident = "", .server = "", .until_ms = clock_now_ms(NULL) + 1000};
    struct origin *all = NULL;
    struct buf text;
    query.since_ms = query.until_ms - 1000 - WINDOW_MS;
    if (origin_gather(&query, geo, &all, NULL) != OK) {
        return;
    }
    buf_init(&text, 0);
    buf_printf(&text, "ORÍGENES en el último minuto%s",
               all->n_servers == 0 ? ": nadie"
               : geo == NULL       ? " (sin tabla de países)"
                                   : "");
    put(out, TOP_HEAD, &text);
    for (uint32_t i = 0; i < all->n_servers; i++) {
        struct origin *one = NULL;
        query.server = all->servers[i].name;
        if (origin_gather(&query, geo, &one, NULL) == OK) {
            put_server(one, query.server, out, &text);
            origin_free(one);
        }
    }
    buf_done(&text);
    origin_free(all);
}

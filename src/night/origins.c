/* Who asks, on the board: each server's last minute by country and network, from what the scribes wrote. */
#include "night/origins.h"

#include "os/clock.h"
#include "wire/text.h"

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

/* The countries with the most requests, most first; how many they are. */
static uint32_t countries_of(const struct origin *origin, uint32_t out[COUNTRIES])
{
    bool said[ORIGIN_COUNTRIES] = {false};
    uint32_t n = 0;
    for (; n < COUNTRIES; n++) {
        uint32_t best = ORIGIN_COUNTRIES;
        for (uint32_t i = 0; i < ORIGIN_COUNTRIES; i++) {
            bool more = best == ORIGIN_COUNTRIES || origin->countries[i] > origin->countries[best];
            best = !said[i] && origin->countries[i] > 0 && more ? i : best;
        }
        if (best == ORIGIN_COUNTRIES) {
            break;
        }
        said[best] = true;
        out[n] = best;
    }
    return n;
}

static void put_countries(const struct origin *origin, struct buf *text)
{
    uint32_t list[COUNTRIES];
    uint32_t n = countries_of(origin, list);
    for (uint32_t i = 0; i < n; i++) {
        char code[3];
        origin_country_code(list[i], code);
        buf_printf(text, "  %s %" PRIu64 " (%" PRIu64 " ms)", code, origin->countries[list[i]],
                   origin->country_cost[list[i]] / 1000000);
    }
}

static void put_server(const struct origin *origin, const char *name, struct top *out, struct buf *text)
{
    struct heavy_item top[NETS];
    uint32_t n = heavy_top(&origin->nets[1], top, NETS);
    const struct hits_totals *totals = &origin->totals;
    struct origin_ground grounds[ORIGIN_GROUNDS];
    enum origin_kind kind = origin_judge(origin, grounds);
    bool attack = kind == ORIGIN_ATTACK; /* said before what a narrow screen cuts off */
    buf_printf(text, " %.20s  %s%s%" PRIu64 " peticiones, %" PRIu64 " ms de CPU", name,
               attack ? origin_kind_name(kind, true) : "", attack ? "  " : "", totals->seen,
               totals->cost_ns / 1000000);
    put_countries(origin, text);
    if (kind == ORIGIN_DEMAND) {
        buf_printf(text, "  %s", origin_kind_name(kind, true));
    }
    put(out, attack ? TOP_BAD : TOP_PLAIN, text);
    buf_str(text, "    redes");
    for (uint32_t i = 0; i < n; i++) {
        buf_str(text, "  ");
        net_print(&top[i].net, text);
        buf_printf(text, " %" PRIu64 " (%" PRIu64 " ms)", top[i].estimate, top[i].cost / 1000000);
    }
    put(out, TOP_PLAIN, text);
}

static void key_u64(struct json *json, const char *key, uint64_t value)
{
    json_key(json, key);
    json_u64(json, value);
}

static void server_nets(struct json *json, const struct origin *origin)
{
    struct heavy_item top[NETS];
    struct buf text;
    uint32_t n = heavy_top(&origin->nets[1], top, NETS);
    buf_init(&text, 0);
    json_key(json, "networks");
    json_open(json, '[');
    for (uint32_t i = 0; i < n; i++) {
        buf_clear(&text);
        net_print(&top[i].net, &text);
        json_open(json, '{');
        json_key(json, "network");
        json_span(json, buf_as_span(&text));
        key_u64(json, "requests", top[i].estimate);
        key_u64(json, "cost_ns", top[i].cost);
        json_close(json);
    }
    json_close(json);
    buf_done(&text);
}

static void server_json(struct json *json, const struct origin *origin, const char *name)
{
    static const char *const statuses[HITS_STATUSES] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
    uint32_t list[COUNTRIES];
    uint32_t n = countries_of(origin, list);
    json_open(json, '{');
    json_key(json, "name");
    json_str(json, name);
    key_u64(json, "requests", origin->totals.seen);
    key_u64(json, "lost", origin->totals.lost);
    key_u64(json, "cost_ns", origin->totals.cost_ns);
    key_u64(json, "bytes", origin->totals.bytes);
    json_key(json, "by_status");
    json_open(json, '{');
    for (int i = 0; i < HITS_STATUSES; i++) {
        key_u64(json, statuses[i], origin->totals.by_status[i]);
    }
    json_close(json);
    json_key(json, "countries");
    json_open(json, '[');
    for (uint32_t i = 0; i < n; i++) {
        char code[3];
        origin_country_code(list[i], code);
        json_open(json, '{');
        json_key(json, "country");
        json_str(json, code);
        key_u64(json, "requests", origin->countries[list[i]]);
        key_u64(json, "cost_ns", origin->country_cost[list[i]]);
        json_close(json);
    }
    json_close(json);
    server_nets(json, origin);
    json_close(json);
}

static struct origin_query last_minute(const char *dir)
{
    struct origin_query query = {
        .dir = dir, .incident = "", .server = "", .until_ms = clock_now_ms(NULL) + 1000};
    query.since_ms = query.until_ms - 1000 - WINDOW_MS;
    return query;
}

void origin_minute_json(const char *dir, const struct geo *geo, struct buf *out)
{
    struct origin_query query = last_minute(dir);
    struct origin *all = NULL;
    struct json json;
    if (origin_gather(&query, geo, &all, NULL) != OK) {
        return;
    }
    json_init(&json, out);
    json_open(&json, '{');
    key_u64(&json, "window_s", WINDOW_MS / 1000);
    json_key(&json, "servers");
    json_open(&json, '[');
    for (uint32_t i = 0; i < all->n_servers; i++) {
        struct origin *one = NULL;
        query.server = all->servers[i].name;
        if (origin_gather(&query, geo, &one, NULL) == OK) {
            server_json(&json, one, query.server);
            origin_free(one);
        }
    }
    json_close(&json);
    json_close(&json);
    origin_free(all);
}

void origin_lines(const char *dir, const struct geo *geo, struct top *out)
{
    struct origin_query query = last_minute(dir);
    struct origin *all = NULL;
    struct buf text;
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

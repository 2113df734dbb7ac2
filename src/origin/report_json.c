/* The report for machines. No moment of making, no host: the same segments give the same bytes. */
#include "origin/origin.h"

#include "base/date.h"
#include "wire/text.h"

static void put_time(struct json *json, const char *key, int64_t ms)
{
    char iso[DATE_ISO_LEN + 1];
    date_print_iso(iso, ms);
    json_key(json, key);
    json_str(json, iso);
}

static void put_u64(struct json *json, const char *key, uint64_t number)
{
    json_key(json, key);
    json_u64(json, number);
}

static void put_str(struct json *json, const char *key, const char *text)
{
    json_key(json, key);
    json_str(json, text);
}

static void put_totals(struct json *json, const struct hits_totals *totals)
{
    static const char *const statuses[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
    static const char *const decisions[] = {"served", "refused", "timeout", "evicted", "lost"};
    put_u64(json, "requests", totals->seen);
    put_u64(json, "unread", totals->lost);
    put_u64(json, "bytes", totals->bytes);
    put_u64(json, "cost_ns", totals->cost_ns);
    put_u64(json, "cost_p50_below_ns", origin_cost_below(totals, 500));
    put_u64(json, "cost_p99_below_ns", origin_cost_below(totals, 990));
    json_key(json, "statuses");
    json_open(json, '{');
    for (int i = 0; i < HITS_STATUSES; i++) {
        put_u64(json, statuses[i], totals->by_status[i]);
    }
    json_close(json);
    json_key(json, "decisions");
    json_open(json, '{');
    for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++) {
        put_u64(json, decisions[i], totals->by_decision[i]);
    }
    json_close(json);
}

static void put_nets(struct json *json, const struct origin *origin)
{
    static const char *const names[NET_LEVELS] = {"32_64", "24_48", "16_32"};
    static struct heavy_item top[ORIGIN_TOP];
    json_key(json, "networks");
    json_open(json, '{');
    for (int level = origin->query.short_nets ? 1 : 0; level < NET_LEVELS; level++) {
        uint32_t n = heavy_top(&origin->nets[level], top, ORIGIN_TOP);
        json_key(json, names[level]);
        json_open(json, '{');
        put_u64(json, "maybe_more", origin->wide[level]);
        json_key(json, "top");
        json_open(json, '[');
        for (uint32_t i = 0; i < n; i++) {
            struct buf text;
            buf_init(&text, 0);
            net_print(&top[i].net, &text);
            json_open(json, '{');
            put_str(json, "net", buf_cstr(&text));
            put_u64(json, "requests", top[i].estimate);
            put_u64(json, "error", top[i].error);
            put_u64(json, "cost_ns", top[i].cost);
            json_close(json);
            buf_done(&text);
        }
        json_close(json);
        json_close(json);
    }
    json_close(json);
}

static void put_countries(struct json *json, const struct origin *origin)
{
    put_u64(json, "country_unassigned", origin->country_wide);
    json_key(json, "countries");
    json_open(json, '{');
    for (uint32_t i = 0; i < ORIGIN_COUNTRIES; i++) {
        char code[3];
        origin_country_code(i, code);
        if (origin->countries[i] > 0) {
            put_u64(json, code, origin->countries[i]);
        }
    }
    json_close(json);
    json_key(json, "country_cost_ns");
    json_open(json, '{');
    for (uint32_t i = 0; i < ORIGIN_COUNTRIES; i++) {
        char code[3];
        origin_country_code(i, code);
        if (origin->countries[i] > 0) {
            put_u64(json, code, origin->country_cost[i]);
        }
    }
    json_close(json);
    json_key(json, "attribution");
    if (origin->geo != NULL) {
        json_str(json, GEO_ATTRIBUTION);
    } else {
        json_null(json);
    }
}

static void put_forms(struct json *json, const struct origin *origin)
{
    json_key(json, "forms");
    json_open(json, '{');
    for (int form = 0; form < ORIGIN_FORMS; form++) {
        const struct origin_forms *forms = &origin->forms[form];
        json_key(json, forms_name(form, false));
        json_open(json, '[');
        for (uint32_t i = 0; i < forms->n; i++) {
            json_open(json, '{');
            put_str(json, "text", forms->list[i].text);
            put_u64(json, "about", forms->list[i].about);
            json_close(json);
        }
        if (forms->others > 0) {
            json_open(json, '{');
            put_str(json, "text", "*");
            put_u64(json, "about", forms->others);
            json_close(json);
        }
        json_close(json);
    }
    json_close(json);
}

static void put_kind(struct json *json, const struct origin *origin)
{
    struct origin_ground grounds[ORIGIN_GROUNDS];
    enum origin_kind kind = origin_judge(origin, grounds);
    put_str(json, "kind", origin_kind_name(kind, false));
    json_key(json, "grounds");
    json_open(json, '[');
    for (int i = 0; i < ORIGIN_GROUNDS; i++) {
        json_open(json, '{');
        put_str(json, "name", grounds[i].name);
        put_u64(json, "value", grounds[i].value);
        put_u64(json, "limit", grounds[i].limit);
        json_key(json, "holds");
        json_bool(json, grounds[i].holds);
        json_close(json);
    }
    json_close(json);
}

static void put_evidence(struct json *json, const struct origin *origin)
{
    json_key(json, "evidence");
    json_open(json, '[');
    for (uint32_t i = 0; i < origin->n_files; i++) {
        json_open(json, '{');
        put_str(json, "path", origin->files[i].path);
        put_u64(json, "bytes", origin->files[i].bytes);
        put_str(json, "sha256", origin->files[i].sha256);
        json_close(json);
    }
    json_close(json);
}

void origin_json(const struct origin *origin, struct buf *out)
{
    struct json json;
    json_init(&json, out);
    json_open(&json, '{');
    put_str(&json, "format", "origin-report/1");
    put_str(&json, "incident", origin->query.incident);
    put_str(&json, "server", origin->query.server);
    put_u64(&json, "since_ms", (uint64_t)origin->query.since_ms);
    put_u64(&json, "until_ms", (uint64_t)origin->query.until_ms);
    put_time(&json, "since", origin->query.since_ms);
    put_time(&json, "until", origin->query.until_ms);
    if (origin->last_ms > 0) {
        put_time(&json, "first", origin->first_ms);
        put_time(&json, "last", origin->last_ms);
    }
    put_u64(&json, "short_networks", origin->query.short_nets);
    put_kind(&json, origin);
    put_totals(&json, &origin->totals);
    put_u64(&json, "sources_about", distinct_count(&origin->sources));
    put_u64(&json, "sources_error_permille", DISTINCT_ERROR_PERMILLE);
    put_u64(&json, "records_one_in_at_most", origin->worst_rate);
    put_forms(&json, origin);
    put_nets(&json, origin);
    put_countries(&json, origin);
    json_key(&json, "servers");
    json_open(&json, '{');
    for (uint32_t i = 0; i < origin->n_servers; i++) {
        json_key(&json, origin->servers[i].name);
        json_open(&json, '{');
        put_totals(&json, &origin->servers[i].totals);
        json_close(&json);
    }
    json_close(&json);
    put_evidence(&json, origin);
    json_close(&json);
    buf_char(out, '\n');
}

/* atalaya-report: where the traffic of an incident or a window came from, from the hits alone. */
#include "base/date.h"
#include "base/num.h"
#include "origin/origin.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/options.h"

#include <inttypes.h>
#include <stdio.h>

enum { REPORT_MAX = 16 << 20, AROUND_MS = 5000 };

struct asked {
    const char *dir, *since, *until, *out, *again, *geo4, *geo6, *server;
    bool json, html, privacy;
    char incident[128], incident_server[64];
};

static int fail(const char *sentence)
{
    (void)fprintf(stderr, "atalaya report: %s\n", sentence);
    return 2;
}

static struct span line_of(struct span text, const char *name)
{
    struct span line;
    while (span_line(&text, &line)) {
        struct span first = span_cut(&line, ' ');
        if (span_is(first, name)) {
            return line;
        }
    }
    return SPAN("");
}

/* The incident's own window, a little wider on both sides. */
static enum err read_incident(struct asked *asked, struct origin_query *query, struct why *why)
{
    static const char *const places[] = {"run/incidents", "mirror-1/run/incidents", "mirror-2/run/incidents"};
    char folder[FILE_PATH_MAX], path[FILE_PATH_MAX];
    struct buf text;
    enum err err = ERR_MISSING;
    if (strchr(asked->incident, '/') != NULL) {
        return why_set(why, ERR_SYNTAX, "%s: no es el nombre de un incidente", asked->incident);
    }
    buf_init(&text, 0);
    for (size_t i = 0; i < sizeof places / sizeof *places && err == ERR_MISSING; i++) {
        path_join(folder, asked->dir, places[i]);
        err = file_read(path_join(path, folder, asked->incident), 65536, &text, NULL);
    }
    if (err == OK) {
        struct span ended = line_of(buf_as_span(&text), "ended");
        err = date_parse_iso(line_of(buf_as_span(&text), "began"), &query->since_ms);
        query->since_ms -= AROUND_MS;
        query->until_ms = clock_now_ms(NULL);
        if (err == OK && !span_is(ended, "-")) {
            err = date_parse_iso(ended, &query->until_ms);
            query->until_ms += AROUND_MS;
        }
        (void)span_copy(line_of(buf_as_span(&text), "name"), asked->incident_server,
                        sizeof asked->incident_server);
        query->server = asked->incident_server;
    }
    buf_done(&text);
    return err == OK ? OK : why_set(why, err, "%s: no hay tal incidente / no such incident", asked->incident);
}

static bool find_number(struct span text, const char *key, int64_t *out)
{
    const char *at = memmem(text.at, text.len, key, strlen(key));
    uint64_t number = 0;
    if (at == NULL) {
        return false;
    }
    struct span rest = span_from(text, (size_t)(at - text.at) + strlen(key));
    size_t digits = 0;
    while (digits < rest.len && rest.at[digits] >= '0' && rest.at[digits] <= '9') {
        digits++;
    }
    bool good = num_parse_u64(span_of(rest.at, digits), &number) == OK && number <= INT64_MAX;
    *out = (int64_t)number;
    return good;
}

static bool find_text(struct span text, const char *key, char *out, size_t size)
{
    const char *at = memmem(text.at, text.len, key, strlen(key));
    struct span rest = at == NULL ? SPAN("") : span_from(text, (size_t)(at - text.at) + strlen(key));
    return at != NULL && span_copy(span_cut(&rest, '"'), out, size);
}

/* What a report says it was made from. */
static bool read_query(struct span text, struct asked *asked, struct origin_query *query)
{
    int64_t short_nets = 0;
    bool good = span_starts(text, SPAN("{\"format\":\"origin-report/1\",")) &&
                find_number(text, "\"since_ms\":", &query->since_ms) &&
                find_number(text, "\"until_ms\":", &query->until_ms) &&
                find_number(text, "\"short_networks\":", &short_nets) &&
                find_text(text, "\"incident\":\"", asked->incident, sizeof asked->incident) &&
                find_text(text, "\"server\":\"", asked->incident_server, sizeof asked->incident_server);
    query->short_nets = short_nets != 0;
    query->incident = asked->incident;
    query->server = asked->incident_server;
    return good;
}

static int make_again(struct asked *asked, struct origin_query *query, const struct geo *geo)
{
    struct buf old, new;
    struct origin *origin = NULL;
    struct why why = {{0}};
    buf_init(&old, 0);
    buf_init(&new, 0);
    if (file_read(asked->again, REPORT_MAX, &old, &why) != OK) {
        return fail(why.text);
    }
    if (!read_query(buf_as_span(&old), asked, query)) {
        return fail("no es un informe en JSON / not a report in JSON");
    }
    if (origin_gather(query, geo, &origin, &why) != OK) {
        return fail(why.text);
    }
    origin_json(origin, &new);
    bool same = span_equal(buf_as_span(&old), buf_as_span(&new));
    printf("%s: %s\n", asked->again,
           same ? "coincide con los segmentos / agrees with the segments"
                : "NO coincide con los segmentos / does NOT agree with the segments");
    origin_free(origin);
    buf_done(&old);
    buf_done(&new);
    return same ? 0 : 1;
}

static int write_files(const struct origin *origin, const char *base)
{
    char path[FILE_PATH_MAX];
    struct buf json, html;
    struct why why = {{0}};
    buf_init(&json, 0);
    buf_init(&html, 0);
    origin_json(origin, &json);
    origin_html(origin, &html);
    (void)snprintf(path, sizeof path, "%s.json", base);
    enum err err = file_write(path, buf_as_span(&json), true, &why);
    (void)snprintf(path, sizeof path, "%s.html", base);
    err = err == OK ? file_write(path, buf_as_span(&html), true, &why) : err;
    buf_done(&json);
    buf_done(&html);
    return err == OK ? 0 : fail(why.text);
}

static void print_short(const struct origin *origin)
{
    struct origin_ground grounds[ORIGIN_GROUNDS];
    static struct heavy_item top[ORIGIN_TOP];
    printf("%s\n", origin_kind_name(origin_judge(origin, grounds), true));
    for (int i = 0; i < ORIGIN_GROUNDS; i++) {
        printf("  %s %s: %" PRIu64 " (límite %" PRIu64 ")\n", grounds[i].holds ? "*" : " ", grounds[i].es,
               grounds[i].value, grounds[i].limit);
    }
    printf("%" PRIu64 " peticiones, %" PRIu64 " sin leer\n", origin->totals.seen, origin->totals.lost);
    uint32_t n = heavy_top(&origin->nets[1], top, 10);
    for (uint32_t i = 0; i < n; i++) {
        struct buf net;
        buf_init(&net, 0);
        net_print(&top[i].net, &net);
        printf("  %-24s %12" PRIu64 "  error %" PRIu64 "\n", buf_cstr(&net), top[i].estimate, top[i].error);
        buf_done(&net);
    }
    for (uint32_t i = 0; i < ORIGIN_COUNTRIES; i++) {
        char code[3];
        origin_country_code(i, code);
        if (origin->countries[i] > 0) {
            printf("  %-24s %12" PRIu64 "\n", code[0] == '?' ? "país desconocido" : code,
                   origin->countries[i]);
        }
    }
}

static int show(const struct origin *origin, const struct asked *asked)
{
    struct buf text;
    if (asked->out != NULL) {
        return write_files(origin, asked->out);
    }
    if (!asked->json && !asked->html) {
        print_short(origin);
        return 0;
    }
    buf_init(&text, 0);
    if (asked->json) {
        origin_json(origin, &text);
    } else {
        origin_html(origin, &text);
    }
    (void)fwrite(text.at, 1, text.len, stdout);
    buf_done(&text);
    return 0;
}

static enum err set_window(struct asked *asked, struct origin_query *query, struct why *why)
{
    query->incident = asked->incident;
    query->server = asked->server;
    query->short_nets = asked->privacy;
    query->until_ms = clock_now_ms(NULL);
    if (asked->incident[0] != '\0') {
        return read_incident(asked, query, why);
    }
    if ((asked->since != NULL && date_parse_iso(span_str(asked->since), &query->since_ms) != OK) ||
        (asked->until != NULL && date_parse_iso(span_str(asked->until), &query->until_ms) != OK)) {
        return why_set(why, ERR_SYNTAX, "--since, --until: 2027-06-07T02:31:07Z");
    }
    return OK;
}

static int report(struct asked *asked)
{
    static struct geo geo;
    struct origin_query query = {.dir = asked->dir};
    struct origin *origin = NULL;
    struct why why = {{0}};
    enum err err = geo_load(&geo, asked->geo4, file_exists(asked->geo6) ? asked->geo6 : NULL, &why);
    if (err != OK) {
        (void)fprintf(stderr, "atalaya report: %s: país desconocido / country unknown\n", why.text);
        why = (struct why){{0}};
    }
    const struct geo *table = err == OK ? &geo : NULL;
    if (asked->again != NULL) {
        return make_again(asked, &query, table);
    }
    if (set_window(asked, &query, &why) != OK || origin_gather(&query, table, &origin, &why) != OK) {
        return fail(why.text);
    }
    int code = origin->n_files == 0 ? fail("no hay accesos en esa ventana / no hits in that window")
                                    : show(origin, asked);
    origin_free(origin);
    geo_done(&geo);
    return code;
}

int main(int argc, char *argv[])
{
    static struct asked asked = {.dir = "night", .geo4 = GEO_FILE_4, .geo6 = GEO_FILE_6, .server = ""};
    const char *words[1] = {NULL};
    size_t n_words = 0;
    const struct option_row rows[] = {
        {"dir", "DIR", OPTION_TEXT, &asked.dir, 0, 0, false, "la carpeta de la noche (./night)",
         "the night's folder"},
        {"since", "ISO", OPTION_TEXT, &asked.since, 0, 0, false, "desde", "since"},
        {"until", "ISO", OPTION_TEXT, &asked.until, 0, 0, false, "hasta", "until"},
        {"server", "NAME", OPTION_TEXT, &asked.server, 0, 0, false, "solo este servidor",
         "this server alone"},
        {"out", "BASE", OPTION_TEXT, &asked.out, 0, 0, false, "escribe BASE.json y BASE.html",
         "writes BASE.json and BASE.html"},
        {"json", NULL, OPTION_FLAG, &asked.json, 0, 0, false, "JSON a la salida", "JSON to the output"},
        {"html", NULL, OPTION_FLAG, &asked.html, 0, 0, false, "HTML a la salida", "HTML to the output"},
        {"privacy", NULL, OPTION_FLAG, &asked.privacy, 0, 0, false, "ninguna red más angosta que /24 y /48",
         "no network narrower than /24 and /48"},
        {"recompute", "FILE", OPTION_TEXT, &asked.again, 0, 0, false,
         "vuelve a hacer ese informe (JSON) de los segmentos y dice si coincide",
         "makes that report (JSON) again from the segments and says whether it agrees"},
        {"geo", "FILE", OPTION_TEXT, &asked.geo4, 0, 0, false, "tabla de países IPv4 (" GEO_FILE_4 ")",
         "table of countries, IPv4"},
        {"geo6", "FILE", OPTION_TEXT, &asked.geo6, 0, 0, false, "tabla de países IPv6 (" GEO_FILE_6 ")",
         "table of countries, IPv6"},
    };
    const struct command command = {
        .program = "atalaya-report",
        .usage = "[INCIDENTE] [--since ISO] [--until ISO] [--dir DIR] [--out BASE] [--recompute FILE]",
        .es =
            "De dónde vino el tráfico de un incidente o de una ventana, de los accesos registrados y de nada más: redes y "
            "países con cifras exactas y su error, qué se sirvió, y los SHA-256 de la evidencia.",
        .en =
            "Where the traffic of an incident or a window came from, from the recorded hits and nothing else: networks and "
            "countries with exact counts and their error, what was served, and the SHA-256 of the evidence.",
        .more =
            "Termina en 0; con --recompute en 1 si no coincide; en 2 si no hay de qué informar.\n"
            "Ends in 0; with --recompute in 1 when it does not agree; in 2 when there is nothing to report.\n",
        .rows = rows,
        .n_rows = sizeof rows / sizeof *rows,
        .max_words = 1,
    };
    int code = command_parse(&command, argc, argv, words, &n_words);
    if (code >= 0) {
        return code;
    }
    if (n_words > 0 && !span_copy(span_str(words[0]), asked.incident, sizeof asked.incident)) {
        return fail("no hay tal incidente / no such incident");
    }
    return report(&asked);
}

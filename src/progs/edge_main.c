/* atalaya-edge: options, then edge_run. */
#include "base/log.h"
#include "base/num.h"
#include "edge/edge.h"
#include "edge/notice_board.h"
#include "os/file.h"
#include "os/options.h"

#include <stdio.h>

static int misused(const char *sentence)
{
    (void)fprintf(stderr, "atalaya-edge: %s\n", sentence);
    return 2;
}

static bool read_kind(const char *text, enum edge_kind *kind)
{
    for (int i = 0; i < EDGE_KINDS; i++) {
        if (strcmp(text, edge_kind_name((enum edge_kind)i)) == 0) {
            *kind = (enum edge_kind)i;
            return true;
        }
    }
    return false;
}

static bool is_web(const char *url)
{
    return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
}

/* "difusor-1=http://…/", several with commas: cut up in a copy that lives as long as the program. The words themselves stay whole:
 * a reload executes the program again with them. */
static bool read_mirrors(const char *words, struct edge_options *options)
{
    char *rest = NULL;
    char *text = strdup(words);
    for (char *item = text == NULL ? NULL : strtok_r(text, ",", &rest); item != NULL;
         item = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(item, '=');
        if (equals == NULL || equals == item || !is_web(equals + 1) || options->n_mirrors == EDGE_LINKS_MAX) {
            return false;
        }
        *equals = '\0';
        options->mirrors[options->n_mirrors++] = (struct site_link){.name = item, .url = equals + 1};
    }
    return text != NULL;
}

/* Who seals a site has one key. */
static enum err one_key(const struct cut_keys *keys, struct edge_options *options, struct why *why)
{
    if (keys->n != 1) {
        return why_set(why, ERR_SYNTAX, "una clave, y no %u / one key, not %u", keys->n, keys->n);
    }
    options->vkey = keys->keys[0].key;
    return OK;
}

/* A verifier key as such, or a file: of one key, or of the cuts' keys one after the other. */
static enum err read_vkey(const char *text, struct edge_options *options, struct why *why)
{
    struct buf bytes;
    enum err err = OK;
    buf_init(&bytes, 0);
    if (file_exists(text)) {
        err = file_read(text, CUT_KEYS_BYTES, &bytes, why);
        options->cut_keys_path = text;
    } else {
        buf_str(&bytes, text);
    }
    err = err == OK ? cut_keys_parse(buf_as_span(&bytes), &options->cut_keys, why) : err;
    err = err == OK && options->kind == EDGE_SITE ? one_key(&options->cut_keys, options, why) : err;
    buf_done(&bytes);
    return err == OK ? OK : why_prefix(why, err, "--vkey");
}

/* Certificates and keys come in pairs, in the same order. */
static bool read_certs(struct edge_options *options, const struct option_many *certs,
                       const struct option_many *keys)
{
    if (certs->n != keys->n || certs->n > EDGE_CERTS_MAX || (certs->n > 0) != (options->tls_listen != NULL)) {
        return false;
    }
    for (size_t i = 0; i < certs->n; i++) {
        options->certs[i] = certs->values[i];
        options->keys[i] = keys->values[i];
    }
    options->n_certs = (uint32_t)certs->n;
    return true;
}

static int check(struct edge_options *options, const char *role, const char *vkey,
                 const struct option_many *mirrors)
{
    struct why why = {0};
    const char *const needed[][2] = {{options->listen, "--listen falta / is missing"},
                                     {options->tree, "--tree falta / is missing"},
                                     {role, "--role falta / is missing"},
                                     {options->name, "--name falta / is missing"}};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (needed[i][0] == NULL) {
            return misused(needed[i][1]);
        }
    }
    if (!read_kind(role, &options->kind)) {
        return misused("--role: results, mirror, feed, site");
    }
    for (size_t i = 0; i < mirrors->n; i++) {
        if (!read_mirrors(mirrors->values[i], options)) {
            return misused("--mirrors \"nombre=http://…,…\"");
        }
    }
    if (options->results != NULL && !is_web(options->results)) {
        return misused("--results: http://… o/or https://…");
    }
    if (options->sealed != NULL && (options->kind != EDGE_SITE || vkey == NULL)) {
        return misused(
            "--sealed: con --role site y --vkey de quien sella / with --role site and --vkey of who seals");
    }
    if (options->kind == EDGE_SITE && options->sealed == NULL) {
        return 0;
    }
    if (vkey == NULL) {
        return misused("--vkey: nada sin firma se sirve / nothing unsigned is served");
    }
    return read_vkey(vkey, options, &why) == OK ? 0 : misused(why.text);
}

/* "max-age=N", maybe "; includeSubDomains", maybe "; preload" after that; "off" is none. */
static bool read_hsts(const char **rule)
{
    uint32_t seconds = 0;
    struct span rest = span_str(*rule);
    if (strcmp(*rule, "off") == 0) {
        *rule = NULL;
        return true;
    }
    struct span age = span_cut(&rest, ';');
    bool good = span_starts(age, SPAN("max-age=")) && num_parse_u32(span_from(age, 8), &seconds) == OK;
    return good && (rest.at == NULL || span_is(rest, " includeSubDomains") ||
                    span_is(rest, " includeSubDomains; preload"));
}

static bool read_forwarders(const struct option_many *lists, const char *how, struct forwarders *out)
{
    struct why why = {0};
    for (size_t i = 0; i < lists->n; i++) {
        if (forwarders_parse(span_str(lists->values[i]), out, &why) != OK) {
            (void)misused(why.text);
            return false;
        }
    }
    static const char *const ways[] = {[FORWARDED_PROXY] = "proxy",
                                       [FORWARDED_FIELD] = "x-forwarded-for",
                                       [FORWARDED_RFC7239] = "forwarded"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (strcmp(how, ways[i]) == 0) {
            out->how = (enum forwarded_how)i;
            return true;
        }
    }
    (void)misused("--forwarded: proxy, x-forwarded-for, forwarded");
    return false;
}

/* The program's own rows, then one a limit that can be set. */
static size_t add_limits(struct option_row *all, const struct option_row *rows, size_t n,
                         struct limits *limits)
{
    memcpy(all, rows, n * sizeof *rows);
    limits_usual(limits);
    for (size_t i = 0; i < n_limit_rows; i++) {
        const struct limit_row *row = &limit_rows[i];
        if (row->least < row->most) {
            all[n] = (struct option_row){.name = row->name, .value = "N", .kind = OPTION_NUMBER};
            all[n].out = limit_of(limits, row);
            all[n].min = row->least;
            all[n].max = row->most;
            all[n].es = row->es;
            all[n++].en = row->en;
        }
    }
    return n;
}

static int print_limits(const struct limits *limits, const char *form)
{
    struct buf text;
    buf_init(&text, 0);
    if (limits_explain(limits, form, &text) != OK) {
        buf_done(&text);
        return misused("--explain: text, json, man, markdown");
    }
    (void)fwrite(text.at, 1, text.len, stdout);
    buf_done(&text);
    return 0;
}

int main(int argc, char *argv[])
{
    struct edge_options options = {0};
    struct option_many mirrors = {0};
    struct option_many certs = {0};
    struct option_many keys = {0};
    const char *role = NULL;
    const char *vkey = NULL;
    int64_t budget = 1024;
    int64_t hits_rate = 256;
    int64_t hits_total = 1024;
    int64_t workers = 1;
    const char *explain = NULL;
    bool only_check = false;
    const char *forwarded = "proxy";
    options.hsts = "max-age=31536000";
    struct option_many forwarders = {0};
    const struct option_row rows[] = {
        {"listen", "ADDR:PORT", OPTION_TEXT, &options.listen, 0, 0, false,
         "dónde atiende; puerto 0: lo elige el sistema", "where it listens; port 0: the system chooses"},
        {"tree", "DIR", OPTION_TEXT, &options.tree, 0, 0, false, "el árbol publicado, o la carpeta del sitio",
         "the published tree, or the site's folder"},
        {"root", "DIR", OPTION_TEXT, &options.tree, 0, 0, false, "lo mismo que --tree", "the same as --tree"},
        {"role", "ROLE", OPTION_TEXT, &role, 0, 0, false, "results, mirror, feed, site",
         "results, mirror, feed, site"},
        {"name", "NAME", OPTION_TEXT, &options.name, 0, 0, false, "nombre de este servidor: difusor-1",
         "this host's name: difusor-1"},
        {"vkey", "FILE|VKEY", OPTION_TEXT, &vkey, 0, 0, false,
         "clave pública de quien firma los cortes (o archivo con ellas, que se relee al cambiar), o de quien sella el sitio",
         "public key of who signs the cuts (or a file of them, read again when it changes), or of who seals the site"},
        {"status", "FILE", OPTION_TEXT, &options.status, 0, 0, false, "archivo de estado", "status file"},
        {"program", "NAME", OPTION_TEXT, &options.program, 0, 0, false,
         "su nombre en el archivo de estado (el del archivo)", "its name in the status file (the file's)"},
        {"clock", "FILE", OPTION_TEXT, &options.clock, 0, 0, false, "reloj de la noche", "the night's clock"},
        {"mirrors", "NAME=URL,…", OPTION_MANY, &mirrors, 0, 0, false,
         "difusores, para los enlaces; repetible", "mirrors, for links; repeatable"},
        {"mirror", "NAME=URL", OPTION_MANY, &mirrors, 0, 0, false, "lo mismo que --mirrors",
         "the same as --mirrors"},
        {"notice", "ARCHIVO", OPTION_TEXT, &options.notice, 0, 0, false,
         "sitio: el aviso más nuevo, que sus páginas muestran (public/log/notice.tlog-proof)",
         "site: the newest notice, which its pages show"},
        {"flow", "DIR", OPTION_TEXT, &options.flow, 0, 0, false,
         "carpeta de los archivos de estado cuya captura cuenta /flow (DIR/run/status)",
         "folder of the status files whose ingest /flow tells of (DIR/run/status)"},
        {"sealed", "DIR", OPTION_TEXT, &options.sealed, 0, 0, false,
         "sitio: se sirve sólo lo sellado ahí por la clave --vkey (atalaya site)",
         "site: only what --vkey's key has sealed there is served (atalaya site)"},
        {"results", "URL", OPTION_TEXT, &options.results, 0, 0, false,
         "sitio de resultados, para los enlaces", "results site, for links"},
        {"feed-state", "FILE", OPTION_TEXT, &options.feed_state, 0, 0, false, "lo que escribe atalaya-mirror",
         "what atalaya-mirror writes"},
        {"hits", "DIR", OPTION_TEXT, &options.hits, 0, 0, false,
         "carpeta de los accesos de este servidor (docs/formats/hits.md)", "folder of this server's hits"},
        {"incidents", "DIR", OPTION_TEXT, &options.incidents, 0, 0, false,
         "carpeta donde se anota cuándo el tráfico sale de lo acostumbrado",
         "folder where it is noted when traffic leaves its custom"},
        {"hits-rate", "KIB", OPTION_NUMBER, &hits_rate, 1, 65536, false,
         "registros por segundo, en KiB; con más se toma una muestra (256)",
         "records a second, in KiB; above it they are sampled (256)"},
        {"hits-total", "MIB", OPTION_NUMBER, &hits_total, 4, 1048576, false,
         "lo que ocupan en disco; lo más viejo se borra (1024)",
         "room on disk; the oldest is removed (1024)"},
        {"budget", "MB", OPTION_NUMBER, &budget, 1, 65536, false, "memoria para lo publicado (1024)",
         "memory for what is published (1024)"},
        {"packs", "DIR", OPTION_TEXT, &options.packs, 0, 0, false,
         "carpeta propia, en disco, para lo que pasa de 48 KiB; sin ella todo queda en memoria",
         "a folder of its own, on disk, for what is over 48 KiB; without it all lies in memory"},
        {"workers", "N", OPTION_NUMBER, &workers, 1, EDGE_WORKERS_MAX, false, "procesos que atienden (1)",
         "processes that serve (1)"},
        {"tls-listen", "ADDR:PORT", OPTION_TEXT, &options.tls_listen, 0, 0, false, "dónde atiende con TLS",
         "where it listens for TLS"},
        {"cert", "FILE", OPTION_MANY, &certs, 0, 0, false,
         "certificado con su cadena (PEM); repetible, uno por nombre y clase de clave",
         "certificate with its chain (PEM); repeatable, one a name and kind of key"},
        {"key", "FILE", OPTION_MANY, &keys, 0, 0, false, "su clave privada, en el mismo orden",
         "its private key, in the same order"},
        {"hsts", "RULE|off", OPTION_TEXT, &options.hsts, 0, 0, false,
         "Strict-Transport-Security sobre TLS (max-age=31536000)",
         "Strict-Transport-Security over TLS (max-age=31536000)"},
        {"health", "ADDR:PORT", OPTION_TEXT, &options.health, 0, 0, false,
         "dónde contesta /healthz, /readyz y /metrics (aparte)",
         "where it answers /healthz, /readyz and /metrics (apart)"},
        {"forwarders", "ADDR[/BITS],…", OPTION_MANY, &forwarders, 0, 0, false,
         "balanceadores y CDN a los que se cree a quién atienden; repetible",
         "balancers and CDNs that are believed whom they speak for; repeatable"},
        {"forwarded", "proxy|x-forwarded-for|forwarded", OPTION_TEXT, &forwarded, 0, 0, false,
         "cómo lo dicen: PROXY v2 (proxy), el campo X-Forwarded-For o el campo Forwarded",
         "how they say it: PROXY v2 (proxy), the field X-Forwarded-For or the field Forwarded"},
        {"explain", "text|json|man|markdown", OPTION_TEXT, &explain, 0, 0, false,
         "dice cada límite con el valor en vigor, y termina",
         "says every limit with its value in force, and ends"},
        {"check", NULL, OPTION_FLAG, &only_check, 0, 0, false,
         "sólo dice si podría empezar así: opciones, claves, certificados; una recarga lo pregunta al programa nuevo",
         "only says whether it could begin so: options, keys, certificates; a reload asks the new program"},
    };
    struct option_row all[sizeof rows / sizeof rows[0] + LIMIT_ROWS_MAX];
    size_t n_all = add_limits(all, rows, sizeof rows / sizeof rows[0], &options.limits);
    const struct command command = {
        .program = "atalaya-edge",
        .usage = "--listen ADDR:PORT --tree DIR --role ROLE --name NAME [--vkey VKEY]",
        .es =
            "Sirve desde memoria un árbol publicado, o una carpeta estática. Un corte nuevo se sirve cuando su firma\n"
            "y el SHA-256 de cada archivo son buenos; si no, sigue el anterior y el estado dice por qué.",
        .en =
            "Serves a published tree, or a static folder, from memory. A new cut is served once its signature and the\n"
            "SHA-256 of every file are good; until then the one before goes on, and the status says why.",
        .rows = all,
        .n_rows = n_all,
    };
    int code = command_parse(&command, argc, argv, NULL, NULL);
    if (code >= 0) {
        return code;
    }
    if (explain != NULL) {
        return print_limits(&options.limits, explain);
    }
    if (check(&options, role, vkey, &mirrors) != 0) {
        return 2;
    }
    if (!read_forwarders(&forwarders, forwarded, &options.forwarders)) {
        return 2;
    }
    if (!read_hsts(&options.hsts)) {
        return misused(
            "--hsts: \"max-age=N\", con/with \"; includeSubDomains\" y/and \"; preload\", u/or off");
    }
    options.hits_rate = hits_rate << 10;
    options.hits_total = hits_total << 20;
    if (!read_certs(&options, &certs, &keys)) {
        return misused(
            "--tls-listen, --cert, --key: los tres, y tantos certificados como claves / all three, as "
            "many certificates as keys");
    }
    options.budget = (uint64_t)budget << 20;
    options.workers = (uint32_t)workers;
    if (options.program == NULL) { /* the status file's own name */
        const char *slash = options.status == NULL ? NULL : strrchr(options.status, '/');
        options.program = slash != NULL ? slash + 1 : role;
    }
    if (only_check) {
        return edge_check(&options);
    }
    options.argv = argv;
    log_start("atalaya-edge", LOG_INFO);
    return edge_run(&options);
}

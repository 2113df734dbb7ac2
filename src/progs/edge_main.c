/* atalaya-edge: options, then edge_run. */
#include "base/log.h"
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

/* "difusor-1=http://…/", several with commas: cut up in place. */
static bool read_mirrors(char *text, struct edge_options *options)
{
    char *rest = NULL;
    for (char *item = strtok_r(text, ",", &rest); item != NULL; item = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(item, '=');
        if (equals == NULL || equals == item || !is_web(equals + 1) || options->n_mirrors == EDGE_LINKS_MAX) {
            return false;
        }
        *equals = '\0';
        options->mirrors[options->n_mirrors++] = (struct site_link){.name = item, .url = equals + 1};
    }
    return true;
}

/* A verifier key as such, or the file that holds one. */
static enum err read_vkey(const char *text, struct note_key *out, struct why *why)
{
    struct buf bytes;
    enum err err = OK;
    buf_init(&bytes, 0);
    if (file_exists(text)) {
        err = file_read(text, 4096, &bytes, why);
    } else {
        buf_str(&bytes, text);
    }
    err = err == OK ? note_key_parse(span_trim(buf_as_span(&bytes)), out, why) : err;
    buf_done(&bytes);
    return err == OK ? OK : why_prefix(why, err, "--vkey");
}

static int check(struct edge_options *options, const char *role, const char *vkey,
                 const struct option_many *mirrors)
{
    struct why why = {0};
    if (options->tree == NULL) {
        return misused("--tree falta / is missing");
    }
    if (!read_kind(role, &options->kind)) {
        return misused("--role: results, mirror, feed, site");
    }
    for (size_t i = 0; i < mirrors->n; i++) {
        /* argv's own bytes: they live as long as the program */
        if (!read_mirrors((char *)(uintptr_t)mirrors->values[i], options)) {
            return misused("--mirrors \"nombre=http://…,…\"");
        }
    }
    if (options->results != NULL && !is_web(options->results)) {
        return misused("--results: http://… o/or https://…");
    }
    if (options->kind == EDGE_SITE) {
        return 0;
    }
    if (vkey == NULL) {
        return misused("--vkey: nada sin firma se sirve / nothing unsigned is served");
    }
    return read_vkey(vkey, &options->vkey, &why) == OK ? 0 : misused(why.text);
}

int main(int argc, char *argv[])
{
    struct edge_options options = {0};
    struct option_many mirrors = {0};
    const char *role = NULL;
    const char *vkey = NULL;
    int64_t budget = 1024;
    int64_t workers = 1;
    int64_t connections = 10000;
    const struct option_row rows[] = {
        {"listen", "ADDR:PORT", OPTION_TEXT, &options.listen, 0, 0, true,
         "dónde atiende; puerto 0: lo elige el sistema", "where it listens; port 0: the system chooses"},
        {"tree", "DIR", OPTION_TEXT, &options.tree, 0, 0, false, "el árbol publicado, o la carpeta del sitio",
         "the published tree, or the site's folder"},
        {"root", "DIR", OPTION_TEXT, &options.tree, 0, 0, false, "lo mismo que --tree", "the same as --tree"},
        {"role", "ROLE", OPTION_TEXT, &role, 0, 0, true, "results, mirror, feed, site",
         "results, mirror, feed, site"},
        {"name", "NAME", OPTION_TEXT, &options.name, 0, 0, true, "nombre de este servidor: difusor-1",
         "this host's name: difusor-1"},
        {"vkey", "FILE|VKEY", OPTION_TEXT, &vkey, 0, 0, false, "clave pública de quien firma los cortes",
         "public key of who signs the cuts"},
        {"status", "FILE", OPTION_TEXT, &options.status, 0, 0, false, "archivo de estado", "status file"},
        {"program", "NAME", OPTION_TEXT, &options.program, 0, 0, false,
         "su nombre en el archivo de estado (el del archivo)", "its name in the status file (the file's)"},
        {"clock", "FILE", OPTION_TEXT, &options.clock, 0, 0, false, "reloj de la noche", "the night's clock"},
        {"mirrors", "NAME=URL,…", OPTION_MANY, &mirrors, 0, 0, false,
         "difusores, para los enlaces; repetible", "mirrors, for links; repeatable"},
        {"mirror", "NAME=URL", OPTION_MANY, &mirrors, 0, 0, false, "lo mismo que --mirrors",
         "the same as --mirrors"},
        {"results", "URL", OPTION_TEXT, &options.results, 0, 0, false,
         "sitio de resultados, para los enlaces", "results site, for links"},
        {"feed-state", "FILE", OPTION_TEXT, &options.feed_state, 0, 0, false, "lo que escribe atalaya-mirror",
         "what atalaya-mirror writes"},
        {"budget", "MB", OPTION_NUMBER, &budget, 1, 65536, false, "memoria para lo publicado (1024)",
         "memory for what is published (1024)"},
        {"workers", "N", OPTION_NUMBER, &workers, 1, EDGE_WORKERS_MAX, false, "procesos que atienden (1)",
         "processes that serve (1)"},
        {"connections", "N", OPTION_NUMBER, &connections, 1, 1000000, false, "conexiones por proceso (10000)",
         "connections each process (10000)"},
    };
    const struct command command = {
        .program = "atalaya-edge",
        .usage = "--listen ADDR:PORT --tree DIR --role ROLE --name NAME [--vkey VKEY]",
        .es =
            "Sirve desde memoria un árbol publicado, o una carpeta estática. Un corte nuevo se sirve cuando su firma\n"
            "y el SHA-256 de cada archivo son buenos; si no, sigue el anterior y el estado dice por qué.",
        .en =
            "Serves a published tree, or a static folder, from memory. A new cut is served once its signature and the\n"
            "SHA-256 of every file are good; until then the one before goes on, and the status says why.",
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
    };
    int code = command_parse(&command, argc, argv, NULL, NULL);
    if (code >= 0) {
        return code;
    }
    if (check(&options, role, vkey, &mirrors) != 0) {
        return 2;
    }
    options.budget = (uint64_t)budget << 20;
    options.workers = (uint32_t)workers;
    options.connections = (uint32_t)connections;
    if (options.program == NULL) { /* the status file's own name */
        const char *slash = options.status == NULL ? NULL : strrchr(options.status, '/');
        options.program = slash != NULL ? slash + 1 : role;
    }
    log_start("atalaya-edge", LOG_INFO);
    return edge_run(&options);
}

/* atalaya-edge: options, then edge_run. */
#include "base/log.h"
#include "base/num.h"
#include "edge/edge.h"
#include "edge/notice_board.h"
#include "os/file.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: atalaya-edge --listen ADDR:PORT --tree DIR --role results|mirror|feed|site --name NAME\n"
    "                    [--vkey FILE|VKEY] [--status FILE] [--program NAME] [--clock FILE]\n"
    "                    [--mirrors \"name=url,...\"]... [--results URL] [--feed-state FILE]\n"
    "                    [--budget MB] [--workers N] [--connections N]\n";

static int misused(const char *sentence)
{
    (void)fprintf(stderr, "atalaya-edge: %s\n%s", sentence, usage);
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

static bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
    return num_parse_u64(span_str(text), out) == OK && *out >= least && *out <= most;
}

/* "difusor-1=http://…/,difusor-2=http://…/": cuts the argument up in place. */
static bool read_mirrors(char *text, struct edge_options *options)
{
    for (char *item = strtok(text, ","); item != NULL; item = strtok(NULL, ",")) {
        char *equals = strchr(item, '=');
        if (equals == NULL || equals == item || options->n_mirrors == EDGE_LINKS_MAX) {
            return false;
        }
        *equals = '\0';
        struct site_link link = {.name = item, .url = equals + 1};
        if (strncmp(link.url, "http://", 7) != 0 && strncmp(link.url, "https://", 8) != 0) {
            return false;
        }
        options->mirrors[options->n_mirrors++] = link;
    }
    return true;
}

/* A verifier key as such, or the file that holds one. */
static bool read_vkey(const char *text, struct edge_options *options)
{
    struct buf bytes;
    struct why why = {0};
    buf_init(&bytes, 0);
    if (file_exists(text)) {
        if (file_read(text, 4096, &bytes, &why) != OK) {
            (void)fprintf(stderr, "atalaya-edge: %s\n", why.text);
        }
    } else {
        buf_str(&bytes, text);
    }
    bool good =
        why.text[0] == '\0' && note_key_parse(span_trim(buf_as_span(&bytes)), &options->vkey, &why) == OK;
    if (!good) {
        (void)fprintf(stderr, "atalaya-edge: --vkey: %s\n", why.text);
    }
    buf_done(&bytes);
    return good;
}

enum {
    O_LISTEN = 'l',
    O_TREE,
    O_ROLE,
    O_NAME,
    O_VKEY,
    O_STATUS,
    O_PROGRAM,
    O_CLOCK,
    O_MIRRORS,
    O_RESULTS,
    O_FEED,
    O_BUDGET,
    O_WORKERS,
    O_CONNECTIONS
};

static const struct option longs[] = {
    {"listen", required_argument, NULL, O_LISTEN},
    {"tree", required_argument, NULL, O_TREE},
    {"root", required_argument, NULL, O_TREE},
    {"role", required_argument, NULL, O_ROLE},
    {"name", required_argument, NULL, O_NAME},
    {"vkey", required_argument, NULL, O_VKEY},
    {"status", required_argument, NULL, O_STATUS},
    {"program", required_argument, NULL, O_PROGRAM},
    {"clock", required_argument, NULL, O_CLOCK},
    {"mirrors", required_argument, NULL, O_MIRRORS},
    {"mirror", required_argument, NULL, O_MIRRORS},
    {"results", required_argument, NULL, O_RESULTS},
    {"feed-state", required_argument, NULL, O_FEED},
    {"budget", required_argument, NULL, O_BUDGET},
    {"workers", required_argument, NULL, O_WORKERS},
    {"connections", required_argument, NULL, O_CONNECTIONS},
    {NULL, 0, NULL, 0},
};

static bool take(int option, char *value, struct edge_options *options)
{
    uint64_t number = 0;
    switch (option) {
    case O_LISTEN:
        options->listen = value;
        return true;
    case O_TREE:
        options->tree = value;
        return true;
    case O_ROLE:
        return read_kind(value, &options->kind);
    case O_NAME:
        options->name = value;
        return true;
    case O_VKEY:
        return read_vkey(value, options);
    case O_STATUS:
        options->status = value;
        return true;
    case O_PROGRAM:
        options->program = value;
        return true;
    case O_CLOCK:
        options->clock = value;
        return true;
    case O_MIRRORS:
        return read_mirrors(value, options);
    case O_RESULTS:
        options->results = value;
        return strncmp(value, "http", 4) == 0;
    case O_FEED:
        options->feed_state = value;
        return true;
    case O_BUDGET:
        options->budget = read_number(value, 1, 65536, &number) ? number << 20 : 0;
        return options->budget > 0;
    case O_WORKERS:
        options->workers = read_number(value, 1, EDGE_WORKERS_MAX, &number) ? (uint32_t)number : 0;
        return options->workers > 0;
    case O_CONNECTIONS:
        options->connections = read_number(value, 1, 1000000, &number) ? (uint32_t)number : 0;
        return options->connections > 0;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    struct edge_options options = {
        .kind = EDGE_KINDS, .budget = UINT64_C(1024) << 20, .workers = 1, .connections = 10000};
    int option;
    int index = 0;
    while ((option = getopt_long(argc, argv, "", longs, &index)) != -1) {
        if (option == '?' || !take(option, optarg, &options)) {
            return misused(option == '?' ? "unknown option" : longs[index].name);
        }
    }
    if (optind != argc || options.listen == NULL || options.tree == NULL || options.kind == EDGE_KINDS ||
        options.name == NULL) {
        return misused("--listen, --tree, --role and --name are needed");
    }
    if (options.kind != EDGE_SITE && options.vkey.name[0] == '\0') {
        return misused("--vkey is needed: nothing unsigned is served");
    }
    if (options.program == NULL) { /* the status file's own name */
        const char *slash = options.status == NULL ? NULL : strrchr(options.status, '/');
        options.program = slash != NULL ? slash + 1 : edge_kind_name(options.kind);
    }
    log_start("atalaya-edge", LOG_INFO);
    return edge_run(&options);
}

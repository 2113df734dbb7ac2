/* atalaya-replay: the feeder of a drill. Sends what DIR/replay.plan says to an intake. */
#include "base/log.h"
#include "base/num.h"
#include "city/feeder.h"

#include <getopt.h>
#include <stdio.h>

static const char usage[] =
    "usage: atalaya-replay --dir DIR --intake ADDR:PORT [--connections N] [--control FD]\n";

static const struct option long_options[] = {
    {"dir", required_argument, NULL, 'd'},
    {"intake", required_argument, NULL, 'i'},
    {"connections", required_argument, NULL, 'n'},
    {"control", required_argument, NULL, 'c'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static enum err parse_option(int option, struct feeder_options *out)
{
    uint32_t number = 0;
    switch (option) {
    case 'd':
        out->dir = optarg;
        return OK;
    case 'i':
        out->intake = span_str(optarg);
        return OK;
    case 'n':
        TRY(num_parse_u32(span_str(optarg), &out->connections));
        return out->connections >= 1 && out->connections <= 1024 ? OK : ERR_RANGE;
    case 'c':
        TRY(num_parse_u32(span_str(optarg), &number));
        out->control = (int)number;
        return number < 1024 ? OK : ERR_RANGE;
    default:
        return ERR_SYNTAX;
    }
}

int main(int argc, char **argv)
{
    struct feeder_options options = {.control = -1};
    struct why why = {0};
    enum err err = OK;
    int code = 2;
    log_start("feeder", LOG_INFO);
    for (int option; err == OK && (option = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        if (option == 'h') {
            fputs(usage, stdout);
            return 0;
        }
        err = parse_option(option, &options);
    }
    if (err != OK || options.dir == NULL || options.intake.at == NULL || optind != argc) {
        fputs(usage, stderr);
        return 2;
    }
    if (feeder_run(&options, &code, &why) != OK) {
        fprintf(stderr, "atalaya-replay: %s\n", why.text);
        return 2;
    }
    return code;
}

/* atalaya-cut: the cut of a night and its signer. See man/atalaya-cut.1. */
#include "base/num.h"
#include "cut/cut.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    OPTION_DIR = 1,
    OPTION_CADENCE,
    OPTION_PACKAGE,
    OPTION_KEEP_CUTS,
    OPTION_KEEP_EVERY,
    OPTION_CRASH,
    OPTION_HELP
};

static const struct option options[] = {
    {"dir", required_argument, NULL, OPTION_DIR},
    {"cadence", required_argument, NULL, OPTION_CADENCE},
    {"package", required_argument, NULL, OPTION_PACKAGE},
    {"keep-cuts", required_argument, NULL, OPTION_KEEP_CUTS},
    {"keep-every", required_argument, NULL, OPTION_KEEP_EVERY},
    {"crash-at", required_argument, NULL, OPTION_CRASH}, /* for tests of recovery */
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static int usage(FILE *out, int code)
{
    fputs("usage: atalaya-cut --dir DIR [--cadence S] [--package S] [--keep-cuts N] [--keep-every N]\n", out);
    return code;
}

/* A number from `least` to 86400. */
static uint32_t number(const char *name, const char *text, uint32_t least)
{
    uint32_t value;
    if (num_parse_u32(span_str(text), &value) != OK || value < least || value > 86400) {
        fprintf(stderr, "atalaya-cut: --%s: \"%s\" is not a number from %u to 86400\n", name, text, least);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    struct cut_options cut = cut_defaults;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case OPTION_DIR:
            cut.dir = optarg;
            break;
        case OPTION_CADENCE:
            cut.cadence_s = number("cadence", optarg, 1);
            break;
        case OPTION_PACKAGE:
            cut.package_s = number("package", optarg, 1);
            break;
        case OPTION_KEEP_CUTS:
            cut.keep_cuts = number("keep-cuts", optarg, 2);
            break;
        case OPTION_KEEP_EVERY:
            cut.keep_every = number("keep-every", optarg, 0);
            break;
        case OPTION_CRASH:
            cut.crash_at = optarg;
            break;
        case OPTION_HELP:
            return usage(stdout, 0);
        default:
            return usage(stderr, 2);
        }
    }
    if (cut.dir == NULL || optind != argc) {
        return usage(stderr, 2);
    }
    return cut_run(&cut);
}

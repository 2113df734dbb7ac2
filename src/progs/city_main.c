/* atalaya city: makes a drill up: an election's definition, its signers' keys, and the plan of its night. */
#include "base/codec.h"
#include "base/date.h"
#include "base/log.h"
#include "base/num.h"
#include "city/make.h"
#include "formats/election.h"
#include "os/file.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: atalaya city --out DIR [--seed N] [--scale cdmx|small] [--images SHARE]\n"
    "                    [--opening 2027-06-07T02:00:00Z] [--expected FILE] [--json]\n";

struct options {
    const char *out;
    const char *expected;
    bool json;
    struct replay_plan plan;
};

static const struct option long_options[] = {
    {"out", required_argument, NULL, 'o'},
    {"seed", required_argument, NULL, 's'},
    {"scale", required_argument, NULL, 'c'},
    {"images", required_argument, NULL, 'i'},
    {"opening", required_argument, NULL, 'p'},
    {"expected", required_argument, NULL, 'e'},
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* "0.05", "5%", "1": to millionths, by integers. */
static enum err parse_share(const char *text, uint32_t *ppm)
{
    struct span rest = span_str(text);
    bool percent = span_ends(rest, SPAN("%"));
    rest.len -= percent;
    struct span whole = span_cut(&rest, '.');
    uint32_t value = 0, unit = percent ? 10000 : 1000000;
    TRY(num_parse_u32(whole, &value));
    uint64_t sum = (uint64_t)value * unit;
    for (size_t i = 0; i < rest.len; i++) {
        if (rest.at[i] < '0' || rest.at[i] > '9') {
            return ERR_SYNTAX;
        }
        unit /= 10;
        sum += (uint64_t)(rest.at[i] - '0') * unit;
    }
    *ppm = (uint32_t)sum;
    return sum <= 1000000 ? OK : ERR_RANGE;
}

static enum err parse_option(int option, const char *value, struct options *out)
{
    switch (option) {
    case 'o':
        out->out = value;
        return OK;
    case 'e':
        out->expected = value;
        return OK;
    case 'j':
        out->json = true;
        return OK;
    case 's':
        return num_parse_u64(span_str(value), &out->plan.city.seed);
    case 'c':
        return plan_scale(span_str(value), &out->plan.city.scale);
    case 'i':
        return parse_share(value, &out->plan.images_ppm);
    case 'p':
        return date_parse_iso(span_str(value), &out->plan.city.opening_ms);
    default:
        return ERR_SYNTAX;
    }
}

static enum err write_expected(const char *path, const char *dir, struct why *why)
{
    struct drill drill;
    struct buf text = {0};
    TRY(drill_open(dir, &drill, why));
    script_expect_print(&drill.script, &text);
    enum err err = file_write(path, buf_as_span(&text), false, why);
    buf_done(&text);
    drill_close(&drill);
    return err;
}

static enum err report(const struct options *options, struct why *why)
{
    char path[FILE_PATH_MAX], digest[65];
    struct election election;
    TRY(election_load(path_join(path, options->out, "election"), &election, why));
    hex_print(digest, election.digest, sizeof election.digest);
    printf(options->json
               ? "{\"election\":\"%.*s\",\"stations\":%u,\"actas\":%u,\"areas\":%u,\"definition\":\"%s\"}\n"
               : "%.*s: %u stations, %u actas, %u areas, definition %s\n",
           SPAN_ARG(election.id), election.n_stations, election.n_actas, election.n_areas, digest);
    election_done(&election);
    return OK;
}

int main(int argc, char **argv)
{
    struct options options = {.plan = {.city = {.seed = 1, .scale = CITY_CDMX}, .images_ppm = 50000}};
    struct why why = {0};
    log_start("city", LOG_INFO);
    enum err err = date_parse_iso(SPAN("2027-06-07T02:00:00Z"), &options.plan.city.opening_ms);
    for (int option; err == OK && (option = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        if (option == 'h') {
            fputs(usage, stdout);
            return 0;
        }
        err = parse_option(option, optarg, &options);
    }
    if (err != OK || options.out == NULL || optind != argc) {
        fputs(usage, stderr);
        return 2;
    }
    options.plan.city.closing_ms = options.plan.city.opening_ms + 24 * 3600000;
    err = folder_make(options.out, &why);
    err = err == OK ? drill_make(options.out, &options.plan, &why) : err;
    err = err == OK && options.expected != NULL ? write_expected(options.expected, options.out, &why) : err;
    err = err == OK ? report(&options, &why) : err;
    if (err != OK) {
        fprintf(stderr, "atalaya city: %s\n", why.text);
        return 2;
    }
    return 0;
}

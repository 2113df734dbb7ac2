/* atalaya city: makes a drill up: an election's definition, its signers' keys, and the plan of its night. */
#include "base/codec.h"
#include "base/date.h"
#include "base/log.h"
#include "base/num.h"
#include "city/make.h"
#include "formats/election.h"
#include "os/file.h"
#include "os/options.h"
#include "os/said.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { NIGHT_MS = 24 * 3600000 };

struct wishes {
    const char *out, *scale, *images, *opening, *expected;
    struct option_many inputs;
    int64_t seed;
    bool json;
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

static enum err take_input(const char *input, struct replay_plan *plan, struct why *why)
{
    char path[PATH_MAX];
    if (realpath(input, path) == NULL) {
        return why_set(why, ERR_MISSING, "--input %s: %s / %s", input, said_es(errno), strerror(errno));
    }
    if (plan->n_inputs == PLAN_INPUTS || strchr(path, '\n') != NULL ||
        !span_copy(span_str(path), plan->inputs[plan->n_inputs], sizeof plan->inputs[0])) {
        return why_set(
            why, ERR_TOO_BIG,
            "--input: a lo más %d, de rutas que puedan escribirse / at most, of paths that can be written down",
            PLAN_INPUTS);
    }
    plan->n_inputs++;
    return OK;
}

static enum err make_plan(const struct wishes *wishes, struct replay_plan *plan, struct why *why)
{
    *plan = (struct replay_plan){.city.seed = (uint64_t)wishes->seed};
    if (plan_scale(span_str(wishes->scale), &plan->city.scale) != OK) {
        return why_set(why, ERR_SYNTAX, "--scale %s: cdmx o small / or", wishes->scale);
    }
    if (parse_share(wishes->images, &plan->images_ppm) != OK) {
        return why_set(why, ERR_SYNTAX,
                       "--images %s: una parte como 0.05 o 5%%, a lo más 1 / a share, at most 1",
                       wishes->images);
    }
    if (date_parse_iso(span_str(wishes->opening), &plan->city.opening_ms) != OK) {
        return why_set(why, ERR_SYNTAX,
                       "--opening %s: un momento como 2027-06-07T02:00:00Z / a moment like that",
                       wishes->opening);
    }
    plan->city.closing_ms = plan->city.opening_ms + NIGHT_MS;
    for (size_t i = 0; i < wishes->inputs.n; i++) {
        TRY(take_input(wishes->inputs.values[i], plan, why));
    }
    return OK;
}

static enum err write_expected(const char *path, const char *dir, struct why *why)
{
    struct drill *drill = calloc(1, sizeof *drill);
    struct buf text = {0};
    enum err err = drill_open(dir, drill, why);
    if (err == OK) {
        script_expect_print(&drill->script, &text);
        err = file_write(path, buf_as_span(&text), false, why);
        buf_done(&text);
        drill_close(drill);
    }
    free(drill);
    return err;
}

static enum err report(const struct wishes *wishes, struct why *why)
{
    char path[FILE_PATH_MAX], digest[65];
    struct election election;
    TRY(election_load(path_join(path, wishes->out, "election"), &election, why));
    hex_print(digest, election.digest, sizeof election.digest);
    printf(wishes->json
               ? "{\"election\":\"%.*s\",\"stations\":%u,\"actas\":%u,\"areas\":%u,\"definition\":\"%s\"}\n"
               : "%.*s: %u casillas, %u actas, %u areas, definition %s\n",
           SPAN_ARG(election.id), election.n_stations, election.n_actas, election.n_areas, digest);
    election_done(&election);
    return OK;
}

static enum err make(const struct wishes *wishes, struct why *why)
{
    struct replay_plan plan;
    TRY(make_plan(wishes, &plan, why));
    TRY(folder_make(wishes->out, why));
    TRY(drill_make(wishes->out, &plan, why));
    if (wishes->expected != NULL) {
        TRY(write_expected(wishes->expected, wishes->out, why));
    }
    return report(wishes, why);
}

int main(int argc, char **argv)
{
    struct wishes wishes = {.scale = "cdmx", .images = "0.05", .opening = "2027-06-07T02:00:00Z", .seed = 1};
    const struct option_row rows[] = {
        {"out", "DIR", OPTION_TEXT, &wishes.out, 0, 0, true, "carpeta del simulacro", "folder of the drill"},
        {"seed", "N", OPTION_NUMBER, &wishes.seed, 0, INT64_MAX, false, "la misma semilla da la misma ciudad",
         "the same seed gives the same city"},
        {"scale", "cdmx|small", OPTION_TEXT, &wishes.scale, 0, 0, false, "13,503 casillas, o 60 para pruebas",
         "13,503 tables, or 60 for tests"},
        {"images", "SHARE", OPTION_TEXT, &wishes.images, 0, 0, false,
         "parte de las actas con imagen: 0.05 o 5%", "share of the actas with an image: 0.05 or 5%"},
        {"opening", "MOMENTO", OPTION_TEXT, &wishes.opening, 0, 0, false, "inicio de la publicación (UTC)",
         "when publication begins (UTC)"},
        {"input", "FILE", OPTION_MANY, &wishes.inputs, 0, 0, false,
         "una base de datos del PREP (CSV o ZIP) en vez de la ciudad",
         "a PREP database (CSV or ZIP) instead of the city"},
        {"expected", "FILE", OPTION_TEXT, &wishes.expected, 0, 0, false,
         "escribe lo que debe decir el último corte", "writes what the last cut must say"},
        {"json", NULL, OPTION_FLAG, &wishes.json, 0, 0, false, "resumen en JSON", "summary as JSON"},
    };
    const struct command command = {
        .program = "atalaya-city",
        .usage = "--out DIR [--seed N] [--scale cdmx|small] [--images SHARE] [--input FILE]",
        .es =
            "Hace un simulacro: la definición de una elección, las llaves de quienes firman y el plan de su noche.",
        .en =
            "Makes a drill up: an election's definition, the keys of those who sign, and the plan of its night.",
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
    };
    struct why why = {0};
    log_start("city", LOG_INFO);
    int code = command_parse(&command, argc, argv, NULL, NULL);
    if (code >= 0) {
        return code;
    }
    if (make(&wishes, &why) != OK) {
        fprintf(stderr, "atalaya-city: %s\n", why.text);
        return 2;
    }
    return 0;
}

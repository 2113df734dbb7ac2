/* atalaya-top: the board of a running night, in a terminal, once as text, or as JSON. */
#include "night/look.h"
#include "night/origins.h"
#include "night/screen.h"
#include "night/top.h"
#include "os/options.h"

#include <stdio.h>
#include <unistd.h>

static const char *night_dir = "night";
static const struct geo *countries;

static void read_lines(void *arg, struct top *out)
{
    struct look *look = arg;
    look_again(look);
    top_lines(&look->board, &look->alarms, out);
    origin_lines(night_dir, countries, out);
}

static int print_lines(struct look *look)
{
    static struct top top;
    top_lines(&look->board, &look->alarms, &top);
    origin_lines(night_dir, countries, &top);
    for (uint32_t i = 0; i < top.n; i++) {
        printf("%s\n", top.lines[i].text);
    }
    return look->alarms.n == 0 ? 0 : 1;
}

static int print_json(struct look *look)
{
    struct buf out = {0};
    struct buf hits = {0};
    origin_minute_json(night_dir, countries, &hits);
    top_json(&look->board, &look->alarms, buf_as_span(&hits), &out);
    buf_done(&hits);
    fwrite(out.at, 1, out.len, stdout);
    buf_done(&out);
    return look->alarms.n == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    static struct look look;
    const char *dir = "night";
    bool once = false, json = false;
    struct why why = {{0}};
    const struct option_row rows[] = {
        {"dir", "DIR", OPTION_TEXT, &dir, 0, 0, false, "la carpeta de la noche (./night)",
         "the night's folder"},
        {"once", NULL, OPTION_FLAG, &once, 0, 0, false, "una vez, como texto", "once, as text"},
        {"json", NULL, OPTION_FLAG, &json, 0, 0, false, "una vez, para máquinas", "once, for machines"},
    };
    const struct command command = {
        .program = "atalaya-top",
        .usage = "[--dir DIR] [--once] [--json]",
        .es =
            "El tablero de la noche en una pantalla: la ingesta por minuto y por etapa, el último corte y el siguiente, el "
            "sitio de resultados, los difusores con su atraso, el sitio institucional, el reloj, el disco y las alarmas. "
            "Solo lee archivos de estado y de accesos.",
        .en =
            "The board of the night on one screen: ingest per minute and by stage, the last cut and the next, the results "
            "site, the mirrors and their lag, the institutional site, clock, disk and alarms. It only reads status files and hits.",
        .more =
            "Termina en 0 sin alarmas; con --once o --json en 1 si hay alguna; en 2 si no hay noche que mirar.\n"
            "Ends in 0 without alarms; with --once or --json in 1 if there are any; in 2 if there is no night to look "
            "at.\n",
        .rows = rows,
        .n_rows = sizeof rows / sizeof *rows,
    };
    int code = command_parse(&command, argc, argv, NULL, NULL);
    if (code >= 0) {
        return code;
    }
    if (look_open(&look, dir, &why) != OK) {
        fprintf(stderr, "atalaya top: %s\n", why.text);
        return 2;
    }
    static struct geo geo;
    night_dir = dir;
    countries = geo_load(&geo, GEO_FILE_4, GEO_FILE_6, NULL) == OK ? &geo : NULL;
    code = json                                 ? print_json(&look)
           : once || isatty(STDOUT_FILENO) == 0 ? print_lines(&look)
                                                : screen_run(read_lines, &look);
    look_close(&look);
    return code;
}

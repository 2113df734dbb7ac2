/* atalaya-top: the board of a running night, in a terminal, once as text, or as JSON. */
#include "night/look.h"
#include "night/screen.h"
#include "night/top.h"

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

static const char help[] =
    "atalaya top: el tablero de la noche / the board of the night\n"
    "\n"
    "  atalaya top [--dir DIR] [--once] [--json]\n"
    "\n"
    "Muestra en una pantalla la ingesta por minuto y por etapa, el último corte y el siguiente, el sitio de "
    "resultados,\n"
    "los difusores con su atraso, el sitio institucional, el reloj, el disco y las alarmas. Solo lee "
    "archivos de estado.\n"
    "Shows ingest per minute and by stage, the last cut and the next, the results site, the mirrors and "
    "their lag, the\n"
    "institutional site, clock, disk and alarms on one screen. It only reads status files.\n"
    "\n"
    "  --dir DIR   la carpeta de la noche (./night) / the night's folder\n"
    "  --once      una vez, como texto / once, as text\n"
    "  --json      una vez, para máquinas / once, for machines\n"
    "\n"
    "Termina en 0 sin alarmas; con --once o --json en 1 si hay alguna; en 2 si no hay noche que mirar.\n"
    "Ends in 0 without alarms; with --once or --json in 1 if there are any; in 2 if there is no night to "
    "look at.\n";

static void read_lines(void *arg, struct top *out)
{
    struct look *look = arg;
    look_again(look);
    top_lines(&look->board, &look->alarms, out);
}

static int print_lines(struct look *look)
{
    static struct top top;
    top_lines(&look->board, &look->alarms, &top);
    for (uint32_t i = 0; i < top.n; i++) {
        printf("%s\n", top.lines[i].text);
    }
    return look->alarms.n == 0 ? 0 : 1;
}

static int print_json(struct look *look)
{
    struct buf out = {0};
    top_json(&look->board, &look->alarms, &out);
    fwrite(out.at, 1, out.len, stdout);
    buf_done(&out);
    return look->alarms.n == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"dir", required_argument, NULL, 'd'},
        {"once", no_argument, NULL, 'o'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    static struct look look;
    const char *dir = "night";
    bool once = false, json = false;
    struct why why = {{0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return 0;
        }
        if (option == '?') {
            fputs("atalaya top --help\n", stderr);
            return 2;
        }
        dir = option == 'd' ? optarg : dir;
        once |= option == 'o';
        json |= option == 'j';
    }
    if (look_open(&look, dir, &why) != OK) {
        fprintf(stderr, "atalaya top: %s\n", why.text);
        return 2;
    }
    int code = json                                 ? print_json(&look)
               : once || isatty(STDOUT_FILENO) == 0 ? print_lines(&look)
                                                    : screen_run(read_lines, &look);
    look_close(&look);
    return code;
}

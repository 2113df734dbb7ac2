/* atalaya-night: a whole election night under one parent. */
#include "base/log.h"
#include "base/num.h"
#include "night/night.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "atalaya night: una noche electoral entera / a whole election night\n"
    "\n"
    "  atalaya night [--input ARCHIVO…] [--dir DIR] [--speed N|max] [--once] [--resume] [--listen DIR:PTO]\n"
    "\n"
    "Arranca y vigila todo lo de una noche: acopio, cortes, sitio de resultados, fuente de difusores, dos difusores y el\n"
    "sitio institucional. Sin --input es un simulacro en una ciudad inventada con la forma de la Ciudad de México; con\n"
    "--input repite una base publicada con sus propias horas. Al final comprueba de nuevo lo publicado.\n"
    "Starts and watches everything of a night: intake, cuts, results site, mirrors' feed, two mirrors and the institutional\n"
    "site. Without --input it is a drill in an invented city of Mexico City's shape; with --input it replays a published\n"
    "database by its own times. At the end it checks again what was published.\n"
    "\n"
    "  --dir DIR          carpeta de la noche (./night); lo publicado queda en DIR/public / the night's folder\n"
    "  --input ARCHIVO    base publicada (CSV o ZIP) que se repite / published database to replay\n"
    "  --speed N|max      segundos de la noche por segundo real (144: 24 h en 10 min); max: sin esperar\n"
    "                     night seconds a real second (144: 24 h in 10 min); max: without waiting\n"
    "  --once             termina cuando todo está publicado y comprobado / ends when all is published and checked\n"
    "  --resume           continúa la noche de DIR, o desde su copia / goes on with DIR's night, or from its copy\n"
    "  --listen DIR:PTO   resultados (127.0.0.1:8080); PTO+1 institucional, +2 y +3 difusores, +10 fuente, +11 acopio;\n"
    "                     puerto 0: los que estén libres / results; the others on the ports after it; 0: free ones\n"
    "  --copy DIR         carpeta de la copia continua (DIR/copy) / folder of the continuous copy\n"
    "  --alert PROGRAMA   se llama con `raised|cleared NOMBRE FRASE` por cada alarma / called for each alarm\n"
    "  --scale cdmx|small ciudad del simulacro / the drill's city\n"
    "  --images PARTE     parte de las actas con imagen (5%) / share of actas with an image\n"
    "  --no-images        ninguna / none\n"
    "  --seed N           otra ciudad / another city\n"
    "  --opening MOMENTO  hora de apertura, UTC / opening hour\n"
    "  --cut-s N          segundos de la noche entre cortes / night seconds between cuts\n"
    "  --package-s N      y entre paquetes / and between packages\n"
    "  --quiet            sin línea de avance / no progress line\n"
    "\n"
    "Termina en 0 si todo está bien, 1 si la comprobación encontró algo mal, 2 si no pudo correr.\n"
    "Ends in 0 when all is well, 1 when the check found something wrong, 2 when it could not run.\n";

enum {
    OPT_HELP = 256,
    OPT_DIR,
    OPT_INPUT,
    OPT_SPEED,
    OPT_ONCE,
    OPT_RESUME,
    OPT_LISTEN,
    OPT_COPY,
    OPT_ALERT,
    OPT_SCALE,
    OPT_IMAGES,
    OPT_NO_IMAGES,
    OPT_SEED,
    OPT_OPENING,
    OPT_CUT_S,
    OPT_PACKAGE_S,
    OPT_QUIET
};

static const struct option options[] = {
    {"help", no_argument, NULL, OPT_HELP},           {"dir", required_argument, NULL, OPT_DIR},
    {"input", required_argument, NULL, OPT_INPUT},   {"speed", required_argument, NULL, OPT_SPEED},
    {"once", no_argument, NULL, OPT_ONCE},           {"resume", no_argument, NULL, OPT_RESUME},
    {"listen", required_argument, NULL, OPT_LISTEN}, {"copy", required_argument, NULL, OPT_COPY},
    {"alert", required_argument, NULL, OPT_ALERT},   {"scale", required_argument, NULL, OPT_SCALE},
    {"images", required_argument, NULL, OPT_IMAGES}, {"no-images", no_argument, NULL, OPT_NO_IMAGES},
    {"seed", required_argument, NULL, OPT_SEED},     {"opening", required_argument, NULL, OPT_OPENING},
    {"cut-s", required_argument, NULL, OPT_CUT_S},   {"package-s", required_argument, NULL, OPT_PACKAGE_S},
    {"quiet", no_argument, NULL, OPT_QUIET},         {NULL, 0, NULL, 0},
};

static _Noreturn void wrong(const char *what)
{
    fprintf(stderr, "atalaya night: %s; atalaya night --help\n", what);
    exit(2);
}

static uint32_t number(const char *text, uint32_t most, const char *what)
{
    uint32_t value = 0;
    if (num_parse_u32(span_str(text), &value) != OK || value == 0 || value > most) {
        wrong(what);
    }
    return value;
}

static void take_speed(struct night_options *out, const char *text)
{
    out->speed_given = true;
    out->speed = strcmp(text, "max") == 0 ? 0 : number(text, SPEED_MAX, "--speed: un número desde 1, o max");
}

static void add_input(struct night_options *out, const char *path)
{
    if (out->n_inputs == NIGHT_INPUTS_MAX) {
        wrong("--input: demasiados archivos");
    }
    out->inputs[out->n_inputs++] = path;
}

static void take_option(struct night_options *out, int option, const char *value)
{
    switch (option) {
    case OPT_HELP:
        fputs(help, stdout);
        exit(0);
    case OPT_DIR:
        out->dir = value;
        break;
    case OPT_INPUT:
        add_input(out, value);
        break;
    case OPT_SPEED:
        take_speed(out, value);
        break;
    case OPT_ONCE:
        out->once = true;
        break;
    case OPT_RESUME:
        out->resume = true;
        break;
    case OPT_LISTEN:
        out->listen = value;
        break;
    case OPT_COPY:
        out->copy = value;
        break;
    case OPT_ALERT:
        out->alert = value;
        break;
    case OPT_SCALE:
        out->scale = value;
        break;
    case OPT_IMAGES:
        out->images = value;
        break;
    case OPT_NO_IMAGES:
        out->images = "0";
        break;
    case OPT_SEED:
        out->seed = value;
        break;
    case OPT_OPENING:
        out->opening = value;
        break;
    case OPT_CUT_S:
        out->cut_s = number(value, 1200, "--cut-s: de 1 a 1200");
        break;
    case OPT_PACKAGE_S:
        out->package_s = number(value, 86400, "--package-s: de 1 a 86400");
        break;
    case OPT_QUIET:
        out->quiet = true;
        break;
    default:
        wrong("opción desconocida");
    }
}

int main(int argc, char **argv)
{
    static struct night_options out = {.dir = "night", .speed = 144};
    int option;
    log_start("night", LOG_INFO);
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        take_option(&out, option, optarg);
    }
    for (; optind < argc; optind++) {
        add_input(&out, argv[optind]); /* --input A B C */
    }
    return night_run(&out);
}

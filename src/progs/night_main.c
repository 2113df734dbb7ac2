/* atalaya-night: a whole election night under one parent. */
#include "base/log.h"
#include "base/num.h"
#include "night/night.h"
#include "os/options.h"

#include <stdio.h>

struct given {
    const char *speed, *images;
    struct option_many inputs;
    bool no_images;
    int64_t cut_s, package_s, keep_cuts, keep_every;
};

static int parse(struct night_options *out, struct given *given, int argc, char **argv, const char **words,
                 size_t *n_words)
{
    const struct option_row rows[] = {
        {"input", "ARCHIVO", OPTION_MANY, &given->inputs, 0, 0, false,
         "base publicada (CSV o ZIP) que se repite con sus horas",
         "published database (CSV or ZIP) replayed by its own times"},
        {"dir", "DIR", OPTION_TEXT, &out->dir, 0, 0, false,
         "carpeta de la noche (./night); lo publicado queda en DIR/public",
         "the night's folder; what is published lies in DIR/public"},
        {"speed", "N|max", OPTION_TEXT, &given->speed, 0, 0, false,
         "segundos de la noche por segundo real (144: 24 h en 10 min); max: sin esperar",
         "night seconds a real second; max: without waiting"},
        {"once", NULL, OPTION_FLAG, &out->once, 0, 0, false,
         "termina cuando todo está publicado y comprobado", "ends when all is published and checked"},
        {"resume", NULL, OPTION_FLAG, &out->resume, 0, 0, false, "continúa la noche de DIR, o desde su copia",
         "goes on with DIR's night, or from its copy"},
        {"listen", "DIR:PTO", OPTION_TEXT, &out->listen, 0, 0, false,
         "resultados (127.0.0.1:8080); PTO+1 institucional, +2 y +3 difusores, +10 fuente, +11 acopio, +12 y +13 medidas; 0: libres",
         "results; institution, mirrors, feed, intake and metrics on the ports after it; 0: free ones"},
        {"copy", "DIR", OPTION_TEXT, &out->copy, 0, 0, false, "carpeta de la copia continua (DIR/copy)",
         "folder of the continuous copy"},
        {"alert", "PROGRAMA", OPTION_TEXT, &out->alert, 0, 0, false,
         "se llama con `raised|cleared NOMBRE FRASE` por cada alarma", "called so for each alarm"},
        {"scale", "cdmx|small", OPTION_TEXT, &out->scale, 0, 0, false, "ciudad del simulacro (cdmx)",
         "the drill's city"},
        {"images", "PARTE", OPTION_TEXT, &given->images, 0, 0, false, "parte de las actas con imagen (5%)",
         "share of the actas with an image"},
        {"no-images", NULL, OPTION_FLAG, &given->no_images, 0, 0, false, "ninguna imagen", "no images"},
        {"seed", "N", OPTION_TEXT, &out->seed, 0, 0, false, "otra ciudad", "another city"},
        {"opening", "MOMENTO", OPTION_TEXT, &out->opening, 0, 0, false, "hora de apertura, en UTC",
         "opening hour, UTC"},
        {"cut-s", "N", OPTION_NUMBER, &given->cut_s, 1, 7200, false, "segundos de la noche entre cortes",
         "night seconds between cuts"},
        {"package-s", "N", OPTION_NUMBER, &given->package_s, 1, 86400, false, "y entre paquetes",
         "and between packages"},
        {"keep-cuts", "N", OPTION_NUMBER, &given->keep_cuts, 10, 100000, false,
         "cortes nuevos que se conservan enteros (12)", "newest cuts that are kept whole"},
        {"keep-every", "N", OPTION_NUMBER, &given->keep_every, 1, 86400, false,
         "y de los anteriores uno de cada N (30)", "and of the older ones every N-th"},
        {"quiet", NULL, OPTION_FLAG, &out->quiet, 0, 0, false, "sin línea de avance", "no progress line"},
    };
    const struct command command = {
        .program = "atalaya-night",
        .usage = "[--input ARCHIVO…] [--dir DIR] [--speed N|max] [--once] [--resume] [--listen DIR:PTO]",
        .es =
            "Una noche electoral entera: arranca y vigila acopio, cortes, sitio de resultados, fuente de difusores, dos "
            "difusores y el sitio institucional. Sin --input es un simulacro en una ciudad inventada con la forma de la "
            "Ciudad de México. Al final comprueba de nuevo lo publicado. Ctrl-C la termina en orden.",
        .en =
            "A whole election night: starts and watches intake, cuts, results site, mirrors' feed, two mirrors and the "
            "institutional site. Without --input it is a drill in an invented city of Mexico City's shape. At the end it "
            "checks again what was published. Ctrl-C ends it in order.",
        .more =
            "  atalaya night --speed 144                 24 h en diez minutos / in ten minutes\n"
            "  atalaya night --input bd.csv --speed max --once\n\n"
            "Termina en 0 si todo está bien, 1 si la comprobación encontró algo mal, 2 si no pudo correr.\n"
            "Ends in 0 when all is well, 1 when the check found something wrong, 2 when it could not run.\n",
        .rows = rows,
        .n_rows = sizeof rows / sizeof *rows,
        .max_words = NIGHT_INPUTS_MAX,
    };
    return command_parse(&command, argc, argv, words, n_words);
}

static bool take_speed(struct night_options *out, const char *text)
{
    out->speed_given = text != NULL;
    if (text == NULL) {
        return true;
    }
    if (strcmp(text, "max") == 0) {
        out->speed = 0;
        return true;
    }
    return num_parse_u32(span_str(text), &out->speed) == OK && out->speed >= 1 && out->speed <= SPEED_MAX;
}

/* --input A --input B, and the words after them: --input A B. */
static bool take_inputs(struct night_options *out, const struct given *given, const char **words,
                        size_t n_words)
{
    if (given->inputs.n + n_words > NIGHT_INPUTS_MAX || (n_words > 0 && given->inputs.n == 0)) {
        return false;
    }
    for (size_t i = 0; i < given->inputs.n; i++) {
        out->inputs[out->n_inputs++] = given->inputs.values[i];
    }
    for (size_t i = 0; i < n_words; i++) {
        out->inputs[out->n_inputs++] = words[i];
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct night_options out = {.dir = "night", .speed = 144};
    static struct given given;
    const char *words[NIGHT_INPUTS_MAX];
    size_t n_words = 0;
    log_start("night", LOG_INFO);
    int code = parse(&out, &given, argc, argv, words, &n_words);
    if (code >= 0) {
        return code;
    }
    if (!take_speed(&out, given.speed)) {
        fputs("atalaya night: --speed: un número de 1 a 100000, o max / a number from 1 to 100000, or max\n",
              stderr);
        return 2;
    }
    if (!take_inputs(&out, &given, words, n_words)) {
        fputs("atalaya night: los archivos van después de --input / files follow --input\n", stderr);
        return 2;
    }
    out.images = given.no_images ? "0" : given.images;
    out.cut_s = (uint32_t)given.cut_s;
    out.package_s = (uint32_t)given.package_s;
    out.keep_cuts = (uint32_t)given.keep_cuts;
    out.keep_every = (uint32_t)given.keep_every;
    return night_run(&out);
}

/* atalaya-drill: drills that run really and end in an exit code. */
#include "base/log.h"
#include "night/drill.h"
#include "os/options.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    struct drill_options options = {0};
    bool list = false;
    const char *words[1] = {NULL};
    size_t n_words = 0;
    const struct option_row rows[] = {
        {"list", NULL, OPTION_FLAG, &list, 0, 0, false, "los simulacros y sus pasos",
         "the drills and their steps"},
        {"auto", NULL, OPTION_FLAG, &options.automatic, 0, 0, false, "sin pausas", "without pauses"},
        {"quick", NULL, OPTION_FLAG, &options.quick, 0, 0, false, "ciudad pequeña, un par de minutos",
         "a small city, a couple of minutes"},
        {"json", NULL, OPTION_FLAG, &options.json, 0, 0, false, "para máquinas", "for machines"},
        {"dir", "DIR", OPTION_TEXT, &options.dir, 0, 0, false, "carpeta propia (una temporal)",
         "its own folder (a temporary one)"},
        {"on", "DIR", OPTION_TEXT, &options.on, 0, 0, false,
         "contra la noche que corre en DIR, en esta máquina",
         "at the night that runs in DIR, on this machine"},
    };
    const struct command command = {
        .program = "atalaya-drill",
        .usage = "noche [--auto] [--quick | --on DIR] [--json] | --list [--json]",
        .es =
            "Corre un simulacro: pasos de verdad sobre una noche propia en direcciones de la máquina misma, cada uno con su "
            "hipótesis, su cifra y si pasó. Un paso cuya parte no está construida lo dice y no pasa.",
        .en =
            "Runs a drill: real steps on a night of its own on loopback, each with its hypothesis, its figure and whether it "
            "passed. A step whose part is not built yet says so and does not pass.",
        .more = "Termina en 0 si todos los pasos pasaron, 1 si alguno no, 2 si no pudo correr.\n"
                "Ends in 0 when every step passed, 1 when one did not, 2 when it could not run.\n",
        .rows = rows,
        .n_rows = sizeof rows / sizeof *rows,
        .max_words = 1,
    };
    int code = command_parse(&command, argc, argv, words, &n_words);
    if (code >= 0) {
        return code;
    }
    log_start("drill", LOG_WARN);
    if (list) {
        return drill_list(options.json);
    }
    if (n_words != 1 || strcmp(words[0], "noche") != 0) {
        fputs(
            "atalaya drill: el simulacro que hay se llama «noche» / the drill there is is called \"noche\"\n",
            stderr);
        return 2;
    }
    if (options.on != NULL && (options.quick || options.dir != NULL)) {
        fputs("atalaya drill: con --on no hay noche propia: ni --quick ni --dir / neither goes with --on\n",
              stderr);
        return 2;
    }
    return drill_run(&options);
}

/* atalaya-zero: that a fresh system holds no votes. See docs/man/atalaya-zero.1. */
#include "answer.h"

#include "os/options.h"
#include "zero/zero.h"

int main(int argc, char **argv)
{
    struct zero_options options = {0};
    const struct option_row rows[] = {
        {"json", NULL, OPTION_FLAG, &options.json, 0, 0, false, "salida para programas",
         "output for programs"},
    };
    const struct command command = {
        .program = "atalaya-zero",
        .usage = "DIR [--json]",
        .es =
            "Prueba que un sistema nuevo no tiene votos y lista lo que corre: programas, reglas y definición. Tres veces\n"
            "por noche: antes, durante y después; dice qué cambió desde la primera.",
        .en =
            "Proves that a fresh system holds no votes and lists what it runs: programs, rules and definition. Three times\n"
            "a night: before, during and after; it says what changed since the first.",
        .more = "0: en ceros, o sin más cambio que los votos / empty, or nothing but votes changed\n"
                "1: algo no cuadra / something is wrong · 2: no se pudo examinar / not examined",
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .min_words = 1,
        .max_words = 1,
    };
    const char *words[1];
    size_t n_words = 0;
    int code = command_parse(&command, argc, argv, words, &n_words);
    if (code >= 0) {
        return code;
    }
    struct buf out = {0};
    struct why why = {{0}};
    options.dir = words[0];
    enum err err = zero_run(&options, &out, &why);
    return answer_examined("zero", err, &out, &why);
}

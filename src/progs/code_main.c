/* atalaya-code: the code of a cut. See docs/man/atalaya-code.1. */
#include "answer.h"

#include "os/options.h"
#include "proof/code.h"

int main(int argc, char **argv)
{
    struct code_options options = {.cut = -1};
    const struct option_row rows[] = {
        {"cut", "N", OPTION_NUMBER, &options.cut, 0, UINT32_MAX, false,
         "el código de ese corte; si no, del más nuevo", "that cut's code; otherwise the newest one's"},
        {"policy", "FILE", OPTION_TEXT, &options.policy, 0, 0, false,
         "política fijada: la prueba debe llevar las firmas que pide",
         "pinned policy: the proof must carry the signatures it asks for"},
        {"json", NULL, OPTION_FLAG, &options.json, 0, 0, false, "salida para programas",
         "output for programs"},
    };
    const struct command command = {
        .program = "atalaya-code",
        .usage = "URL|DIR [CÓDIGO] [--cut N] [--policy FILE] [--json]",
        .es =
            "Dice el código del corte que un sitio o una carpeta muestra, y si es el que se oyó en televisión o en radio.",
        .en =
            "Says the code of the cut that a site or folder shows, and whether it is the one heard on television or radio.",
        .more =
            "0: éste es / this is it · 1: otro código, o la prueba no vale / another code, or the proof does not hold · 2: no "
            "se pudo examinar / not examined",
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .min_words = 1,
        .max_words = 2,
    };
    const char *words[2] = {NULL, NULL};
    size_t n_words = 0;
    int code = command_parse(&command, argc, argv, words, &n_words);
    if (code >= 0) {
        return code;
    }
    struct buf out = {0};
    struct why why = {{0}};
    options.where = words[0];
    options.heard = n_words > 1 ? words[1] : NULL;
    enum err err = proof_code(&options, &out, &why);
    return answer_examined("code", err, &out, &why);
}

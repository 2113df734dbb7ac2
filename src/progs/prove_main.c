/* atalaya-prove: where an acta stands in the log, proven. See docs/man/atalaya-prove.1. */
#include "answer.h"

#include "os/options.h"
#include "proof/prove.h"

int main(int argc, char **argv)
{
    struct prove_options options = {0};
    const struct option_row rows[] = {
        {"policy", "FILE", OPTION_TEXT, &options.policy, 0, 0, false,
         "la política que se fija, o su nota firmada, o solo claves, una por renglón",
         "the policy to pin, or its signed note, or keys alone, one a line"},
        {"out", "FILE", OPTION_TEXT, &options.out, 0, 0, false,
         "escribe ahí la prueba de la versión vigente (.tlog-proof)",
         "writes the current version's proof there (.tlog-proof)"},
        {"full", NULL, OPTION_FLAG, &options.full, 0, 0, false,
         "baja la bitácora entera de un sitio y prueba también la raíz de estado",
         "fetches a site's whole log and proves the state root too"},
        {"check", "FILE", OPTION_TEXT, &options.check, 0, 0, false,
         "revisa una prueba guardada, sin red; pide --policy",
         "checks a proof that was kept, offline; needs --policy"},
        {"json", NULL, OPTION_FLAG, &options.json, 0, 0, false, "salida para programas",
         "output for programs"},
    };
    const struct command command = {
        .program = "atalaya-prove",
        .usage =
            "URL|DIR CLAVE_ACTA [--policy FILE] [--out FILE] [--full] [--json] | --check FILE --policy FILE",
        .es =
            "Prueba dónde está un acta en la bitácora firmada: su versión vigente en el último corte y las anteriores,\n"
            "o que sigue pendiente.",
        .en =
            "Proves where an acta stands in the signed log: its current version in the last cut and those before it, or\n"
            "that it is still expected.",
        .more =
            "0: probado / proven · 1: algo no cuadra / something is wrong · 2: no se pudo examinar / not examined",
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .min_words = 0,
        .max_words = 2,
    };
    const char *words[2];
    size_t n_words = 0;
    int code = command_parse(&command, argc, argv, words, &n_words);
    if (code >= 0) {
        return code;
    }
    struct buf out = {0};
    struct why why = {{0}};
    enum err err = ERR_SYNTAX;
    if (options.check != NULL && n_words == 0) {
        err = proof_check(&options, &out, &why);
    } else if (options.check == NULL && n_words == 2) {
        options.where = words[0];
        options.acta = words[1];
        err = proof_prove(&options, &out, &why);
    } else {
        why_set(&why, err, "URL|DIR CLAVE_ACTA, o/or --check FILE --policy FILE");
    }
    return answer_examined("prove", err, &out, &why);
}

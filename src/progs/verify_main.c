/* atalaya-verify: examines a published tree. See docs/man/atalaya-verify.1. */
#include "answer.h"

#include "os/options.h"
#include "proof/proof.h"

int main(int argc, char **argv)
{
    struct proof_options options = {.wait_s = PROOF_WAIT_S};
    const struct option_row rows[] = {
        {"policy", "FILE", OPTION_TEXT, &options.policy, 0, 0, false,
         "la política que se fija, o su nota firmada, o solo claves, una por renglón",
         "the policy to pin, or its signed note, or keys alone, one a line"},
        {"seen", "FILE", OPTION_TEXT, &options.seen, 0, 0, false,
         "un punto de control o una prueba guardada de antes: lo publicado debe contenerla",
         "a checkpoint or proof kept from before: what is published must contain it"},
        {"recount", NULL, OPTION_FLAG, &options.recount, 0, 0, false,
         "solo la bitácora y los totales, sin archivos ni páginas",
         "the log and the totals alone, no files and no pages"},
        {"wait", "S", OPTION_NUMBER, &options.wait_s, 0, 3600, false,
         "cuánto puede tardar en mostrarse el corte más nuevo que la bitácora tiene (8 si no se dice)",
         "how long the newest cut that the log has may take to be shown (8 unless said)"},
        {"json", NULL, OPTION_FLAG, &options.json, 0, 0, false, "salida para programas",
         "output for programs"},
    };
    const struct command command = {
        .program = "atalaya-verify",
        .usage = "URL|DIR [--policy FILE] [--seen FILE] [--recount] [--wait S] [--json]",
        .es =
            "Examina lo publicado: firmas, manifiestos, la huella de cada archivo, la bitácora, y cada cifra y renglón "
            "contado de nuevo desde las entradas.",
        .en =
            "Examines what is published: signatures, manifests, every file's hash, the log, and every figure and row "
            "recounted from the entries.",
        .more = "0: todo bien / all well · 1: hallazgos / findings · 2: no se pudo examinar / not examined",
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
    options.where = words[0];
    enum err err = proof_verify(&options, &out, &why);
    return answer_examined("verify", err, &out, &why);
}

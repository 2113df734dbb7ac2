/* atalaya-rebuild: the last cut from the log alone. See docs/man/atalaya-rebuild.1. */
#include "answer.h"

#include "cut/rebuild.h"
#include "os/options.h"

int main(int argc, char **argv)
{
    struct rebuild_options options = {0};
    const struct option_row rows[] = {
        {"policy", "FILE", OPTION_TEXT, &options.policy, 0, 0, false,
         "política fijada: el punto de control debe llevar las firmas que pide",
         "pinned policy: the checkpoint must carry the signatures it asks for"},
        {"manifest", "FILE", OPTION_TEXT, &options.manifest, 0, 0, false,
         "el manifiesto firmado del corte, para ponerlo junto a los archivos",
         "the cut's signed manifest, to be put beside the files"},
        {"json", NULL, OPTION_FLAG, &options.json, 0, 0, false, "salida para programas",
         "output for programs"},
    };
    const struct command command = {
        .program = "atalaya-rebuild",
        .usage = "LOG_DIR OUT_DIR [--policy FILE] [--manifest FILE] [--json]",
        .es =
            "Rehace el último corte solo desde el registro, byte por byte, en OUT_DIR/cut/N, y lo compara con las raíces que su "
            "entrada lleva.",
        .en =
            "Makes the last cut again from the log alone, byte for byte, as OUT_DIR/cut/N, and compares it with the roots that "
            "its entry carries.",
        .more =
            "0: es el mismo / it is the same · 1: el registro o el corte no concuerdan / log or cut do not agree · 2: no se pudo "
            "hacer / it could not be done",
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .min_words = 2,
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
    options.log_dir = words[0];
    options.out_dir = words[1];
    enum err err = rebuild(&options, &out, &why);
    return answer_examined("rebuild", err, &out, &why);
}

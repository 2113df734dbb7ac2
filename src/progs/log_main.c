/* atalaya-log: tiles and signed checkpoints over the ledger. */
#include "base/log.h"
#include "logtree/logtree.h"
#include "os/options.h"

int main(int argc, char *argv[])
{
    struct logtree_options options = {.interval_ms = 500};
    struct log_beginning how = {.restored = false};
    bool begin = false;
    const struct option_row rows[] = {
        {"dir", "DIR", OPTION_TEXT, &options.dir, 0, 0, true, "la carpeta de la noche", "the night's folder"},
        {"interval", "MS", OPTION_NUMBER, &options.interval_ms, 10, 60000, false,
         "cada cuánto mira el registro, en milisegundos reales (500)",
         "how often it looks at the ledger, real milliseconds"},
        {"signer", "DIR", OPTION_TEXT, &options.state_dir, 0, 0, false,
         "la carpeta del firmante, mejor en otro disco (DIR/signer)",
         "the signer's own folder, better on another disk"},
        {"copied", "DIR", OPTION_TEXT, &options.copy_dir, 0, 0, false,
         "donde la copia continua dice lo que tiene; no se firma nada que ella no tenga",
         "where the continuous copy says what it has; nothing is signed that it has not"},
        {"begin", NULL, OPTION_FLAG, &begin, 0, 0, false,
         "hace la clave y la memoria del firmante, una sola vez, y termina",
         "makes the key and the signer's memory, once and for all, and ends"},
        {"restored", NULL, OPTION_FLAG, &how.restored, 0, 0, false,
         "con --begin: la carpeta se rehizo de la copia; la memoria es el registro entero",
         "with --begin: the folder was made again from the copy; the memory is the whole ledger"},
        {"at-least", "ARCHIVO", OPTION_TEXT, &how.at_least, 0, 0, false,
         "con --restored: un punto de control de un difusor; la copia debe contenerlo",
         "with --restored: a mirror's checkpoint, which the copy must contain"},
        {"continues", "PUNTO", OPTION_TEXT, &how.continues, 0, 0, false,
         "con --begin: tras un robo, el último punto de control bueno del registro anterior",
         "with --begin: after a theft, the old log's last good checkpoint"},
    };
    const struct command command = {
        .program = "atalaya-log",
        .usage = "--dir DIR",
        .es =
            "Sigue el registro, hace el árbol de Merkle y publica puntos de control firmados en DIR/public/log. El\n"
            "firmante es un proceso aparte: no firma nada que no contenga lo que ya firmó.",
        .en =
            "Follows the ledger, builds the Merkle tree and publishes signed checkpoints in DIR/public/log. The signer is a\n"
            "process of its own: it signs nothing that does not contain what it signed before.",
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
    };
    int code = command_parse(&command, argc, argv, NULL, NULL);
    if (code >= 0) {
        return code;
    }
    log_start("log", LOG_INFO);
    return begin ? logtree_begin(&options, &how) : logtree_run(&options);
}

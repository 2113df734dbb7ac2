/* atalaya-intake: receives signed acta records, stores them for good, and gives each its place in the ledger. */
#include "intake/copy.h"
#include "intake/gate.h"
#include "intake/intake.h"
#include "os/options.h"

#include <stdio.h>
#include <string.h>

enum { DIR_MAX = 3000 };

static int usage(const char *sentence)
{
    fprintf(stderr, "atalaya-intake: %s\natalaya-intake --help\n", sentence);
    return 2;
}

static int restore_from(const char *copy, const char *dir)
{
    struct why why = {0};
    if (copy_restore(copy, dir, &why) != OK) {
        fprintf(stderr, "atalaya-intake: %s\n", why.text);
        return 2;
    }
    return 0;
}

static int run(const struct intake_config *config)
{
    if (config->listen == NULL) {
        return usage("falta --listen DIR:PTO / --listen is needed");
    }
    if ((config->cert == NULL) != (config->key == NULL)) {
        return usage("--cert y --key van juntas / go together");
    }
    if (config->copy_sync && config->copy == NULL) {
        return usage("--copy-sync pide --copy DIR / needs --copy DIR");
    }
    return intake_run(config);
}

int main(int argc, char *argv[])
{
    struct intake_config config = {0};
    const char *restore = NULL;
    int64_t connections = GATE_CONNECTIONS, patience_ms = GATE_PATIENCE_MS;
    const struct option_row rows[] = {
        {"dir", "DIR", OPTION_TEXT, &config.dir, 0, 0, true, "carpeta de la noche", "the night's folder"},
        {"listen", "DIR:PTO", OPTION_TEXT, &config.listen, 0, 0, false,
         "dónde recibe; puerto 0: el sistema elige", "where it receives; port 0: the system chooses"},
        {"cert", "ARCHIVO", OPTION_TEXT, &config.cert, 0, 0, false, "certificado PEM: recibe por TLS",
         "PEM certificate: receives over TLS"},
        {"key", "ARCHIVO", OPTION_TEXT, &config.key, 0, 0, false, "y su clave", "and its key"},
        {"copy", "DIR", OPTION_TEXT, &config.copy, 0, 0, false, "copia continua en otra carpeta",
         "continuous copy in a second folder"},
        {"copy-sync", NULL, OPTION_FLAG, &config.copy_sync, 0, 0, false,
         "acusa recibo cuando también la copia está en disco", "acknowledges when the copy is on disk too"},
        {"copy-without-keys", NULL, OPTION_FLAG, &config.copy_no_keys, 0, 0, false,
         "las claves no van en la copia: se guardan aparte",
         "the keys are not in the copy: they are kept apart"},
        {"connections", "N", OPTION_NUMBER, &connections, 1, 16384, false,
         "conexiones a la vez (1024); después se corta la más lenta",
         "connections at once; past it the slowest is dropped"},
        {"patience", "MS", OPTION_NUMBER, &patience_ms, 50, 600000, false,
         "plazo de una petición, más lo que tarde su cuerpo a 8 KB/s (10000)",
         "deadline of a request, plus its body's time at 8 KB/s"},
        {"restore", "COPIA", OPTION_TEXT, &restore, 0, 0, false,
         "rehace la carpeta de una noche desde su copia y termina",
         "rebuilds a night's folder from its copy and ends"},
    };
    const struct command command = {
        .program = "atalaya-intake",
        .usage = "--dir DIR --listen 127.0.0.1:8091 [opciones] · --restore COPIA --dir NUEVO",
        .es =
            "La recepción: recibe por HTTP registros de actas firmados, los comprueba, los guarda y sólo entonces acusa "
            "recibo.",
        .en =
            "The intake: receives signed acta records over HTTP, checks them, stores them, and only then acknowledges.",
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
    };
    int code = command_parse(&command, argc, argv, NULL, NULL);
    if (code >= 0) {
        return code;
    }
    if (strlen(config.dir) > DIR_MAX) {
        return usage("--dir: ruta demasiado larga / path too long");
    }
    config.connections = (uint32_t)connections;
    config.patience_ms = (int)patience_ms;
    return restore != NULL ? restore_from(restore, config.dir) : run(&config);
}

/* atalaya-intake: receives signed acta records, stores them for good, and gives each its place in the ledger.
 */
#include "intake/copy.h"
#include "intake/gate.h"
#include "intake/intake.h"

#include "base/num.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "atalaya-intake: la recepción / the intake\n"
    "\n"
    "Recibe por HTTP registros de actas firmados, los comprueba, los guarda y sólo entonces acusa recibo.\n"
    "Receives signed acta records over HTTP, checks them, stores them, and only then acknowledges.\n"
    "\n"
    "  atalaya-intake --dir DIR --listen 127.0.0.1:8091 [--cert F --key F] [--copy DIR [--copy-sync] [--copy-without-keys]]\n"
    "  atalaya-intake --restore COPIA --dir NUEVO\n"
    "\n"
    "  --dir DIR          carpeta de la noche / the night's folder\n"
    "  --listen DIR:PTO   dónde recibe; puerto 0: el sistema elige / where it receives; port 0: the system "
    "chooses\n"
    "  --cert, --key F    certificado y clave PEM: recibe por TLS / PEM certificate and key: receives over "
    "TLS\n"
    "  --copy DIR         copia continua en otra carpeta / continuous copy in a second folder\n"
    "  --copy-sync        acusa recibo cuando también la copia está en disco / acknowledges when the copy is "
    "on disk "
    "too\n"
    "  --copy-without-keys  las claves no van en la copia: se guardan aparte / the keys are not in the copy: they "
    "are kept apart\n"
    "  --connections N    conexiones a la vez (1024); después se corta la más lenta / connections at once; "
    "past it the\n"
    "                     slowest is dropped\n"
    "  --patience MS      plazo para una petición, más lo que tarde su cuerpo a 8 KB/s (10000) / deadline of "
    "a\n"
    "                     request, plus its body's time at 8 KB/s\n"
    "  --restore COPIA    rehace la carpeta de una noche desde su copia y termina / rebuilds a night's "
    "folder from its\n"
    "                     copy and ends\n";

enum {
    OPT_DIR = 256,
    OPT_LISTEN,
    OPT_CERT,
    OPT_KEY,
    OPT_COPY,
    OPT_COPY_SYNC,
    OPT_COPY_NO_KEYS,
    OPT_CONNECTIONS,
    OPT_PATIENCE,
    OPT_RESTORE,
    OPT_HELP
};

static const struct option options[] = {{"dir", required_argument, NULL, OPT_DIR},
                                        {"listen", required_argument, NULL, OPT_LISTEN},
                                        {"cert", required_argument, NULL, OPT_CERT},
                                        {"key", required_argument, NULL, OPT_KEY},
                                        {"copy", required_argument, NULL, OPT_COPY},
                                        {"copy-sync", no_argument, NULL, OPT_COPY_SYNC},
                                        {"copy-without-keys", no_argument, NULL, OPT_COPY_NO_KEYS},
                                        {"connections", required_argument, NULL, OPT_CONNECTIONS},
                                        {"patience", required_argument, NULL, OPT_PATIENCE},
                                        {"restore", required_argument, NULL, OPT_RESTORE},
                                        {"help", no_argument, NULL, OPT_HELP},
                                        {0}};

static int usage(const char *sentence)
{
    fprintf(stderr, "atalaya-intake: %s\natalaya-intake: --help\n", sentence);
    return 2;
}

static bool number(const char *text, uint32_t least, uint32_t most, uint32_t *out)
{
    return num_parse_u32(span_str(text), out) == OK && *out >= least && *out <= most;
}

/* False: the option's value is not one. */
static bool take(int option, const char *value, struct intake_config *config, const char **restore)
{
    uint32_t patience = 0;
    switch (option) {
    case OPT_DIR:
        config->dir = value;
        return true;
    case OPT_LISTEN:
        config->listen = value;
        return true;
    case OPT_CERT:
        config->cert = value;
        return true;
    case OPT_KEY:
        config->key = value;
        return true;
    case OPT_COPY:
        config->copy = value;
        return true;
    case OPT_COPY_NO_KEYS:
        config->copy_no_keys = true;
        return true;
    case OPT_COPY_SYNC:
        config->copy_sync = true;
        return true;
    case OPT_RESTORE:
        *restore = value;
        return true;
    case OPT_CONNECTIONS:
        return number(value, 1, 16384, &config->connections);
    case OPT_PATIENCE:
        if (!number(value, 50, 600000, &patience)) {
            return false;
        }
        config->patience_ms = patience;
        return true;
    default:
        return false;
    }
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

int main(int argc, char **argv)
{
    struct intake_config config = {.connections = GATE_CONNECTIONS, .patience_ms = GATE_PATIENCE_MS};
    const char *restore = NULL;
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPT_HELP) {
            fputs(help, stdout);
            return 0;
        }
        if (!take(option, optarg, &config, &restore)) {
            return usage("an option or its value is not known");
        }
    }
    if (optind < argc || config.dir == NULL || strlen(config.dir) > 3000) {
        return usage("--dir DIR is needed, and nothing but options");
    }
    if (restore != NULL) {
        return restore_from(restore, config.dir);
    }
    if (config.listen == NULL || (config.cert == NULL) != (config.key == NULL)) {
        return usage("--listen ADDR:PORT is needed; --cert and --key go together");
    }
    if (config.copy_sync && config.copy == NULL) {
        return usage("--copy-sync needs --copy DIR");
    }
    return intake_run(&config);
}

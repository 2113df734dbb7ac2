/* atalaya-replay: the feeder of a drill. Sends what DIR/replay.plan says to an intake. */
#include "base/log.h"
#include "city/feeder.h"
#include "city/sender.h"
#include "os/options.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    const char *dir = NULL, *intake = NULL;
    int64_t connections = 32, control = -1;
    const struct option_row rows[] = {
        {"dir", "DIR", OPTION_TEXT, &dir, 0, 0, true, "carpeta del simulacro", "folder of the drill"},
        {"intake", "ADDR:PORT", OPTION_TEXT, &intake, 0, 0, true, "a quién se envía", "where to send to"},
        {"connections", "N", OPTION_NUMBER, &connections, 1, SENDER_CONNECTIONS_MAX, false,
         "envíos al mismo tiempo", "records under way at once"},
        {"control", "FD", OPTION_NUMBER, &control, 0, 1023, false,
         "hasta dónde enviar lo dice quien nos inició (0: entrada y salida estándar)",
         "our parent says how far to send (0: standard input and output)"},
    };
    const struct command command = {
        .program = "atalaya-replay",
        .usage = "--dir DIR --intake ADDR:PORT [--connections N] [--control FD]",
        .es = "Envía las actas de un simulacro como lo harían los centros, al paso del reloj de la noche.",
        .en = "Sends a drill's actas as the centres would, by the night's clock.",
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
    };
    struct why why = {0};
    log_start("feeder", LOG_INFO);
    int code = command_parse(&command, argc, argv, NULL, NULL);
    if (code >= 0) {
        return code;
    }
    struct feeder_options options = {.dir = dir,
                                     .intake = span_str(intake),
                                     .connections = (uint32_t)connections,
                                     .control = (int)control};
    if (feeder_run(&options, &code, &why) != OK) {
        fprintf(stderr, "atalaya-replay: %s\n", why.text);
        return 2;
    }
    return code;
}

/* atalaya-metrics: the status files of all programs for a monitor. See docs/man/atalaya-metrics.1. */
#include "base/log.h"
#include "monitor/monitor.h"

int main(int argc, char **argv)
{
    struct monitor_options options = {.listen = NULL};
    const struct option_row rows[] = {
        {"listen", "ADDR:PORT", OPTION_TEXT, &options.listen, 0, 0, true, "dónde contesta; 127.0.0.1:9100",
         "where it answers"},
        {"status", "DIR", OPTION_MANY, &options.folders, 0, 0, true,
         "carpeta de archivos de estado (DIR/run/status); repetible",
         "folder of status files; may be repeated"},
    };
    const struct command command = {
        .program = "atalaya-metrics",
        .usage = "--listen ADDR:PORT --status DIR",
        .es = "Dice a un monitor (Prometheus) lo que cada programa dice de sí en su archivo de estado.",
        .en = "Tells a monitor (Prometheus) what each program says of itself in its status file.",
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
    };
    int code = command_parse(&command, argc, argv, NULL, NULL);
    if (code >= 0) {
        return code;
    }
    log_start("metrics", LOG_INFO);
    return monitor_run(&options);
}

/* atalaya-cut: the cut of a night and its signer. See docs/man/atalaya-cut.1. */
#include "cut/cut.h"
#include "os/options.h"

int main(int argc, char **argv)
{
    struct cut_options cut = cut_defaults;
    int64_t cadence = cut.cadence_s, package = cut.package_s, keep_cuts = cut.keep_cuts,
            keep_every = cut.keep_every;
    const struct option_row rows[] = {
        {"dir", "DIR", OPTION_TEXT, &cut.dir, 0, 0, true, "la carpeta de la noche", "the night's folder"},
        {"cadence", "S", OPTION_NUMBER, &cadence, 1, 86400, false, "segundos de la noche entre cortes (60)",
         "night seconds between cuts (60)"},
        {"package", "S", OPTION_NUMBER, &package, 1, 86400, false,
         "segundos de la noche entre paquetes (300)", "night seconds between packages (300)"},
        {"keep-cuts", "N", OPTION_NUMBER, &keep_cuts, 2, 86400, false, "cortes nuevos que se conservan (12)",
         "bodies of the newest cuts that stay (12)"},
        {"keep-every", "N", OPTION_NUMBER, &keep_every, 0, 86400, false,
         "de los anteriores queda cada N-ésimo; 0: ninguno (30)",
         "of the older ones every N-th stays; 0: none (30)"},
        {"copied", "DIR", OPTION_TEXT, &cut.copy_dir, 0, 0, false,
         "DIR/run/copy: un corte se muestra cuando la copia tiene su asiento (o tras dos segundos)",
         "a cut is shown when the copy has its entry (or after two seconds)"},
        {"crash-at", "STEP", OPTION_TEXT, &cut.crash_at, 0, 0, false,
         "para pruebas: muere en ese paso (built, checked, synced, appended, signed, keyed, placed, entered, published)",
         "for tests: dies at that step"},
    };
    const struct command command = {
        .program = "atalaya-cut",
        .usage = "--dir DIR [--cadence S] [--package S] [--keep-cuts N] [--keep-every N] [--copied DIR]",
        .es =
            "Hace los cortes y los paquetes de una noche, de la definición y el registro solamente; un proceso aparte "
            "firma.",
        .en =
            "Makes the cuts and packages of a night from the definition and the ledger alone; a process of its own "
            "signs.",
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
    };
    size_t n_words = 0;
    int code = command_parse(&command, argc, argv, NULL, &n_words);
    if (code >= 0) {
        return code;
    }
    cut.cadence_s = (uint32_t)cadence;
    cut.package_s = (uint32_t)package;
    cut.keep_cuts = (uint32_t)keep_cuts;
    cut.keep_every = (uint32_t)keep_every;
    return cut_run(&cut);
}

/* atalaya-close: declares the last cut. See docs/man/atalaya-close.1. */
#include "os/control.h"
#include "os/file.h"
#include "os/options.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    const char *dir = "night";
    const struct option_row rows[] = {
        {"dir", "DIR", OPTION_TEXT, &dir, 0, 0, false, "la carpeta de la noche (./night)",
         "the night's folder"},
    };
    const struct command command = {
        .program = "atalaya-close",
        .usage = "[--dir DIR] [REASON]",
        .es =
            "Declara el cierre, sin preguntar y sin vuelta: el corte siguiente es el último, con su paquete. REASON es de a-z, "
            "0-9 y '-' (cierre).",
        .en =
            "Declares the close, without asking and for good: the next cut is the last, with its package. REASON is of a-z, "
            "0-9 and '-' (cierre).",
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .max_words = 1,
    };
    const char *words[1] = {"cierre"};
    size_t n_words = 0;
    int code = command_parse(&command, argc, argv, words, &n_words);
    if (code >= 0) {
        return code;
    }
    char path[FILE_PATH_MAX];
    char request[256];
    struct why why = {{0}};
    snprintf(request, sizeof request, "close %s", n_words == 1 ? words[0] : "cierre");
    if (control_ask(path_join(path, dir, "run/cut.sock"), span_str(request), 30000, NULL, &why) != OK) {
        fprintf(stderr, "atalaya close: %s\n", why.text);
        return 2;
    }
    puts("cierre declarado: el corte siguiente es el último / closed: the next cut is the last");
    return 0;
}

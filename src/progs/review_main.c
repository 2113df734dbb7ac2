/* atalaya-review: releases a record that was set aside. See docs/man/atalaya-review.1. */
#include "os/control.h"
#include "os/file.h"
#include "os/options.h"

#include <stdio.h>

static int release(const char *dir, const char *key, const char *reason)
{
    char path[FILE_PATH_MAX];
    char request[256];
    struct buf answer = {0};
    struct why why = {{0}};
    snprintf(request, sizeof request, "release %.64s %.64s", key, reason);
    enum err err = control_ask(path_join(path, dir, "run/cut.sock"), span_str(request), 30000, &answer, &why);
    if (err == OK) {
        printf(
            "liberada, entrada %.*s: cuenta desde el corte siguiente / released, it counts from the next cut on\n",
            (int)answer.len, answer.at);
    } else {
        fprintf(stderr, "atalaya review: %s\n", why.text);
    }
    buf_done(&answer);
    return err == OK ? 0 : 2;
}

int main(int argc, char **argv)
{
    const char *dir = "night";
    const char *reason = "revisada";
    const struct option_row rows[] = {
        {"dir", "DIR", OPTION_TEXT, &dir, 0, 0, false, "la carpeta de la noche (./night)",
         "the night's folder"},
        {"reason", "WORD", OPTION_TEXT, &reason, 0, 0, false, "por qué, de a-z, 0-9 y '-' (revisada)",
         "why, of a-z, 0-9 and '-' (revisada)"},
    };
    const struct command command = {
        .program = "atalaya-review",
        .usage = "release CLAVE_ACTA [--dir DIR] [--reason WORD]",
        .es =
            "Libera un acta que está en revisión: cuenta desde el corte siguiente. Queda en el registro público.",
        .en =
            "Releases an acta that is in review: it counts from the next cut on. It stays in the public ledger.",
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .min_words = 2,
        .max_words = 2,
    };
    const char *words[2];
    size_t n_words = 0;
    int code = command_parse(&command, argc, argv, words, &n_words);
    if (code >= 0) {
        return code;
    }
    if (strcmp(words[0], "release") != 0) {
        fprintf(stderr, "atalaya review: \"%s\": release CLAVE_ACTA\n", words[0]);
        return 2;
    }
    return release(dir, words[1], reason);
}

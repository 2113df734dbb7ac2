/* atalaya-notice: a dated notice to the public, as an entry of the ledger. See docs/man/atalaya-notice.1. */
#include "append.h"

#include "os/options.h"

#include <stdio.h>

static enum err notice(const char *dir, const char *text, struct buf *answer, struct why *why)
{
    struct entry entry = {.type = ENTRY_NOTICE, .as.notice.text = span_str(text)};
    if (entry.as.notice.text.len == 0 || entry.as.notice.text.len > NOTICE_MAX) {
        return why_set(why, ERR_TOO_BIG, "un aviso tiene de 1 a %d bytes / a notice has them", NOTICE_MAX);
    }
    TRY(append_now(dir, &entry.as.notice.time_ms, why));
    return append_entry(dir, &entry, answer, why);
}

int main(int argc, char **argv)
{
    const char *dir = "night";
    const struct option_row rows[] = {
        {"dir", "DIR", OPTION_TEXT, &dir, 0, 0, false, "la carpeta de la noche (./night)",
         "the night's folder"},
    };
    const struct command command = {
        .program = "atalaya-notice",
        .usage = "TEXT [--dir DIR]",
        .es =
            "Publica un aviso fechado y firmado: en segundos, en resultados, difusores y sitio institucional; desde el corte\n"
            "siguiente, también en sus páginas.",
        .en =
            "Publishes a dated, signed notice: within seconds on results, mirrors and the institutional site; from the next cut\n"
            "on, on its pages too.",
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
    struct buf answer = {0};
    struct why why = {{0}};
    enum err err = notice(dir, words[0], &answer, &why);
    if (err != OK) {
        fprintf(stderr, "atalaya notice: %s\n", why.text);
    } else {
        printf("aviso en la entrada %.*s / notice in entry %.*s\n", (int)answer.len, answer.at,
               (int)answer.len, answer.at);
    }
    buf_done(&answer);
    return err == OK ? 0 : 2;
}

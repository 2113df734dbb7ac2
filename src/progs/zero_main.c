/* atalaya-zero: that a fresh system holds no votes. See docs/man/atalaya-zero.1. */
#include "answer.h"
#include "append.h"

#include "os/options.h"
#include "seal/digest.h"
#include "zero/zero.h"

#include <stdio.h>

/* The listing's hash into the ledger, as evidence is: from then on the log's signature stands for it, and, because each listing names
 * the one before, for all before it. */
static enum err enter(const char *dir, const char *kept, struct why *why)
{
    struct mapped file;
    struct buf answer = {0};
    struct entry entry = {.type = ENTRY_EVIDENCE};
    struct entry_evidence *evidence = &entry.as.evidence;
    const char *slash = strrchr(kept, '/');
    TRY(file_map(kept, &file, why));
    digest_of(file.bytes, evidence->sha256);
    evidence->bytes = file.bytes.len;
    file_unmap(&file);
    evidence->kind = SPAN(ZERO_EVIDENCE);
    evidence->text = span_str(slash != NULL ? slash + 1 : kept);
    enum err err = append_now(dir, &evidence->time_ms, why);
    err = err != OK ? err : append_entry(dir, &entry, &answer, why);
    if (err == OK) {
        (void)fprintf(stderr, "%s: en la entrada %.*s del registro / in entry %.*s of the log\n", kept,
                      (int)answer.len, answer.at, (int)answer.len, answer.at);
    }
    buf_done(&answer);
    return err;
}

int main(int argc, char **argv)
{
    struct zero_options options = {0};
    bool entered = false;
    const struct option_row rows[] = {
        {"json", NULL, OPTION_FLAG, &options.json, 0, 0, false, "salida para programas",
         "output for programs"},
        {"enter", NULL, OPTION_FLAG, &entered, 0, 0, false,
         "asienta la huella de la lista en el registro de la noche que corre",
         "enters the listing's SHA-256 in the log of the running night"},
    };
    const struct command command = {
        .program = "atalaya-zero",
        .usage = "DIR [--enter] [--json]",
        .es =
            "Prueba que un sistema nuevo no tiene votos y lista lo que corre: programas, reglas y definición. Tres veces\n"
            "por noche: antes, durante y después; dice qué cambió desde la primera.",
        .en =
            "Proves that a fresh system holds no votes and lists what it runs: programs, rules and definition. Three times\n"
            "a night: before, during and after; it says what changed since the first.",
        .more = "0: en ceros, o sin más cambio que los votos / empty, or nothing but votes changed\n"
                "1: algo no cuadra / something is wrong · 2: no se pudo examinar / not examined",
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
    struct buf out = {0};
    struct why why = {{0}};
    options.dir = words[0];
    static char kept[FILE_PATH_MAX];
    enum err err = zero_run(&options, kept, &out, &why);
    if (entered && kept[0] != '\0') {
        struct why missed = {{0}};
        enum err added = enter(options.dir, kept, &missed);
        if (added != OK) { /* the listing stays; what was found is said all the same */
            (void)fprintf(stderr, "atalaya zero --enter: %s\n", missed.text);
            err = err == OK ? added : err;
        }
    }
    return answer_examined("zero", err, &out, &why);
}

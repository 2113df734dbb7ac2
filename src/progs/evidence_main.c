/* atalaya-evidence: the hash of a file into the ledger; the file stays where it is. See docs/man/atalaya-evidence.1. */
#include "append.h"

#include "base/codec.h"
#include "os/file.h"
#include "os/options.h"
#include "seal/digest.h"
#include "tlog/lines.h"

#include <stdio.h>

static enum err hash_file(const char *path, struct entry_evidence *evidence, struct why *why)
{
    struct mapped file;
    TRY(file_map(path, &file, why));
    digest_of(file.bytes, evidence->sha256);
    evidence->bytes = file.bytes.len;
    file_unmap(&file);
    return evidence->bytes > 0 ? OK : why_set(why, ERR_SYNTAX, "%s está vacío / is empty", path);
}

static enum err check_words(const struct entry_evidence *evidence, struct why *why)
{
    if (!text_is_id(evidence->kind, 1, 40)) {
        return why_set(why, ERR_SYNTAX, "--kind: 1 a 40 de a-z0-9- / 1 to 40 of them");
    }
    bool one_line = evidence->text.len == 0 || memchr(evidence->text.at, '\n', evidence->text.len) == NULL;
    return one_line && evidence->text.len <= EVIDENCE_TEXT_MAX && text_is_utf8(evidence->text)
               ? OK
               : why_set(why, ERR_SYNTAX,
                         "--text: una línea de a lo más %d bytes / one line of at most %d bytes",
                         EVIDENCE_TEXT_MAX, EVIDENCE_TEXT_MAX);
}

static enum err enter(const char *dir, struct entry *entry, struct buf *answer, struct why *why)
{
    TRY(check_words(&entry->as.evidence, why));
    TRY(append_now(dir, &entry->as.evidence.time_ms, why));
    return append_entry(dir, entry, answer, why);
}

int main(int argc, char **argv)
{
    const char *dir = "night", *kind = "incident-report", *text = "";
    const struct option_row rows[] = {
        {"dir", "DIR", OPTION_TEXT, &dir, 0, 0, false, "la carpeta de la noche (./night)",
         "the night's folder"},
        {"kind", "CLASE", OPTION_TEXT, &kind, 0, 0, false,
         "qué es (incident-report): sealed-manifest, traffic-capture …", "what it is"},
        {"text", "PALABRAS", OPTION_TEXT, &text, 0, 0, false, "una línea para quien lea el registro",
         "a line for whoever reads the log"},
    };
    const struct command command = {
        .program = "atalaya-evidence",
        .usage = "ARCHIVO [--kind CLASE] [--text PALABRAS] [--dir DIR]",
        .es =
            "Asienta en el registro la huella SHA-256 y el tamaño de un archivo. El archivo no se publica: guárdelo.",
        .en = "Enters a file's SHA-256 and size in the ledger. The file is not published: keep it.",
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
    struct entry entry = {.type = ENTRY_EVIDENCE};
    entry.as.evidence.kind = span_str(kind);
    entry.as.evidence.text = span_str(text);
    enum err err = hash_file(words[0], &entry.as.evidence, &why);
    err = err != OK ? err : enter(dir, &entry, &answer, &why);
    if (err != OK) {
        fprintf(stderr, "atalaya evidence: %s\n", why.text);
    } else {
        char hex[DIGEST_HEX + 1];
        hex_print(hex, entry.as.evidence.sha256, DIGEST_LEN);
        printf("%s  %s\nen la entrada %.*s; guarde el archivo / in entry %.*s; keep the file\n", hex,
               words[0], (int)answer.len, answer.at, (int)answer.len, answer.at);
    }
    buf_done(&answer);
    return err == OK ? 0 : 2;
}

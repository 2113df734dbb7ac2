/* The verb check-csv, of two programs: atalaya-check-csv and the front (check_csv_verb.h). */
#include "check_csv_verb.h"

#include "audit/audit.h"
#include "os/file.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { HEAP_STEP = 1 << 20, HEAP_BLOCK_MAX = 32 << 20 };
enum { EXIT_FINE = 0, EXIT_WRONG = 1, EXIT_CANNOT = 2 };

struct options {
    const char *file;
    bool json;
    struct audit_options audit;
    struct print_options print;
};

static const char usage[] =
    "atalaya check-csv: revisa una base de datos PREP publicada / checks a published PREP database\n"
    "\n"
    "  atalaya check-csv [--json] [--lang es|en] [--last-cut] ARCHIVO\n"
    "\n"
    "  ARCHIVO      CSV de cualquier año (coma, |, ;, tabulador; UTF-8 o Latin-1), o ZIP, también anidado\n"
    "               a CSV of any year, or a ZIP, nested or not\n"
    "  --json       informe para programas / report for programs\n"
    "  --lang en    informe en inglés / report in English\n"
    "  --last-cut   es el último corte: la participación incluye casillas especiales\n"
    "               this is the last cut: turnout includes special tables\n"
    "\n"
    "  Sale con 0: todo coincide; 1: algo está mal en el archivo; 2: no pudo examinarse.\n"
    "  Exits 0: all agrees; 1: something in the file is wrong; 2: it could not be examined.\n";

static int refuse(const char *what, const char *sentence)
{
    fprintf(stderr, "atalaya check-csv: %s%s%s\n", what, what[0] == '\0' ? "" : ": ", sentence);
    return EXIT_CANNOT;
}

/* Negative: go on; otherwise the exit code. */
static int parse(int argc, char **argv, struct options *options)
{
    bool only_files = false;
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (only_files || arg[0] != '-' || arg[1] == '\0') {
            if (options->file != NULL) {
                return refuse(arg, "un solo archivo cada vez / one file at a time");
            }
            options->file = arg;
        } else if (strcmp(arg, "--") == 0) {
            only_files = true;
        } else if (strcmp(arg, "--json") == 0) {
            options->json = true;
        } else if (strcmp(arg, "--last-cut") == 0) {
            options->audit.last_cut = true;
        } else if (strcmp(arg, "--lang") == 0 && i + 1 < argc &&
                   (strcmp(argv[i + 1], "es") == 0 || strcmp(argv[i + 1], "en") == 0)) {
            options->print.english = strcmp(argv[++i], "en") == 0;
        } else if (strcmp(arg, "--lang") == 0) {
            return refuse(arg, "es o en / es or en");
        } else if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
            (void)fputs(usage, stdout);
            return EXIT_FINE;
        } else if (strcmp(arg, "--version") == 0) {
            puts("atalaya " ATALAYA_VERSION);
            return EXIT_FINE;
        } else {
            return refuse(arg, "opción desconocida; vea --help / unknown option; see --help");
        }
    }
    return options->file == NULL ? refuse("", "falta el archivo; vea --help / a file is needed; see --help")
                                 : -1;
}

static bool put(struct span text)
{
    return fwrite(text.at, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
}

/* One heap for both threads, and nothing is given back to the system before the end: both are calls into it that a process of six
 * milliseconds can do without. */
static void keep_memory(void)
{
#if defined(__GLIBC__)
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_MMAP_THRESHOLD, HEAP_BLOCK_MAX);
    (void)mallopt(M_TRIM_THRESHOLD, HEAP_BLOCK_MAX);
    (void)mallopt(M_TOP_PAD, HEAP_STEP);
#endif
}

int check_csv_verb(int argc, char **argv)
{
    struct options options = {0};
    keep_memory();
    int done = parse(argc, argv, &options);
    if (done >= 0) {
        return done;
    }
    struct why why = {""};
    struct mapped file;
    if (file_map(options.file, &file, &why) != OK) {
        return refuse("", why.text);
    }
    static struct audit audit; /* static, and never given back: the system does that faster than we could */
    if (audit_check(&audit, file.bytes, &options.audit, &why) != OK) {
        return refuse(options.file, why.text);
    }
    static struct buf out;
    buf_init(&out, 0);
    if (options.json) {
        audit_print_json(&audit, options.file, &out);
    } else {
        options.print.color = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
        audit_print_text(&audit, options.file, options.print, &out);
    }
    if (!put(buf_as_span(&out))) {
        return refuse("", "no se pudo escribir el informe / the report could not be written");
    }
    return audit_ok(&audit) ? EXIT_FINE : EXIT_WRONG;
}

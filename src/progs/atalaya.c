/* atalaya: the front. `atalaya VERB ...` becomes the program `atalaya-VERB` that lies beside it, so that no verb drags in what
 * another one needs. Only check-csv, which is over in less time than many a program takes to begin, is done here. */
#include "check_csv_verb.h"

#include "os/said.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_CANNOT = 2, NAME_LIMIT = 64, FAR = 4 };

/* What there is to do, in the order of a night. A program that is not in the table is run all the same. */
static const struct verb {
    const char *name;
    const char *es, *en;
} verbs[] = {
    {"night", "la noche entera: captura, cortes, sitio, difusores",
     "the whole night: intake, cuts, site, mirrors"},
    {"top", "el tablero en la terminal", "the board in a terminal"},
    {"drill", "un simulacro, paso a paso", "a drill, step by step"},
    {"close", "declara el último corte", "declares the last cut"},
    {"notice", "publica un aviso fechado y firmado", "publishes a dated, signed notice"},
    {"evidence", "asienta la huella de un archivo", "enters the hash of a file"},
    {"check-csv", "revisa una base de datos PREP publicada", "checks a published PREP database"},
    {"verify", "verifica un sitio publicado: firmas, bitácora, totales", "verifies a published tree"},
    {"code", "el código del corte, y si es el que se oyó",
     "the code of a cut, and whether it is the one heard"},
    {"prove", "prueba que un acta está en la bitácora", "proves that one acta is in the log"},
    {"rebuild", "rehace el último corte desde la bitácora", "rebuilds the last cut from the log alone"},
    {"zero", "prueba que un sistema nuevo no tiene votos", "proves that a fresh system holds no votes"},
    {"keys", "la ceremonia de las claves: política, raíces, cambios",
     "the ceremony of keys: policy, roots, rotation"},
    {"site", "el sitio institucional: sellar, revisar, restaurar",
     "the institutional site: seal, check, restore"},
    {"report", "el informe de un incidente", "the report of an incident"},
    {"metrics", "lo que dicen los programas, para un monitor", "what the programs say, for a monitor"},
    {"intake", "papel: recibe y asienta actas", "role: receives and records actas"},
    {"cut", "papel: construye los cortes", "role: builds the cuts"},
    {"log", "papel: firma el registro y sus pruebas", "role: signs the log and makes its proofs"},
    {"edge", "papel: sirve el sitio", "role: serves the site"},
    {"mirror", "papel: difusor", "role: mirror"},
    {"watch", "papel: vigila el tráfico", "role: watches the traffic"},
    {"guard", "papel: cuida el sitio institucional", "role: guards the institutional site"},
};

enum { VERBS = sizeof verbs / sizeof *verbs };

/* Where the programs shall be taken from, NULL: from beside this one. */
static const char *told_folder(void)
{
    const char *told = getenv("ATALAYA_BIN");
    return told != NULL && told[0] != '\0' ? told : NULL;
}

/* The folder of this program (or $ATALAYA_BIN), with room for "/atalaya-VERB" after it. */
static bool find_folder(char out[PATH_MAX])
{
    const char *told = told_folder();
    if (told != NULL) {
        return (size_t)snprintf(out, PATH_MAX, "%s", told) < PATH_MAX;
    }
    ssize_t len = readlink("/proc/self/exe", out, PATH_MAX - 1);
    if (len <= 0) {
        return false;
    }
    out[len] = '\0';
    char *slash = strrchr(out, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    return slash != NULL;
}

static bool program_of(const char *folder, const char *verb, char out[PATH_MAX])
{
    return (size_t)snprintf(out, PATH_MAX, "%s/atalaya-%s", folder, verb) < PATH_MAX;
}

static bool is_there(const char *folder, const char *verb)
{
    char path[PATH_MAX];
    return program_of(folder, verb, path) && access(path, X_OK) == 0;
}

/* Letters only and short: a verb is never a path. */
static bool is_verb(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && len < NAME_LIMIT && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* How many letters must change to make one word of the other (Levenshtein), for short words. */
static unsigned distance(const char *one, const char *other)
{
    unsigned row[NAME_LIMIT + 1];
    size_t len = strlen(other);
    for (unsigned j = 0; j <= len; j++) {
        row[j] = j;
    }
    for (unsigned i = 0; one[i] != '\0'; i++) {
        unsigned diagonal = row[0];
        row[0] = i + 1;
        for (unsigned j = 0; j < len; j++) {
            unsigned changed = diagonal + (one[i] != other[j]);
            diagonal = row[j + 1];
            unsigned shorter = row[j] < row[j + 1] ? row[j] + 1 : row[j + 1] + 1;
            row[j + 1] = changed < shorter ? changed : shorter;
        }
    }
    return row[len];
}

static const char *nearest(const char *folder, const char *verb)
{
    const char *best = NULL;
    unsigned least = FAR;
    for (int i = 0; i < VERBS; i++) {
        unsigned far = distance(verb, verbs[i].name);
        if (far < least && is_there(folder, verbs[i].name)) {
            least = far;
            best = verbs[i].name;
        }
    }
    return best;
}

static void print_help(const char *folder)
{
    puts("atalaya: la noche electoral, de punta a punta / the election night, end to end\n"
         "\n"
         "  atalaya VERBO --help    dice más de cada uno / tells more of each\n");
    for (int i = 0; i < VERBS; i++) {
        if (is_there(folder, verbs[i].name)) {
            printf("  %-10s  %s\n              %s\n", verbs[i].name, verbs[i].es, verbs[i].en);
        }
    }
    puts("\n  Salida / exit: 0 todo bien / all well · 1 algo está mal en lo examinado / something is wrong\n"
         "                 2 no pudo examinarse / it could not be examined");
}

static int unknown(const char *folder, const char *verb)
{
    const char *near = is_verb(verb) ? nearest(folder, verb) : NULL;
    if (near != NULL) {
        fprintf(stderr, "atalaya: no hay verbo \"%s\"; ¿%s? / no such verb; did you mean %s?\n", verb, near,
                near);
    } else {
        fprintf(stderr,
                "atalaya: no hay verbo \"%.*s\"; vea atalaya --help / no such verb; see atalaya --help\n",
                is_verb(verb) ? NAME_LIMIT : 0, verb);
    }
    return EXIT_CANNOT;
}

int main(int argc, char **argv)
{
    char folder[PATH_MAX];
    char program[PATH_MAX];
    if (argc > 1 && strcmp(argv[1], "check-csv") == 0 && told_folder() == NULL) {
        return check_csv_verb(argc - 1, argv + 1);
    }
    if (!find_folder(folder)) {
        (void)fputs("atalaya: no se sabe dónde están los programas / cannot tell where the programs are\n",
                    stderr);
        return EXIT_CANNOT;
    }
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "--version") == 0) {
        puts("atalaya " ATALAYA_VERSION);
        return 0;
    }
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0 || strcmp(verb, "help") == 0) {
        print_help(folder);
        return 0;
    }
    if (verb[0] == '\0') {
        print_help(folder);
        return EXIT_CANNOT;
    }
    if (!is_verb(verb) || !program_of(folder, verb, program) || !is_there(folder, verb)) {
        return unknown(folder, verb);
    }
    execv(program, argv + 1);
    fprintf(stderr, "atalaya: %s: %s / %s\n", program, said_es(errno), strerror(errno));
    return EXIT_CANNOT;
}

/* The table of verbs, their options, and what each needs before it begins. */
#include "guard/act.h"
#include "guard/guard.h"

#include "os/clock.h"
#include "os/said.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { NEEDS_ROOT = 1, WRITES = 2, TAKES_PATHS = 4 };

static const struct verb {
    const char *name;
    enum err (*run)(struct act *act, int *code, struct why *why);
    unsigned needs;
    const char *es, *en;
} verbs[] = {
    {"seal", act_seal, NEEDS_ROOT | WRITES, "sella el sitio entero como versión nueva",
     "seals the whole site as a new version"},
    {"check", act_check, NEEDS_ROOT,
     "una línea por ruta cambiada, faltante o ajena; revisa también lo sellado",
     "a line per changed, missing or foreign path; checks the sealed side too"},
    {"accept", act_accept, NEEDS_ROOT | WRITES | TAKES_PATHS,
     "lo que hay ahora en esas RUTAS (todas, si no se dice) se publica como versión nueva",
     "what is there now at these PATHS (all, if none is named) becomes a new version"},
    {"down", act_down, WRITES, "baja el sitio: se sirve la copia sellada, con aviso y enlaces",
     "takes the site down: the sealed copy is served, with a banner and links"},
    {"up", act_up, NEEDS_ROOT | WRITES, "lo sube de nuevo, si está como se selló",
     "puts it up again, if it is as sealed"},
    {"restore", act_restore, NEEDS_ROOT | WRITES,
     "lo cambiado y lo ajeno a cuarentena, lo sellado a su lugar, y revisa",
     "changed and foreign to quarantine, sealed back in its place, and checks"},
    {"status", act_status, 0, "versión y modo en vigor", "version and mode in force"},
};

static void help(FILE *out)
{
    (void)fputs(
        "atalaya site: el sitio institucional, sellado y vigilado / the institutional site, sealed and watched\n\n"
        "  atalaya site VERBO --root DIR --dir DIR\n\n",
        out);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        (void)fprintf(out, "  %-8s  %s\n            %s\n", verbs[i].name, verbs[i].es, verbs[i].en);
    }
    (void)fputs(
        "\n  atalaya site VERBO --help dice más; man atalaya-site lo enseña todo / tells more; teaches it all\n",
        out);
}

/* The real path; one that is not there yet is given by the real path of the folder it will lie in. */
static enum err resolve(const char *given, bool must_exist, char out[FILE_PATH_MAX], struct why *why)
{
    char real[PATH_MAX];
    char parent[FILE_PATH_MAX];
    if (realpath(given, real) != NULL) {
        return span_copy(span_str(real), out, FILE_PATH_MAX) ? OK : why_set(why, ERR_TOO_BIG, "%s", given);
    }
    if (must_exist || errno != ENOENT || !span_copy(span_str(given), parent, sizeof parent)) {
        return said_of(why, ERR_MISSING, given, errno);
    }
    size_t len = strlen(parent);
    while (len > 1 && parent[len - 1] == '/') {
        parent[--len] = '\0';
    }
    char *slash = strrchr(parent, '/');
    const char *name = slash != NULL ? slash + 1 : parent;
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return why_set(why, ERR_MISSING, "%s: no puede hacerse / cannot be made", given);
    }
    char last[FILE_PATH_MAX];
    (void)snprintf(last, sizeof last, "%s", name);
    if (slash != NULL) {
        *slash = '\0';
    }
    char above[FILE_PATH_MAX];
    TRY(resolve(slash == NULL ? "." : parent[0] == '\0' ? "/" : parent, false, above, why));
    return snprintf(out, FILE_PATH_MAX, "%s/%s", strcmp(above, "/") == 0 ? "" : above, last) < FILE_PATH_MAX
               ? OK
               : why_set(why, ERR_TOO_BIG, "%s: ruta demasiado larga / path too long", given);
}

static enum err prepare(struct act *act, const struct verb *verb, struct why *why)
{
    if (act->given_dir == NULL) {
        return why_set(why, ERR_MISSING, "--dir falta: dónde viven las copias selladas / --dir is missing");
    }
    if (act->given_root == NULL && (verb->needs & NEEDS_ROOT) != 0) {
        return why_set(why, ERR_MISSING,
                       "--root falta: la carpeta del sitio / --root is missing: the document root");
    }
    TRY(resolve(act->given_dir, false, act->dir, why));
    if (act->given_root != NULL) {
        TRY(resolve(act->given_root, true, act->root, why));
    }
    TRY(planes_apart(act->root, act->dir, why));
    if ((verb->needs & NEEDS_ROOT) != 0) {
        act->folder = open(act->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (act->folder < 0) {
            return said_of(why, ERR_MISSING, act->given_root, errno);
        }
    }
    bool first = verb->run != act_seal && !file_exists(act->dir); /* only a seal makes a store */
    return store_open(&act->store, act->dir, (verb->needs & WRITES) != 0 && !first, why);
}

static int run(struct act *act, const struct verb *verb)
{
    struct why why = {0};
    int code = 2;
    act->now_ms = clock_now_ms(NULL);
    act->folder = -1;
    act->store.lock = -1;
    json_init(&act->json, &act->out);
    if (act->as_json) {
        json_open(&act->json, '{');
    }
    say_text(act, "act", span_str(verb->name));
    enum err err = prepare(act, verb, &why);
    err = err == OK ? verb->run(act, &code, &why) : err;
    if (act->as_json) {
        if (err != OK) {
            buf_clear(&act->out);
            json_init(&act->json, &act->out);
            json_open(&act->json, '{');
            say_text(act, "act", span_str(verb->name));
            say_text(act, "error", span_str(why.text));
        }
        json_close(&act->json);
        buf_char(&act->out, '\n');
    }
    (void)fwrite(act->out.at, 1, act->out.len, stdout);
    if (err != OK) {
        (void)fprintf(stderr, "atalaya site %s: %s\n", verb->name,
                      why.text[0] != '\0' ? why.text : err_name(err));
        code = 2;
    }
    if (fflush(stdout) != 0) {
        code = 2;
    }
    store_close(&act->store);
    walk_close(act->folder);
    buf_done(&act->out);
    return code;
}

static int run_verb(const struct verb *verb, int argc, char *argv[])
{
    static struct act act;
    act.verb = verb->name;
    act.name = "sitio";
    const struct option_row rows[] = {
        {"root", "DIR", OPTION_TEXT, &act.given_root, 0, 0, false, "la carpeta del sitio",
         "the document root"},
        {"dir", "DIR", OPTION_TEXT, &act.given_dir, 0, 0, false,
         "copias selladas, claves y estado, aparte del sitio",
         "sealed copies, keys and state, apart from the site"},
        {"name", "NAME", OPTION_TEXT, &act.name, 0, 0, false,
         "nombre de la clave que se hace al primer sello (sitio)",
         "name of the key that the first seal makes"},
        {"reason", "TEXT", OPTION_TEXT, &act.reason, 0, 0, false, "down, up: por qué", "down, up: why"},
        {"force", NULL, OPTION_FLAG, &act.force, 0, 0, false, "up: aunque algo difiera; queda en el diario",
         "up: although something differs; the journal keeps it"},
        {"dry-run", NULL, OPTION_FLAG, &act.dry_run, 0, 0, false, "restore: dice qué haría, sin tocar nada",
         "restore: says what it would do and touches nothing"},
        {"json", NULL, OPTION_FLAG, &act.as_json, 0, 0, false, "salida para programas",
         "output for programs"},
    };
    const struct command command = {
        .program = "atalaya-site",
        .usage = (verb->needs & TAKES_PATHS) != 0 ? "accept --root DIR --dir DIR [PATH...]"
                                                  : "VERB --root DIR --dir DIR",
        .es = verb->es,
        .en = verb->en,
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .max_words = (verb->needs & TAKES_PATHS) != 0 ? ACT_PATHS_MAX : 0,
    };
    int code = command_parse(&command, argc, argv, act.paths, &act.n_paths);
    return code >= 0 ? code : run(&act, verb);
}

/* The verb is the first word. */
int guard_main(int argc, char *argv[])
{
    const char *word = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(word, verbs[i].name) == 0) {
            argv[1] = argv[0];
            return run_verb(&verbs[i], argc - 1, argv + 1);
        }
    }
    bool asked = strcmp(word, "--help") == 0 || strcmp(word, "help") == 0;
    if (!asked && word[0] != '\0') {
        (void)fprintf(stderr, "atalaya site: \"%.40s\": seal, check, accept, down, up, restore, status\n",
                      word);
    } else {
        help(asked ? stdout : stderr);
    }
    return asked ? 0 : 2;
}

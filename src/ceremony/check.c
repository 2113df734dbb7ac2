/* atalaya keys check: a version by itself, or a walk from the one that was pinned to the newest. */
#include "ceremony/parts.h"
#include "os/options.h"

#include <stdio.h>

enum { VERSIONS_MAX = 64 };

/* words[0] is trusted for being pinned, and must still be whole; each next one follows from the one before. */
static enum err walk(const char **words, size_t n, struct policy_note **last, struct why *why)
{
    struct policy_note *before = NULL;
    enum err err = OK;
    for (size_t i = 0; i < n && err == OK; i++) {
        struct policy_note *note = NULL;
        err = read_policy_note(words[i], &note, why);
        err = err != OK        ? err
              : before == NULL ? policy_note_verify(note, why)
                               : policy_note_follows(note, before, why);
        policy_note_free(before);
        before = note;
        if (err != OK && note != NULL) {
            err = why_prefix(why, err, "%s", words[i]);
        }
    }
    if (err != OK) {
        policy_note_free(before);
        return err == ERR_MISSING ? ERR_REFUSED : err;
    }
    *last = before;
    return OK;
}

/* The newest version of a published tree: DIR/log/policy.N.note for N after the last word's, one by one. */
static enum err walk_tree(const char *dir, struct policy_note **last, struct why *why)
{
    for (;;) {
        char path[FILE_PATH_MAX], name[64];
        struct policy_note *note = NULL;
        snprintf(name, sizeof name, "log/policy.%u.note", (*last)->head.version + 1);
        if (!file_exists(path_join(path, dir, name))) {
            return OK;
        }
        TRY(read_policy_note(path, &note, why));
        enum err err = policy_note_follows(note, *last, why);
        policy_note_free(err == OK ? *last : note);
        if (err != OK) {
            return err == ERR_MISSING ? ERR_REFUSED : err;
        }
        *last = note;
    }
}

static enum err write_newest(const struct policy_note *note, const char *out, struct why *why)
{
    return out == NULL ? OK : file_write_given(out, note->text, why);
}

static enum err check(const char **words, size_t n, const char *tree, const char *out, struct why *why)
{
    struct policy_note *last = NULL;
    struct buf told = {0};
    TRY(walk(words, n, &last, why));
    enum err err = tree == NULL ? OK : walk_tree(tree, &last, why);
    err = err != OK ? err : write_newest(last, out, why);
    if (err == OK) {
        policy_tell(last, true, &told);
        printf(
            "%s\nVale: la firmaron las raíces que hacen falta%s. / It holds: enough roots have signed%s.\n",
            buf_cstr(&told),
            n > 1 || tree != NULL ? ", versión por versión desde la primera que usted dio" : "",
            n > 1 || tree != NULL ? ", version by version from the first you gave" : "");
    }
    policy_note_free(last);
    buf_done(&told);
    return err;
}

int ceremony_check(int argc, char *argv[])
{
    const char *words[VERSIONS_MAX];
    const char *tree = NULL, *out = NULL;
    size_t n = 0;
    struct why why = {{0}};
    const struct option_row rows[] = {
        {"tree", "DIR", OPTION_TEXT, &tree, 0, 0, false,
         "un sitio publicado: sigue hasta su versión más nueva",
         "a published tree: goes on to its newest version"},
        {"out", "ARCHIVO", OPTION_TEXT, &out, 0, 0, false,
         "escribe la política a la que se llegó, para fijarla",
         "writes the policy that was arrived at, to be pinned"},
    };
    const struct command command = {
        .program = "atalaya-keys check",
        .usage = "policy.1.note [policy.2.note ...] [--tree DIR] [--out politica]",
        .es =
            "La primera es la que usted fijó; cada una de las que siguen debe llevar las firmas de sus raíces y de las anteriores.",
        .en =
            "The first is the one that you pinned; each of the next needs the signatures of its own roots and of the ones before.",
        .more =
            "  Salida / exit: 0 vale / holds · 1 no vale / does not · 2 no pudo leerse / could not be read",
        .rows = rows,
        .n_rows = 2,
        .min_words = 1,
        .max_words = VERSIONS_MAX,
    };
    int code = command_parse(&command, argc, argv, words, &n);
    if (code >= 0) {
        return code;
    }
    enum err err = check(words, n, tree, out, &why);
    return err == OK ? 0 : ceremony_failed("check", err, &why);
}

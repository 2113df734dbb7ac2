/* atalaya keys drill: the whole ceremony of a drill in one command, so that every drill rehearses it: three root keys, two of them
 * enough, version 1 of the policy. Root keys beside the night are for drills only, and a drill's origin says so. */
#include "ceremony/parts.h"
#include "formats/election.h"
#include "os/options.h"

#include <stdio.h>

enum { ROOTS = 3, THRESHOLD = 2 };

struct drill {
    const char *dir;
    char origin[ORIGIN_MAX + 1];
    char roots[ROOTS][FILE_PATH_MAX];
    char publics[ROOTS][FILE_PATH_MAX];
    char text[FILE_PATH_MAX], note[FILE_PATH_MAX];
};

static enum err look(struct drill *drill, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct election election;
    TRY(election_load(path_join(path, drill->dir, "election"), &election, why));
    enum err err =
        election.drill && span_copy(election.origin, drill->origin, sizeof drill->origin)
            ? OK
            : why_set(
                  why, ERR_REFUSED,
                  "%.*s no es un simulacro: las claves raíz de una elección no nacen en su servidor / no drill",
                  SPAN_ARG(election.origin));
    election_done(&election);
    return err;
}

static enum err make_root(struct drill *drill, int i, struct why *why)
{
    char name[KEY_NAME_MAX + 1];
    struct secret_key key;
    snprintf(drill->roots[i], sizeof drill->roots[i], "%.3900s/keys/roots/raiz-%d.key", drill->dir, i + 1);
    snprintf(drill->publics[i], sizeof drill->publics[i], "%.4000s.pub", drill->roots[i]);
    if (file_exists(drill->roots[i])) {
        return OK;
    }
    snprintf(name, sizeof name, "%.100s/raiz-%d", drill->origin, i + 1);
    if (secret_key_new(span_str(name), &key) != OK) {
        return why_set(why, ERR_SYNTAX, "\"%s\" no sirve de nombre de clave", name);
    }
    enum err err = keyfile_write(drill->roots[i], &key, SPAN(""), why);
    secret_key_wipe(&key);
    return err;
}

static enum err write_text(struct drill *drill, struct policy_note **out, struct why *why)
{
    char log[FILE_PATH_MAX];
    struct buf text = {0};
    const char *logs[1] = {path_join(log, drill->dir, "keys/log.key.pub")};
    const char *roots[ROOTS];
    for (int i = 0; i < ROOTS; i++) {
        roots[i] = drill->publics[i];
    }
    struct policy_wish wish = {.origin = drill->origin,
                               .logs = logs,
                               .n_logs = 1,
                               .roots = roots,
                               .n_roots = ROOTS,
                               .threshold = THRESHOLD};
    enum err err = ceremony_now(NULL, &wish.time_ms, why);
    err = err != OK ? err : policy_compose(&wish, &text, why);
    err = err != OK ? err : file_write(drill->text, buf_as_span(&text), true, why);
    err = err != OK ? err : policy_text_parse(buf_as_span(&text), out, why);
    buf_done(&text);
    return err;
}

static enum err sign_text(struct drill *drill, const struct policy_note *version, struct why *why)
{
    for (int i = 0; i < THRESHOLD; i++) {
        struct signing_key key;
        bool there = false;
        TRY(keyfile_load(drill->roots[i], NULL, NULL, &key, why));
        enum err err = policy_sign(version, drill->note, &key.secret, &there, why);
        signing_key_done(&key);
        TRY(err);
    }
    return OK;
}

static enum err hold(struct drill *drill, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct policy_note *version = NULL, *note = NULL;
    struct buf told = {0};
    TRY(look(drill, why));
    TRY(folder_make(path_join(path, drill->dir, "keys/roots"), why));
    for (int i = 0; i < ROOTS; i++) {
        TRY(make_root(drill, i, why));
    }
    path_join(drill->text, drill->dir, "keys/roots/policy.1");
    path_join(drill->note, drill->dir, "keys/roots/policy.1.note");
    if (!file_exists(drill->note)) {
        TRY(write_text(drill, &version, why));
        enum err err = sign_text(drill, version, why);
        policy_note_free(version);
        TRY(err);
    }
    TRY(read_policy_note(drill->note, &note, why));
    enum err err = policy_publish(drill->dir, note, &told, why);
    printf("%s", buf_cstr(&told));
    policy_note_free(note);
    buf_done(&told);
    return err;
}

int ceremony_drill(int argc, char *argv[])
{
    static struct drill drill = {.dir = "night"};
    struct why why = {{0}};
    const struct option_row rows[] = {
        {"dir", "DIR", OPTION_TEXT, &drill.dir, 0, 0, false, "la carpeta de la noche (./night)",
         "the night's folder"},
    };
    const struct command command = {
        .program = "atalaya-keys drill",
        .usage = "--dir DIR",
        .es =
            "Toda la ceremonia de un simulacro: tres claves raíz en DIR/keys/roots, dos firmas, versión 1 publicada. Rechaza una elección.",
        .en =
            "A drill's whole ceremony: three root keys, two signatures, version 1 published. It refuses an election.",
        .rows = rows,
        .n_rows = 1,
    };
    int code = command_parse(&command, argc, argv, NULL, NULL);
    if (code >= 0) {
        return code;
    }
    enum err err = hold(&drill, &why);
    return err == OK ? 0 : ceremony_failed("drill", err, &why);
}

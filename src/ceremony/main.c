/* The table of verbs, and what they share. */
#include "ceremony/ceremony.h"

#include "ceremony/parts.h"
#include "os/clock.h"
#include "os/control.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char *argv[]);
    const char *es, *en;
} verbs[] = {
    {"new", ceremony_new, "hace una clave: raíz, registro, cortes, difusor, testigo", "makes a key"},
    {"show", ceremony_show, "dice en palabras qué es una clave o una política",
     "tells what a key or a policy is"},
    {"policy", ceremony_policy, "escribe una versión de la política, para firmarla",
     "writes a version of the policy, to be signed"},
    {"sign", ceremony_sign, "firma una versión con una clave raíz", "signs a version with a root key"},
    {"check", ceremony_check, "revisa una versión, o varias seguidas desde la que usted fijó",
     "checks a version, or several from the one you pinned on"},
    {"publish", ceremony_publish, "la publica en /log/policy y la asienta en el registro",
     "publishes it and enters it in the ledger"},
    {"rotate", ceremony_rotate, "cambia la clave del registro o de los cortes: perdida o robada",
     "changes the key of the log or of the cuts: lost or stolen"},
    {"drill", ceremony_drill, "toda la ceremonia de un simulacro, con claves propias",
     "a drill's whole ceremony, with keys of its own"},
};

static void help(FILE *out)
{
    (void)fputs("atalaya keys: la ceremonia de las claves / the ceremony of keys\n"
                "\n"
                "  atalaya keys VERBO --help    dice más de cada uno / tells more of each\n",
                out);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        fprintf(out, "  %-8s  %s\n            %s\n", verbs[i].name, verbs[i].es, verbs[i].en);
    }
    (void)fputs("\n  man atalaya-keys enseña una ceremonia de punta a punta / teaches a whole ceremony\n",
                out);
}

int ceremony_main(int argc, char *argv[])
{
    const char *verb = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verb, verbs[i].name) == 0) {
            argv[1] = argv[0];
            return verbs[i].run(argc - 1, argv + 1);
        }
    }
    bool asked = strcmp(verb, "--help") == 0;
    help(asked ? stdout : stderr);
    return asked ? 0 : 2;
}

/* Signatures, versions, keys that do not fit: what was examined is wrong. The rest could not be examined. */
int ceremony_failed(const char *verb, enum err err, const struct why *why)
{
    fprintf(stderr, "atalaya keys %s: %s\n", verb, why->text[0] != '\0' ? why->text : err_name(err));
    return err == ERR_FORGED || err == ERR_CONFLICT || err == ERR_REFUSED ? 1 : 2;
}

enum err read_text(const char *path, struct buf *out, struct why *why)
{
    return file_read(path, POLICY_NOTE_MAX, out, why);
}

enum err read_vkey(const char *path, struct buf *out, struct why *why)
{
    struct buf text = {0};
    enum err err = file_read(path, 1024, &text, why);
    buf_span(out, span_trim(buf_as_span(&text)));
    buf_done(&text);
    return err;
}

static enum err read_version(const char *path, bool only_notes, struct policy_note **out, struct why *why)
{
    struct buf bytes = {0};
    struct span text, signatures;
    enum err err = read_text(path, &bytes, why);
    if (err == OK) {
        struct span whole = buf_as_span(&bytes);
        bool is_note =
            note_split(whole, &text, &signatures) == OK && span_starts(signatures, SPAN("\xe2\x80\x94 "));
        err = only_notes || is_note ? policy_note_parse(whole, out, why) : policy_text_parse(whole, out, why);
    }
    buf_done(&bytes);
    return err == OK ? OK : why_prefix(why, err, "%s", path);
}

enum err read_policy(const char *path, struct policy_note **out, struct why *why)
{
    return read_version(path, false, out, why);
}

enum err read_policy_note(const char *path, struct policy_note **out, struct why *why)
{
    return read_version(path, true, out, why);
}

bool night_has_begun(const char *dir)
{
    char path[FILE_PATH_MAX];
    return file_exists(path_join(path, dir, "ledger/entries/000"));
}

enum err ceremony_now(const char *dir, int64_t *now_ms, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct clock *clock = NULL;
    if (dir != NULL && file_exists(path_join(path, dir, "run/clock"))) {
        TRY(clock_open(path, &clock, why));
    }
    *now_ms = clock_now_ms(clock);
    *now_ms -= *now_ms % 1000;
    clock_close(clock);
    return OK;
}

enum err ledger_add(const char *dir, const struct entry *entry, uint64_t *index, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf request = {0}, answer = {0};
    buf_str(&request, "append\n");
    entry_print(entry, &request);
    enum err err =
        control_ask(path_join(path, dir, "run/intake.sock"), buf_as_span(&request), 30000, &answer, why);
    if (err == OK) {
        uint64_t at = 0;
        for (size_t i = 0; i < answer.len && answer.at[i] >= '0' && answer.at[i] <= '9'; i++) {
            at = at * 10 + (uint64_t)(answer.at[i] - '0');
        }
        *index = at;
    }
    buf_done(&request);
    buf_done(&answer);
    return err;
}

bool night_order(const char *dir, const char *order)
{
    char path[FILE_PATH_MAX];
    path_join(path, dir, "run/night.sock");
    return file_exists(path) && control_ask(path, span_str(order), 10000, NULL, NULL) == OK;
}

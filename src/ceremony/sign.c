/* atalaya keys sign: a root key's signature under a version. */
#include "ceremony/parts.h"
#include "os/options.h"

#include <stdio.h>
#include <string.h>

static bool is_root(const struct policy_head *head, const struct note_key *key)
{
    for (uint32_t i = 0; i < head->n_roots; i++) {
        if (memcmp(head->roots[i].public, key->public, 32) == 0) {
            return true;
        }
    }
    return false;
}

/* The note as it stands, whose text must be the version's; or the text and an empty line. */
static enum err begin_note(const struct policy_note *version, const char *path, const struct note_key *key,
                           struct buf *note, bool *there_already, struct why *why)
{
    struct span text, signatures;
    size_t by = 0;
    enum err err = file_read(path, POLICY_NOTE_MAX, note, NULL);
    if (err == ERR_MISSING) {
        buf_span(note, version->text);
        buf_char(note, '\n');
        return OK;
    }
    if (err != OK || note_split(buf_as_span(note), &text, &signatures) != OK ||
        !span_equal(text, version->text)) {
        return why_set(why, ERR_CONFLICT, "%s no es una nota de esta versión / is no note of this version",
                       path);
    }
    *there_already = note_verify(buf_as_span(note), key, 1, &text, &by, NULL) == OK;
    return OK;
}

enum err policy_sign(const struct policy_note *version, const char *note_path, const struct secret_key *key,
                     bool *there_already, struct why *why)
{
    struct buf note = {0};
    *there_already = false;
    enum err err = begin_note(version, note_path, &key->key, &note, there_already, why);
    if (err == OK && !*there_already) {
        note_sign(key, version->text, &note);
        err = note.err != OK ? why_set(why, note.err, "la ficha no firmó / the token did not sign")
                             : file_write(note_path, buf_as_span(&note), true, why);
    }
    buf_done(&note);
    return err;
}

static enum err sign(const char *path, const char *key_path, struct why *why)
{
    struct policy_note *version = NULL;
    struct signing_key key;
    struct buf told = {0};
    char note_path[FILE_PATH_MAX];
    bool there = false;
    snprintf(note_path, sizeof note_path, "%.4000s%s", path,
             span_ends(span_str(path), SPAN(".note")) ? "" : ".note");
    TRY(read_policy(path, &version, why));
    enum err err = keyfile_load(key_path, ceremony_ask, NULL, &key, why);
    if (err == OK) {
        policy_tell(version, false, &told);
        printf("%s\n", buf_cstr(&told));
        if (!is_root(&version->head, &key.secret.key)) {
            printf(
                "%s no es raíz de esta versión: su firma cuenta por la anterior, si lo era / is no root of this version\n",
                key.secret.key.name);
        }
        err = policy_sign(version, note_path, &key.secret, &there, why);
        if (err == OK) {
            printf("%s: %s %s\n", note_path,
                   there ? "ya la había firmado / had signed it already:" : "firmada por / signed by",
                   key.secret.key.name);
        }
        signing_key_done(&key);
    }
    policy_note_free(version);
    buf_done(&told);
    return err;
}

int ceremony_sign(int argc, char *argv[])
{
    const char *key = NULL;
    const char *words[1];
    size_t n = 0;
    struct why why = {{0}};
    const struct option_row rows[] = {
        {"key", "ARCHIVO", OPTION_TEXT, &key, 0, 0, true, "la clave raíz (pide su contraseña)",
         "the root key"},
    };
    const struct command command = {
        .program = "atalaya-keys sign",
        .usage = "policy.2 --key raiz-1.key",
        .es =
            "Dice qué versión es y la firma, en policy.2.note. Quien firma lee primero: sin red, en una máquina limpia.",
        .en =
            "Tells which version it is and signs it, into policy.2.note. Who signs reads first: offline, on a clean machine.",
        .rows = rows,
        .n_rows = 1,
        .min_words = 1,
        .max_words = 1,
    };
    int code = command_parse(&command, argc, argv, words, &n);
    if (code >= 0) {
        return code;
    }
    enum err err = sign(words[0], key, &why);
    return err == OK ? 0 : ceremony_failed("sign", err, &why);
}

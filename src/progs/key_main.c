/* atalaya-key: makes an Ed25519 key for signed notes: the secret in FILE (mode 0600), the verifier key in FILE.pub. A
 * program of its own, so that whoever prepares a night never holds a secret. */
#include "os/file.h"
#include "os/options.h"
#include "seal_secret/sign.h"

#include <stdio.h>

static enum err make(const char *name, const char *out, struct why *why)
{
    char public_path[FILE_PATH_MAX];
    struct secret_key key;
    struct buf secret = {0}, vkey = {0};
    snprintf(public_path, sizeof public_path, "%s.pub", out);
    if (file_exists(out)) {
        return why_set(why, ERR_EXISTS, "%s ya existe / exists already", out);
    }
    if (secret_key_new(span_str(name), &key) != OK) {
        return why_set(why, ERR_SYNTAX, "\"%s\" no sirve de nombre de clave / is no name for a key", name);
    }
    secret_key_print(&key, &secret);
    note_key_print(&key.key, &vkey);
    secret_key_wipe(&key);
    enum err err = file_write_private(out, buf_as_span(&secret), why);
    explicit_bzero(secret.at, secret.len);
    printf("%.*s\n", (int)vkey.len, vkey.at);
    buf_char(&vkey, '\n');
    if (err == OK) {
        err = file_write(public_path, buf_as_span(&vkey), true, why);
    }
    buf_done(&secret);
    buf_done(&vkey);
    return err;
}

int main(int argc, char **argv)
{
    const char *name = NULL, *out = NULL;
    struct why why = {{0}};
    const struct option_row rows[] = {
        {"name", "NOMBRE", OPTION_TEXT, &name, 0, 0, true, "nombre de la clave, el origen del libro",
         "the key's name, the log's origin"},
        {"out", "ARCHIVO", OPTION_TEXT, &out, 0, 0, true, "dónde queda la clave secreta",
         "where the secret key goes"},
    };
    const struct command command = {
        .program = "atalaya-key",
        .usage = "--name prep.example.mx/2027 --out DIR/keys/cut.key",
        .es =
            "Hace una clave de firma Ed25519: la secreta (modo 0600) y, al lado, ARCHIVO.pub con la clave que otros fijan para "
            "verificar, que también imprime. No reemplaza una clave que ya existe.",
        .en =
            "Makes an Ed25519 signing key: the secret (mode 0600) and, beside it, FILE.pub with the key that others pin to "
            "verify, which it prints too. It never replaces a key that exists.",
        .rows = rows,
        .n_rows = sizeof rows / sizeof *rows,
    };
    int code = command_parse(&command, argc, argv, NULL, NULL);
    if (code >= 0) {
        return code;
    }
    if (make(name, out, &why) != OK) {
        fprintf(stderr, "atalaya key: %s\n", why.text);
        return 2;
    }
    return 0;
}

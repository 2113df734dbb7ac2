/* atalaya-key: makes an Ed25519 key for signed notes: the secret in FILE (mode 0600), the verifier key in FILE.pub. A
 * program of its own, so that whoever prepares a night never holds a secret. */
#include "os/file.h"
#include "seal_secret/sign.h"

#include <getopt.h>
#include <stdio.h>

static const char help[] =
    "atalaya key: hace una clave de firma / makes a signing key\n"
    "\n"
    "  atalaya key --name prep.example.mx/2027 --out DIR/keys/cut.key\n"
    "\n"
    "Escribe la clave secreta (modo 0600) y, al lado, ARCHIVO.pub con la clave que otros fijan para verificar; también\n"
    "la imprime. No reemplaza una clave que ya existe.\n"
    "Writes the secret key (mode 0600) and, beside it, FILE.pub with the key that others pin to verify; prints it too.\n"
    "It never replaces a key that exists.\n";

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
    static const struct option options[] = {
        {"name", required_argument, NULL, 'n'},
        {"out", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *name = NULL, *out = NULL;
    struct why why = {{0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return 0;
        }
        name = option == 'n' ? optarg : name;
        out = option == 'o' ? optarg : out;
    }
    if (name == NULL || out == NULL || optind != argc) {
        fputs(help, stderr);
        return 2;
    }
    if (make(name, out, &why) != OK) {
        fprintf(stderr, "atalaya key: %s\n", why.text);
        return 2;
    }
    return 0;
}

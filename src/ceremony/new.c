/* atalaya keys new: one key, in a file or in a token. */
#include "ceremony/parts.h"
#include "os/options.h"
#include "tally/election.h"
#include "tlog/cosignature.h"

#include <stdio.h>
#include <string.h>

struct wish {
    const char *role, *name, *out;
    bool passphrase;
    struct token_words token;
};

static enum err make_file(const struct wish *wish, struct why *why)
{
    struct secret_key key;
    char passphrase[PASSPHRASE_MAX];
    size_t len = 0;
    if (secret_key_new(span_str(wish->name), &key) != OK) {
        return why_set(why, ERR_SYNTAX, "\"%s\" no sirve de nombre de clave / is no name for a key",
                       wish->name);
    }
    enum err err = wish->passphrase ? ceremony_ask_new(wish->name, passphrase, &len, why) : OK;
    err = err != OK ? err : keyfile_write(wish->out, &key, span_of(passphrase, len), why);
    explicit_bzero(passphrase, sizeof passphrase);
    secret_key_wipe(&key);
    return err;
}

/* A witness's verifier key is of the cosignature's type: FILE.pub says so. */
static enum err show_cosigner(const char *path, struct buf *vkey, struct why *why)
{
    struct note_key key;
    TRY(note_key_parse(buf_as_span(vkey), &key, why));
    buf_clear(vkey);
    cosigner_print(&key, vkey);
    struct buf line = {0};
    buf_printf(&line, "%s\n", buf_cstr(vkey));
    enum err err = file_write(path, buf_as_span(&line), true, why);
    buf_done(&line);
    return err;
}

static enum err make(const struct wish *wish, struct why *why)
{
    static const char *const roles[] = {"root", "log", "cut", "difusor", "witness"};
    char path[FILE_PATH_MAX];
    struct buf vkey = {0};
    bool known = false;
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        known = known || strcmp(wish->role, roles[i]) == 0;
    }
    if (!known) {
        return why_set(why, ERR_SYNTAX, "--role: root, log, cut, difusor, witness");
    }
    TRY(wish->token.module == NULL ? make_file(wish, why)
                                   : keyfile_write_token(wish->out, span_str(wish->name), &wish->token, why));
    snprintf(path, sizeof path, "%.4000s.pub", wish->out);
    enum err err = read_vkey(path, &vkey, why);
    if (err == OK && strcmp(wish->role, "witness") == 0) {
        err = show_cosigner(path, &vkey, why);
    }
    if (err == OK) {
        printf("%s\n", buf_cstr(&vkey));
        fprintf(
            stderr, "%s\n",
            origin_is_drill(span_str(wish->name))
                ? "  clave de simulacro: su nombre lo dice, y la noche no la acepta / a drill's key, by its name"
                : "  clave de la elección: ningún simulacro la acepta / the election's key: no drill takes it");
    }
    buf_done(&vkey);
    return err;
}

int ceremony_new(int argc, char *argv[])
{
    struct wish wish = {0};
    struct why why = {{0}};
    const struct option_row rows[] = {
        {"role", "PAPEL", OPTION_TEXT, &wish.role, 0, 0, true, "root, log, cut, difusor o witness",
         "what it will sign"},
        {"name", "NOMBRE", OPTION_TEXT, &wish.name, 0, 0, true,
         "log y cut: el origen de la elección; las demás, uno propio", "log and cut: the election's origin"},
        {"out", "ARCHIVO", OPTION_TEXT, &wish.out, 0, 0, true,
         "dónde queda la secreta, modo 0600; al lado, ARCHIVO.pub", "where the secret goes"},
        {"passphrase", NULL, OPTION_FLAG, &wish.passphrase, 0, 0, false,
         "la guarda bajo contraseña (Argon2id): raíces", "keeps it under a passphrase"},
        {"module", "RUTA", OPTION_TEXT, &wish.token.module, 0, 0, false,
         "PKCS#11: la clave nace y queda en la ficha; con --token, --key y --pin",
         "the key is born in a token and stays there"},
        {"token", "ETIQUETA", OPTION_TEXT, &wish.token.token, 0, 0, false, "cuál ficha", "which token"},
        {"key", "ETIQUETA", OPTION_TEXT, &wish.token.key, 0, 0, false, "cómo se llamará en ella",
         "its label there"},
        {"pin", "ARCHIVO", OPTION_TEXT, &wish.token.pin, 0, 0, false, "archivo 0600 con el PIN",
         "file with the PIN"},
        {"path", "DIR", OPTION_TEXT, &wish.token.path, 0, 0, false,
         "carpeta que el módulo necesita y la celda del firmante deja pasar", "folder that the module needs"},
    };
    const struct command command = {
        .program = "atalaya-keys new",
        .usage = "--role root --name prep.example.mx/2027/raiz-1 --out raiz-1.key [--passphrase]",
        .es =
            "Hace una clave Ed25519 y no reemplaza ninguna. Imprime la clave pública, que es lo que se publica y se fija.",
        .en =
            "Makes an Ed25519 key and replaces none. Prints the verifier key, which is what is published and pinned.",
        .rows = rows,
        .n_rows = sizeof rows / sizeof *rows,
    };
    int code = command_parse(&command, argc, argv, NULL, NULL);
    if (code >= 0) {
        return code;
    }
    bool whole = wish.token.module == NULL || (wish.token.token != NULL && wish.token.key != NULL &&
                                               wish.token.pin != NULL && !wish.passphrase);
    enum err err = whole
                       ? make(&wish, &why)
                       : why_set(&why, ERR_SYNTAX, "--module va con --token, --key y --pin / goes with them");
    return err == OK ? 0 : ceremony_failed("new", err, &why);
}

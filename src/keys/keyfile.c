/* Key files: reading each of the three forms, and writing them. */
#include "keys/keyfile.h"

#include "base/codec.h"
#include "keys/token_key.h"
#include "tlog/lines.h"

#include <stdio.h>
#include <sys/stat.h>

enum err private_read(const char *path, struct buf *out, struct why *why)
{
    struct stat about;
    if (stat(path, &about) == 0 && (about.st_mode & 077) != 0) {
        return why_set(
            why, ERR_REFUSED,
            "%s: modo %03o, otros pueden leerla; chmod 600 y piense si ya la leyeron / others may read it",
            path, about.st_mode & 0777U);
    }
    return file_read(path, KEYFILE_MAX, out, why);
}

static enum err unlock(struct span text, keyfile_ask ask, void *arg, struct secret_key *out, struct why *why)
{
    struct lines lines;
    struct note_key key;
    struct buf sealed = {0};
    char passphrase[PASSPHRASE_MAX];
    size_t len = 0;
    lines_init(&lines, text, why);
    lines_literal(&lines, "prep-secret/v1");
    struct span vkey = lines_value(&lines, "vkey");
    lines_expect(&lines, base64_parse(lines_value(&lines, "sealed"), &sealed) == OK, "the box is no base64");
    enum err err = lines_end(&lines);
    err = err != OK ? err : note_key_parse(vkey, &key, why);
    if (err == OK && ask == NULL) {
        err = why_set(
            why, ERR_REFUSED,
            "la clave %s pide una contraseña: no sirve a un papel que corre solo / needs a passphrase",
            key.name);
    }
    err = err != OK ? err : ask(arg, key.name, passphrase, &len);
    if (err == OK) {
        err = secret_key_unlock(span_str(key.name), buf_as_span(&sealed), span_of(passphrase, len), out);
        err = err == OK && memcmp(out->key.public, key.public, 32) != 0 ? ERR_FORGED : err;
        err = err == OK ? OK : why_set(why, err, "%s: no es la contraseña / not the passphrase", key.name);
    }
    explicit_bzero(passphrase, sizeof passphrase);
    buf_done(&sealed);
    return err;
}

enum err keyfile_load(const char *path, keyfile_ask ask, void *arg, struct signing_key *out, struct why *why)
{
    struct signing_key key = {.token = NULL};
    struct buf text;
    buf_init(&text, KEYFILE_MAX);
    enum err err = private_read(path, &text, why);
    struct span bytes = buf_as_span(&text);
    if (err == OK && span_starts(bytes, SPAN("prep-token/v1\n"))) {
        err = token_key_open(bytes, &key, why);
    } else if (err == OK && span_starts(bytes, SPAN("prep-secret/v1\n"))) {
        err = unlock(bytes, ask, arg, &key.secret, why);
    } else if (err == OK) {
        err = secret_key_parse(bytes, &key.secret, why);
    }
    if (text.at != NULL) {
        explicit_bzero(text.at, text.cap);
    }
    buf_done(&text);
    if (err != OK) {
        signing_key_done(&key);
        return why_prefix(why, err, "%s", path);
    }
    *out = key;
    secret_key_wipe(&key.secret);
    return OK;
}

void signing_key_done(struct signing_key *key)
{
    token_key_close(key);
    secret_key_wipe(&key->secret);
}

enum err keyfile_write_pair(const char *path, const struct note_key *key, struct span secret, struct why *why)
{
    char public_path[FILE_PATH_MAX];
    struct buf vkey = {0};
    if ((size_t)snprintf(public_path, sizeof public_path, "%s.pub", path) >= sizeof public_path) {
        return why_set(why, ERR_TOO_BIG, "%s: ruta demasiado larga / path too long", path);
    }
    if (file_exists(path) || file_exists(public_path)) {
        return why_set(why, ERR_EXISTS, "%s ya existe / exists already",
                       file_exists(path) ? path : public_path);
    }
    note_key_print(key, &vkey);
    buf_char(&vkey, '\n');
    enum err err = file_write_private(path, secret, why);
    err = err != OK ? err : file_write(public_path, buf_as_span(&vkey), true, why);
    buf_done(&vkey);
    return err;
}

enum err keyfile_write(const char *path, const struct secret_key *key, struct span passphrase,
                       struct why *why)
{
    struct buf text = {0};
    struct buf sealed = {0};
    if (passphrase.len == 0) {
        secret_key_print(key, &text);
    } else {
        secret_key_lock(key, passphrase, &sealed);
        buf_str(&text, "prep-secret/v1\nvkey ");
        note_key_print(&key->key, &text);
        buf_str(&text, "\nsealed ");
        base64_print(&text, sealed.at, sealed.len);
        buf_char(&text, '\n');
    }
    enum err err = keyfile_write_pair(path, &key->key, buf_as_span(&text), why);
    explicit_bzero(text.at, text.cap);
    buf_done(&text);
    buf_done(&sealed);
    return err;
}

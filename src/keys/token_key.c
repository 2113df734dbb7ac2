/* Keys in a token: the file says where, the PIN lies in a file of its own. */
#include "keys/token_key.h"

#include "pkcs11/pkcs11.h"
#include "tlog/lines.h"

#include <stdio.h>

enum { WORD_MAX = 512 };

struct place {
    struct note_key key;
    char module[WORD_MAX], token[WORD_MAX], label[WORD_MAX], pin[WORD_MAX], path[WORD_MAX];
};

static enum err parse(struct span text, struct place *out, struct why *why)
{
    const struct {
        const char *name;
        char *to;
    } rows[] = {{"module", out->module},
                {"token", out->token},
                {"key", out->label},
                {"pin", out->pin},
                {"path", out->path}};
    struct lines lines;
    lines_init(&lines, text, why);
    lines_literal(&lines, "prep-token/v1");
    struct span vkey = lines_value(&lines, "vkey");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        lines_expect(&lines, span_copy(lines_value(&lines, rows[i].name), rows[i].to, WORD_MAX),
                     "the value is too long");
    }
    TRY(lines_end(&lines));
    lines_expect(&lines, out->module[0] == '/' && out->pin[0] == '/', "module and pin are absolute paths");
    TRY(lines.err);
    return note_key_parse(vkey, &out->key, why);
}

static enum err with_pin(const char *path, struct token_place *place, bool make, struct token **out,
                         struct why *why)
{
    struct buf pin;
    buf_init(&pin, KEYFILE_MAX);
    enum err err = private_read(path, &pin, why);
    place->pin = span_trim(buf_as_span(&pin));
    if (err == OK) {
        err = make ? token_make_key(place, out, why) : token_open(place, out, why);
    }
    if (pin.at != NULL) {
        explicit_bzero(pin.at, pin.cap);
    }
    buf_done(&pin);
    return err;
}

enum err token_key_open(struct span text, struct signing_key *out, struct why *why)
{
    static struct place place; /* one key a process is opened at a time */
    struct token *token = NULL;
    uint8_t public[32];
    TRY(parse(text, &place, why));
    struct token_place where = {.module = place.module, .token = place.token, .key = place.label};
    TRY(with_pin(place.pin, &where, false, &token, why));
    token_public(token, public);
    if (memcmp(public, place.key.public, 32) != 0) {
        token_close(token);
        return why_set(why, ERR_CONFLICT,
                       "la clave \"%s\" de la ficha es otra que la del archivo / not the file's key",
                       place.label);
    }
    *out = (struct signing_key){.token = token,
                                .secret = {.key = place.key, .sign = token_sign, .token = token}};
    snprintf(out->path, sizeof out->path, "%s", strcmp(place.path, "-") == 0 ? "" : place.path);
    return OK;
}

void token_key_close(struct signing_key *key)
{
    token_close(key->token);
    key->token = NULL;
}

enum err keyfile_write_token(const char *path, struct span name, const struct token_words *words,
                             struct why *why)
{
    struct token *token = NULL;
    struct note_key key;
    struct buf text = {0};
    uint8_t public[32];
    if (words->module[0] != '/' || words->pin[0] != '/') {
        return why_set(why, ERR_SYNTAX, "--module y --pin son rutas absolutas / are absolute paths");
    }
    if (file_exists(path)) {
        return why_set(why, ERR_EXISTS, "%s ya existe / exists already", path);
    }
    struct token_place where = {.module = words->module, .token = words->token, .key = words->key};
    TRY(with_pin(words->pin, &where, true, &token, why));
    token_public(token, public);
    token_close(token);
    if (note_key_make(name, public, &key) != OK) {
        return why_set(why, ERR_SYNTAX, "\"%.*s\" no sirve de nombre de clave / is no name for a key",
                       SPAN_ARG(name));
    }
    buf_str(&text, "prep-token/v1\nvkey ");
    note_key_print(&key, &text);
    buf_printf(&text, "\nmodule %s\ntoken %s\nkey %s\npin %s\npath %s\n", words->module, words->token,
               words->key, words->pin, words->path == NULL ? "-" : words->path);
    enum err err = keyfile_write_pair(path, &key, buf_as_span(&text), why);
    buf_done(&text);
    return err;
}

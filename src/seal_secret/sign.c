/* Ed25519 secret keys: making, reading, signing, wiping. */
#include "seal_secret/sign.h"

#include "seal_secret/secret.h"

#include "base/codec.h"

#include <assert.h>
#include <sodium.h>

static const char PREFIX[] = "PRIVATE+KEY+";

enum err secret_key_from_seed(struct span name, const uint8_t seed[32], struct secret_key *out)
{
    struct secret_key key = {0};
    uint8_t public[32];
    crypto_sign_ed25519_seed_keypair(public, key.secret, seed);
    enum err err = note_key_make(name, public, &key.key);
    if (err == OK) {
        *out = key;
    }
    secret_key_wipe(&key);
    return err;
}

enum err secret_key_new(struct span name, struct secret_key *out)
{
    if (sodium_init() < 0) {
        return ERR_IO;
    }
    uint8_t seed[32];
    randombytes_buf(seed, sizeof seed);
    enum err err = secret_key_from_seed(name, seed, out);
    sodium_memzero(seed, sizeof seed);
    return err;
}

void secret_key_wipe(struct secret_key *key)
{
    sodium_memzero(key, sizeof *key);
}

static enum err parse_fields(struct span text, struct span *name, struct span *id, struct buf *typed_seed)
{
    struct span rest = span_trim(text);
    if (!span_starts(rest, span_str(PREFIX))) {
        return ERR_SYNTAX;
    }
    rest = span_from(rest, sizeof PREFIX - 1);
    *name = span_cut(&rest, '+');
    *id = span_cut(&rest, '+');
    if (rest.at == NULL) {
        return ERR_SYNTAX;
    }
    TRY(base64_parse(rest, typed_seed));
    return typed_seed->len == 33 && typed_seed->at[0] == 1 ? OK : ERR_SYNTAX;
}

enum err secret_key_parse(struct span text, struct secret_key *out, struct why *why)
{
    struct buf typed_seed;
    buf_init(&typed_seed, 64);
    struct span name;
    struct span id;
    uint8_t stated[4] = {0};
    struct secret_key key = {0};
    enum err err = parse_fields(text, &name, &id, &typed_seed);
    if (err == OK) {
        err = hex_parse(id, stated, 4);
    }
    if (err == OK) {
        err = secret_key_from_seed(name, (const uint8_t *)typed_seed.at + 1, &key);
    }
    if (err == OK && memcmp(key.key.id, stated, 4) != 0) {
        err = ERR_FORGED;
    }
    if (typed_seed.at != NULL) {
        sodium_memzero(typed_seed.at, typed_seed.len);
    }
    buf_done(&typed_seed);
    if (err != OK) {
        return why_set(why, err, "not a secret key: it has the form PRIVATE+KEY+name+8 hex digits+base64");
    }
    *out = key;
    secret_key_wipe(&key);
    return OK;
}

void secret_key_print(const struct secret_key *key, struct buf *out)
{
    char id[9];
    hex_print(id, key->key.id, 4);
    uint8_t typed_seed[33] = {1};
    memcpy(typed_seed + 1, key->secret, 32); /* libsodium keeps the seed first */
    buf_str(out, PREFIX);
    buf_str(out, key->key.name);
    buf_char(out, '+');
    buf_str(out, id);
    buf_char(out, '+');
    base64_print(out, typed_seed, sizeof typed_seed);
    buf_char(out, '\n');
    sodium_memzero(typed_seed, sizeof typed_seed);
}

void ed25519_sign(const struct secret_key *key, struct span message, uint8_t signature[64])
{
    assert(key->sign == NULL);
    int failed = crypto_sign_ed25519_detached(signature, NULL, (const unsigned char *)message.at, message.len,
                                              key->secret);
    assert(failed == 0);
}

enum err secret_key_sign(const struct secret_key *key, struct span message, uint8_t signature[64])
{
    if (key->sign != NULL) {
        return key->sign(key->token, message, signature);
    }
    ed25519_sign(key, message, signature);
    return OK;
}

void blake2b_512(struct span bytes, uint8_t out[64])
{
    int failed = crypto_generichash(out, 64, (const unsigned char *)bytes.at, bytes.len, NULL, 0);
    assert(failed == 0);
}

void note_sign(const struct secret_key *key, struct span text, struct buf *out)
{
    uint8_t line[4 + 64];
    memcpy(line, key->key.id, 4);
    if (secret_key_sign(key, text, line + 4) != OK) {
        out->err = out->err == OK ? ERR_IO : out->err;
        return;
    }
    buf_str(out, "\xe2\x80\x94 ");
    buf_str(out, key->key.name);
    buf_char(out, ' ');
    base64_print(out, line, sizeof line);
    buf_char(out, '\n');
}

void note_make(const struct secret_key *key, struct span text, struct buf *out)
{
    assert(text.len > 0 && text.at[text.len - 1] == '\n');
    buf_span(out, text);
    buf_char(out, '\n');
    note_sign(key, text, out);
}

/* Secrets under a passphrase, for keys that lie in a safe: Argon2id makes a key of the passphrase, a secret box holds the
 * seed. */
#include "seal_secret/sign.h"

#include <assert.h>
#include <sodium.h>

enum {
    SALT = crypto_pwhash_SALTBYTES,
    NONCE = crypto_secretbox_NONCEBYTES,
    SEED = 32,
    BOX = SEED + crypto_secretbox_MACBYTES,
    HEAD = 8 + SALT + NONCE,
    OPS = 3,             /* libsodium's "moderate" */
    MEMORY_KIB = 262144, /* 256 MiB */
    OPS_MAX = 16,
    MEMORY_KIB_MAX = 1048576
};

static void put_u32(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        to[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static uint32_t get_u32(const uint8_t *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static bool derive(struct span passphrase, const uint8_t head[HEAD], uint8_t out[crypto_secretbox_KEYBYTES])
{
    return crypto_pwhash(out, crypto_secretbox_KEYBYTES, passphrase.at, passphrase.len, head + 8,
                         get_u32(head), (size_t)get_u32(head + 4) * 1024, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

void secret_key_lock(const struct secret_key *key, struct span passphrase, struct buf *out)
{
    uint8_t bytes[HEAD + BOX];
    uint8_t box_key[crypto_secretbox_KEYBYTES];
    assert(key->sign == NULL && sodium_init() >= 0);
    put_u32(bytes, OPS);
    put_u32(bytes + 4, MEMORY_KIB);
    randombytes_buf(bytes + 8, SALT + NONCE);
    bool derived = derive(passphrase, bytes, box_key);
    assert(derived); /* no 256 MiB: nothing was written */
    crypto_secretbox_easy(bytes + HEAD, key->secret, SEED, bytes + 8 + SALT, box_key);
    sodium_memzero(box_key, sizeof box_key);
    buf_add(out, bytes, sizeof bytes);
}

enum err secret_key_unlock(struct span name, struct span bytes, struct span passphrase,
                           struct secret_key *out)
{
    const uint8_t *at = (const uint8_t *)bytes.at;
    if (bytes.len != HEAD + BOX || sodium_init() < 0) {
        return ERR_SYNTAX;
    }
    uint32_t ops = get_u32(at), memory = get_u32(at + 4);
    if (ops < 1 || ops > OPS_MAX || memory < 8 || memory > MEMORY_KIB_MAX) {
        return ERR_RANGE;
    }
    uint8_t box_key[crypto_secretbox_KEYBYTES], seed[SEED];
    bool good = derive(passphrase, at, box_key) &&
                crypto_secretbox_open_easy(seed, at + HEAD, BOX, at + 8 + SALT, box_key) == 0;
    enum err err = good ? secret_key_from_seed(name, seed, out) : ERR_FORGED;
    sodium_memzero(box_key, sizeof box_key);
    sodium_memzero(seed, sizeof seed);
    return err;
}

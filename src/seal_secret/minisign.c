/* minisign's files (algorithm "ED": Ed25519 over the file's BLAKE2b-512), so that its users can check ours.
 * The key id that minisign wants is eight bytes; ours are the four of the note key, twice. */
#include "seal_secret/sign.h"

#include "seal_secret/secret.h"

#include "base/codec.h"

#include <assert.h>

static void key_id(const struct note_key *key, uint8_t out[8])
{
    memcpy(out, key->id, 4);
    memcpy(out + 4, key->id, 4);
}

void minisign_make(const struct secret_key *key, struct span file, struct span trusted_comment,
                   struct buf *out)
{
    assert(memchr(trusted_comment.at, '\n', trusted_comment.len) == NULL);
    uint8_t hash[64];
    blake2b_512(file, hash);
    uint8_t line[2 + 8 + 64] = {'E', 'D'};
    key_id(&key->key, line + 2);
    enum err err = secret_key_sign(key, span_of((const char *)hash, sizeof hash), line + 10);

    /* The second signature covers the first and the comment. */
    struct buf both;
    buf_init(&both, 0);
    buf_add(&both, line + 10, 64);
    buf_span(&both, trusted_comment);
    uint8_t global[64];
    err = err != OK ? err : secret_key_sign(key, buf_as_span(&both), global);
    buf_done(&both);
    if (err != OK) {
        out->err = out->err == OK ? err : out->err;
        return;
    }

    buf_printf(out, "untrusted comment: signature by %s\n", key->key.name);
    base64_print(out, line, sizeof line);
    buf_str(out, "\ntrusted comment: ");
    buf_span(out, trusted_comment);
    buf_char(out, '\n');
    base64_print(out, global, sizeof global);
    buf_char(out, '\n');
}

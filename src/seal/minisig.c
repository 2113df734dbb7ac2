/* Four lines: an untrusted comment, "ED" || key id || signature of the file's BLAKE2b-512, a trusted comment, and the
 * signature over both. */
#include "seal/minisig.h"

#include "base/codec.h"
#include "seal/ed25519.h"

static enum err take_base64(struct span line, size_t len, struct buf *out)
{
    buf_clear(out);
    return base64_parse(line, out) == OK && out->len == len ? OK : ERR_SYNTAX;
}

/* The first line is under no signature, so it has one spelling. */
static bool names(struct span line, const struct note_key *key)
{
    static const struct span before = SPAN("untrusted comment: signature by ");
    return span_starts(line, before) && span_is(span_from(line, before.len), key->name);
}

static enum err verify(const struct note_key *key, struct span file, struct span minisig, struct buf *first,
                       struct buf *global)
{
    struct span lines[4];
    uint8_t hash[64];
    for (int i = 0; i < 4; i++) {
        if (!span_line(&minisig, &lines[i])) {
            return ERR_SYNTAX;
        }
    }
    if (!names(lines[0], key) || !span_starts(lines[2], SPAN("trusted comment: ")) || minisig.len != 0) {
        return ERR_SYNTAX;
    }
    TRY(take_base64(lines[1], 2 + 8 + 64, first));
    TRY(take_base64(lines[3], 64, global));
    if (memcmp(first->at, "ED", 2) != 0 || memcmp(first->at + 2, key->id, 4) != 0 ||
        memcmp(first->at + 6, key->id, 4) != 0) {
        return ERR_FORGED;
    }
    blake2b_512_of(file, hash);
    if (!ed25519_verify(key->public, span_of((const char *)hash, sizeof hash),
                        (const uint8_t *)first->at + 10)) {
        return ERR_FORGED;
    }
    struct buf both = {0};
    buf_add(&both, first->at + 10, 64);
    buf_span(&both, span_from(lines[2], strlen("trusted comment: ")));
    bool good = ed25519_verify(key->public, buf_as_span(&both), (const uint8_t *)global->at);
    buf_done(&both);
    return good ? OK : ERR_FORGED;
}

enum err minisig_verify(const struct note_key *key, struct span file, struct span minisig, struct why *why)
{
    struct buf first = {0};
    struct buf global = {0};
    enum err err = verify(key, file, minisig, &first, &global);
    buf_done(&first);
    buf_done(&global);
    return err == OK ? OK
                     : why_set(why, err,
                               err == ERR_SYNTAX ? "it is not a minisign signature"
                                                 : "the minisign signature does not verify");
}

void minisign_public(const struct note_key *key, struct buf *out)
{
    uint8_t line[2 + 8 + 32] = {'E', 'd'};
    memcpy(line + 2, key->id, 4);
    memcpy(line + 6, key->id, 4);
    memcpy(line + 10, key->public, 32);
    buf_printf(out, "untrusted comment: minisign public key of %s\n", key->name);
    base64_print(out, line, sizeof line);
    buf_char(out, '\n');
}

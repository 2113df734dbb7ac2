/* Cosignatures: the message and its verification. */
#include "tlog/cosignature.h"

#include "base/codec.h"
#include "seal/note.h"

void cosignature_message(struct span checkpoint_text, uint64_t time_s, struct buf *out)
{
    buf_str(out, "cosignature/v1\ntime ");
    buf_u64(out, time_s);
    buf_char(out, '\n');
    buf_span(out, checkpoint_text);
}

bool cosignature_verify(const uint8_t public[32], struct span checkpoint_text, struct span bytes,
                        uint64_t *time_s)
{
    uint64_t time = 0;
    if (bytes.len != COSIGNATURE_LEN) {
        return false;
    }
    for (size_t i = 0; i < 8; i++) {
        time = time << 8 | (uint8_t)bytes.at[i];
    }
    if (time == 0 || time > INT64_MAX) {
        return false;
    }
    struct buf message;
    buf_init(&message, 0);
    cosignature_message(checkpoint_text, time, &message);
    bool good = ed25519_verify(public, buf_as_span(&message), (const uint8_t *)bytes.at + 8);
    buf_done(&message);
    if (good) {
        *time_s = time;
    }
    return good;
}

void cosigner_print(const struct note_key *key, struct buf *out)
{
    uint8_t id[4];
    uint8_t typed[33] = {NOTE_COSIGNATURE};
    char hex[9];
    note_key_id(span_str(key->name), NOTE_COSIGNATURE, span_of((const char *)key->public, 32), id);
    hex_print(hex, id, 4);
    memcpy(typed + 1, key->public, 32);
    buf_printf(out, "%s+%s+", key->name, hex);
    base64_print(out, typed, sizeof typed);
}

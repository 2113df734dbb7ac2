/* Signed notes and verifier keys, after C2SP signed-note v1.0.0. Hashes of names go through SHA-256. */
#include "seal/note.h"

#include "base/codec.h"
#include "seal/digest.h"

static const struct span DASH = {"\xe2\x80\x94 ", 4}; /* em dash, space */

static bool name_is_sound(struct span name)
{
    if (name.len == 0 || name.len > KEY_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];
        if (c <= ' ' || c >= 0x7f || c == '+') { /* our names are ASCII, narrower than the format */
            return false;
        }
    }
    return true;
}

void note_key_id(struct span name, uint8_t type, struct span raw, uint8_t id[4])
{
    struct digest *digest = digest_new();
    digest_add(digest, name.at, name.len);
    digest_add(digest, "\n", 1);
    digest_add(digest, &type, 1);
    digest_add(digest, raw.at, raw.len);
    uint8_t hash[DIGEST_LEN];
    digest_end(digest, hash);
    digest_free(digest);
    memcpy(id, hash, 4);
}

enum err note_key_make(struct span name, const uint8_t public[32], struct note_key *out)
{
    if (!name_is_sound(name) || !ed25519_key_is_sound(public)) {
        return ERR_RANGE;
    }
    struct note_key key;
    span_copy(name, key.name, sizeof key.name);
    memcpy(key.public, public, 32);
    note_key_id(name, NOTE_ED25519, span_of((const char *)public, 32), key.id);
    *out = key;
    return OK;
}

static enum err check_id(const struct note_vkey *key, struct span raw, struct why *why)
{
    uint8_t id[4];
    if (!name_is_sound(key->name)) {
        return why_set(why, ERR_RANGE, "verifier key: its name is not plain ASCII of at most %d characters",
                       KEY_NAME_MAX);
    }
    note_key_id(key->name, key->type, raw, id);
    return memcmp(key->id, id, 4) == 0
               ? OK
               : why_set(why, ERR_FORGED, "verifier key %.*s: its id does not belong to its bytes",
                         SPAN_ARG(key->name));
}

enum err note_vkey_split(struct span vkey, struct note_vkey *out, struct buf *raw, struct why *why)
{
    struct span rest = span_trim(vkey);
    struct note_vkey key = {.name = span_cut(&rest, '+')};
    struct span id = span_cut(&rest, '+');
    struct buf bytes;
    buf_init(&bytes, 4096);
    enum err err =
        rest.at == NULL || hex_parse(id, key.id, 4) != OK ? ERR_SYNTAX : base64_parse(rest, &bytes);
    if (err != OK || bytes.err != OK || bytes.len < 2) {
        buf_done(&bytes);
        return why_set(why, ERR_SYNTAX, "not a verifier key: it has the form name+8 hex digits+base64");
    }
    key.type = (uint8_t)bytes.at[0];
    err = check_id(&key, span_from(buf_as_span(&bytes), 1), why);
    if (err == OK) {
        buf_add(raw, bytes.at + 1, bytes.len - 1);
        *out = key;
    }
    buf_done(&bytes);
    return err;
}

enum err note_key_parse(struct span vkey, struct note_key *out, struct why *why)
{
    struct note_vkey split;
    struct buf raw;
    buf_init(&raw, 0);
    enum err err = note_vkey_split(vkey, &split, &raw, why);
    if (err == OK && (split.type != NOTE_ED25519 || raw.len != 32)) {
        err = why_set(why, ERR_SYNTAX, "verifier key %.*s: its type is not Ed25519", SPAN_ARG(split.name));
    }
    if (err == OK && note_key_make(split.name, (const uint8_t *)raw.at, out) != OK) {
        err =
            why_set(why, ERR_RANGE, "verifier key %.*s: its point is not a sound one", SPAN_ARG(split.name));
    }
    buf_done(&raw);
    return err;
}

void note_key_print(const struct note_key *key, struct buf *out)
{
    char id[9];
    hex_print(id, key->id, 4);
    uint8_t typed[33] = {NOTE_ED25519};
    memcpy(typed + 1, key->public, 32);
    buf_str(out, key->name);
    buf_char(out, '+');
    buf_str(out, id);
    buf_char(out, '+');
    base64_print(out, typed, sizeof typed);
}

static bool text_is_clean(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.at[i] < ' ' && text.at[i] != '\n') {
            return false;
        }
    }
    return true;
}

enum err note_split(struct span note, struct span *text, struct span *signatures)
{
    if (note.len < 3 || note.at[note.len - 1] != '\n' || !text_is_clean(note)) {
        return ERR_SYNTAX;
    }
    for (size_t i = note.len - 1; i > 0; i--) {
        if (note.at[i] == '\n' && note.at[i - 1] == '\n') {
            *text = span_of(note.at, i);
            *signatures = span_from(note, i + 1);
            return signatures->len > 0 ? OK : ERR_SYNTAX;
        }
    }
    return ERR_SYNTAX;
}

enum err note_signature_next(struct span *rest, struct span *name, uint8_t id[4], struct buf *signature)
{
    struct span line;
    if (!span_line(rest, &line)) {
        return ERR_AGAIN;
    }
    if (!span_starts(line, DASH)) {
        return ERR_SYNTAX;
    }
    struct span fields = span_from(line, DASH.len);
    struct span key_name = span_cut(&fields, ' ');
    if (key_name.len == 0 || fields.at == NULL) {
        return ERR_SYNTAX;
    }
    struct buf bytes;
    buf_init(&bytes, 8192);
    enum err err = base64_parse(fields, &bytes);
    if (err == OK && bytes.len < 5) {
        err = ERR_SYNTAX;
    }
    if (err == OK) {
        *name = key_name;
        memcpy(id, bytes.at, 4);
        buf_add(signature, bytes.at + 4, bytes.len - 4);
        err = signature->err;
    }
    buf_done(&bytes);
    return err;
}

static size_t find_key(const struct note_key *keys, size_t n_keys, struct span name, const uint8_t id[4])
{
    for (size_t i = 0; i < n_keys; i++) {
        if (span_is(name, keys[i].name) && memcmp(keys[i].id, id, 4) == 0) {
            return i;
        }
    }
    return n_keys;
}

/* Walks the signature lines; *found is the first known key, n_keys when there is none. */
static enum err check_signatures(struct span text, struct span lines, const struct note_key *keys,
                                 size_t n_keys, size_t *found, struct why *why)
{
    struct buf signature;
    buf_init(&signature, 8192);
    *found = n_keys;
    enum err err = OK;
    for (size_t n = 0; err == OK; n++) {
        struct span name;
        uint8_t id[4];
        buf_clear(&signature);
        err = n < NOTE_SIGNATURES_MAX ? note_signature_next(&lines, &name, id, &signature) : ERR_TOO_BIG;
        if (err != OK) {
            break;
        }
        size_t key = find_key(keys, n_keys, name, id);
        if (key == n_keys) {
            continue; /* unknown keys do not count, for or against */
        }
        if (signature.len != 64 || !ed25519_verify(keys[key].public, text, (const uint8_t *)signature.at)) {
            err = why_set(why, ERR_FORGED, "the signature of %s does not verify", keys[key].name);
        } else if (*found == n_keys) {
            *found = key;
        }
    }
    buf_done(&signature);
    return err == ERR_AGAIN ? OK : err;
}

enum err note_verify(struct span note, const struct note_key *keys, size_t n_keys, struct span *text,
                     size_t *by, struct why *why)
{
    struct span body;
    struct span lines;
    if (note_split(note, &body, &lines) != OK) {
        return why_set(why, ERR_SYNTAX, "not a signed note: text, an empty line, signature lines");
    }
    size_t found = n_keys;
    enum err err = check_signatures(body, lines, keys, n_keys, &found, why);
    if (err != OK) {
        return why_set(why, err, "signature lines: %s", err_name(err));
    }
    if (found == n_keys) {
        return why_set(why, ERR_MISSING, "none of the %zu known keys has signed", n_keys);
    }
    *text = body;
    *by = found;
    return OK;
}

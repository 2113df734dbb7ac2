/* Keys, policies and evidence: what binds the other signatures to the log, and what the log keeps a hash of. */
#include "base/codec.h"
#include "seal/digest.h"
#include "seal/note.h"
#include "tlog/entry_kinds.h"

#include <assert.h>

enum { VKEY_MAX = 300 };

const char *const key_role_words[KEY_ROLES + 1] = {[KEY_LOG] = "log",
                                                   [KEY_CUT] = "cut",
                                                   [KEY_DIFUSOR] = "difusor",
                                                   [KEY_WITNESS] = "witness",
                                                   [KEY_ROLES] = NULL};

/* Ed25519 of the type that the role signs with, on a sound point, its id in lower case: one spelling a key. */
static bool vkey_ok(uint8_t role, struct span vkey)
{
    struct note_vkey key;
    struct buf raw;
    if (!text_is_visible(vkey, 1, VKEY_MAX)) {
        return false;
    }
    buf_init(&raw, 0);
    uint8_t due = role == KEY_WITNESS ? NOTE_COSIGNATURE : NOTE_ED25519;
    bool good = note_vkey_split(vkey, &key, &raw, NULL) == OK && key.type == due && raw.len == 32 &&
                ed25519_key_is_sound((const uint8_t *)raw.at);
    if (good) {
        char id[9];
        hex_print(id, key.id, 4);
        good = memcmp(vkey.at + key.name.len + 1, id, 8) == 0;
    }
    buf_done(&raw);
    return good;
}

void key_print(const struct entry *entry, struct buf *out)
{
    const struct entry_key *key = &entry->as.key;
    assert(key->role < KEY_ROLES && vkey_ok(key->role, key->vkey) && key->time_ms >= 0);
    print_line(out, "role", span_str(key_role_words[key->role]));
    print_line(out, "vkey", key->vkey);
    print_time(out, "time", key->time_ms);
    print_index(out, "replaces", key->replaces);
}

void key_parse(struct lines *lines, struct entry *out, struct buf *scratch)
{
    (void)scratch;
    struct entry_key *key = &out->as.key;
    key->role = lines_choice(lines, "role", key_role_words);
    key->vkey = lines_value(lines, "vkey");
    if (lines->err == OK) {
        lines_expect(lines, vkey_ok(key->role, key->vkey),
                     "a verifier key is name+8 hex digits+base64, Ed25519 (a witness's: cosignature)");
    }
    key->time_ms = lines_time(lines, "time", false);
    key->replaces = lines_index(lines, "replaces");
}

void policy_entry_print(const struct entry *entry, struct buf *out)
{
    const struct entry_policy *policy = &entry->as.policy;
    assert(policy->version > 0 && policy->note.len > 0 && policy->note.len <= POLICY_NOTE_MAX);
    print_u64(out, "version", policy->version);
    print_digest(out, "sha256", policy->sha256);
    buf_str(out, "note ");
    base64_print(out, policy->note.at, policy->note.len);
    buf_char(out, '\n');
}

void policy_entry_parse(struct lines *lines, struct entry *out, struct buf *scratch)
{
    struct entry_policy *policy = &out->as.policy;
    policy->version = (uint32_t)lines_u64(lines, "version", UINT32_MAX);
    lines_expect(lines, policy->version > 0, "versions of a policy begin with 1");
    lines_digest(lines, "sha256", policy->sha256);
    policy->note = base64_value(lines, lines_value(lines, "note"), POLICY_NOTE_MAX, scratch);
    if (lines->err == OK) {
        uint8_t digest[DIGEST_LEN];
        digest_of(policy->note, digest);
        lines_expect(lines, policy->note.len > 0, "a policy is not empty");
        lines_expect(lines, memcmp(digest, policy->sha256, sizeof digest) == 0,
                     "the digest is not that of the note");
    }
}

static bool words_ok(struct span text)
{
    return text_is_utf8(text) && (text.len == 0 || memchr(text.at, '\n', text.len) == NULL);
}

void evidence_print(const struct entry *entry, struct buf *out)
{
    const struct entry_evidence *evidence = &entry->as.evidence;
    assert(text_is_id(evidence->kind, 1, 40) && evidence->bytes > 0 && words_ok(evidence->text) &&
           evidence->text.len <= EVIDENCE_TEXT_MAX);
    print_time(out, "time", evidence->time_ms);
    print_line(out, "kind", evidence->kind);
    print_digest(out, "sha256", evidence->sha256);
    print_u64(out, "bytes", evidence->bytes);
    buf_str(out, "text ");
    if (evidence->text.len == 0) {
        buf_char(out, '-');
    }
    base64_print(out, evidence->text.at, evidence->text.len);
    buf_char(out, '\n');
}

void evidence_parse(struct lines *lines, struct entry *out, struct buf *scratch)
{
    struct entry_evidence *evidence = &out->as.evidence;
    evidence->time_ms = lines_time(lines, "time", false);
    evidence->kind = lines_value(lines, "kind");
    lines_expect(lines, text_is_id(evidence->kind, 1, 40), "a kind is 1 to 40 of a-z0-9-");
    lines_digest(lines, "sha256", evidence->sha256);
    evidence->bytes = lines_u64(lines, "bytes", INT64_MAX);
    lines_expect(lines, evidence->bytes > 0, "evidence is a file of at least one byte");
    evidence->text = base64_value(lines, lines_value(lines, "text"), EVIDENCE_TEXT_MAX, scratch);
    lines_expect(lines, words_ok(evidence->text), "the words are one line of UTF-8");
}

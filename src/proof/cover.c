/* The pointer, the manifest it points to, its signatures, and the chain of manifests before it. */
#include "proof/exam.h"

#include "seal/digest.h"
#include "seal/minisig.h"

#include <inttypes.h>
#include <stdio.h>

static enum err read_latest(struct exam *exam, struct why *why)
{
    TRY(source_read(exam->source, "latest.json", LATEST_BYTES_MAX, &exam->pointer, why));
    return latest_parse(buf_as_span(&exam->pointer), &exam->latest, why);
}

/* Every signature line must be of somebody known: what a stranger adds is named. */
static void check_strangers(struct exam *exam, const char *path, struct span lines)
{
    struct buf bytes = {0};
    struct span name;
    uint8_t id[4];
    while (note_signature_next(&lines, &name, id, &bytes) == OK) {
        bool known = false;
        for (size_t i = 0; i < exam->n_keys; i++) {
            known = known || (span_is(name, exam->keys[i].name) && memcmp(id, exam->keys[i].id, 4) == 0);
        }
        if (!known) {
            exam_find(exam, RULE_STRANGER, path, "a signature line by %.*s, which nobody here knows",
                      (int)(name.len > 127 ? 127 : name.len), name.at);
        }
    }
    buf_done(&bytes);
}

/* By a key that the log binds for the cut's number; where it binds none, by any that is known. */
static enum err find_signer(const struct exam *exam, struct span note, int *signer, struct why *why)
{
    struct span text;
    size_t by = 0;
    uint32_t place = 0;
    if (exam->bound.keys.n > 0) {
        TRY(cut_keys_verify(&exam->bound.keys, note, &text, &place, why));
        *signer = (int)place;
        return OK;
    }
    TRY(note_verify(note, exam->keys, exam->n_keys, &text, &by, why));
    *signer = (int)by;
    return OK;
}

bool exam_signed(struct exam *exam, const char *path, struct span note, int *signer)
{
    struct why why = {{0}};
    struct span text;
    struct span lines;
    if (find_signer(exam, note, signer, &why) != OK) {
        exam_find(exam, RULE_SIGNATURE, path, "%s", why.text);
        return false;
    }
    if (note_split(note, &text, &lines) == OK) {
        check_strangers(exam, path, lines);
    }
    return true;
}

void exam_minisigned(struct exam *exam, const char *path, struct span note, int signer)
{
    char minisig[EXAM_PATH_MAX + 16];
    struct why why = {{0}};
    snprintf(minisig, sizeof minisig, "%s.minisig", path);
    if (source_read(exam->source, minisig, 4096, &exam->file, &why) != OK ||
        minisig_verify(&exam->keys[signer], note, buf_as_span(&exam->file), &why) != OK) {
        exam_find(exam, RULE_SIGNATURE, minisig, "%s", why.text);
    }
}

void exam_signatures(struct exam *exam)
{
    char path[EXAM_PATH_MAX];
    snprintf(path, sizeof path, "cut/%" PRIu32 "/manifest", exam->latest.cut);
    if (!exam_signed(exam, path, buf_as_span(&exam->manifest_note), &exam->signer)) {
        return;
    }
    const struct note_key *key = &exam->keys[exam->signer];
    if (!span_equal(exam->manifest.origin, span_str(key->name))) {
        exam_find(exam, RULE_SIGNATURE, path, "its origin is not the name of the key that signed it, %s",
                  key->name);
    }
    if (!exam->options->recount) { /* a file like the others */
        exam_minisigned(exam, path, buf_as_span(&exam->manifest_note), exam->signer);
    }
}

static void check_pointer(struct exam *exam, const char *path)
{
    const struct latest *latest = &exam->latest;
    const struct manifest *manifest = &exam->manifest;
    uint8_t sha256[32];
    digest_of(exam->manifest_text, sha256);
    if (memcmp(sha256, latest->manifest, sizeof sha256) != 0) {
        exam_find(exam, RULE_MANIFEST, path, "it is not the manifest that latest.json points to");
    }
    if (manifest->cut != latest->cut || manifest->time_ms != latest->time_ms ||
        manifest->log_size != latest->log_size) {
        exam_find(exam, RULE_MANIFEST, path, "number, time or log size are not those of latest.json");
    }
}

/* The manifest before this one has the hash that this one names. */
static void check_before(struct exam *exam)
{
    const struct manifest *manifest = &exam->manifest;
    char path[EXAM_PATH_MAX];
    struct span text;
    struct span signatures;
    uint8_t sha256[32];
    struct why why = {{0}};
    if (!manifest->has_previous || manifest->cut == 0) {
        return;
    }
    snprintf(path, sizeof path, "cut/%" PRIu32 "/manifest", manifest->cut - 1);
    if (source_read(exam->source, path, MANIFEST_BYTES_MAX, &exam->file, &why) != OK) {
        exam_find(exam, RULE_MISSING, path, "%s", why.text);
        return;
    }
    if (note_split(buf_as_span(&exam->file), &text, &signatures) != OK) {
        exam_find(exam, RULE_MANIFEST, path, "it is not a signed note");
        return;
    }
    digest_of(text, sha256);
    if (memcmp(sha256, manifest->previous, sizeof sha256) != 0) {
        exam_find(exam, RULE_CHAIN, path, "it is not the manifest that cut %" PRIu32 " follows",
                  manifest->cut);
    }
}

enum err exam_manifest(struct exam *exam, struct why *why)
{
    char path[EXAM_PATH_MAX];
    struct span signatures;
    TRY(read_latest(exam, why));
    snprintf(path, sizeof path, "cut/%" PRIu32 "/manifest", exam->latest.cut);
    TRY(source_read(exam->source, path, MANIFEST_BYTES_MAX, &exam->manifest_note, why));
    if (note_split(buf_as_span(&exam->manifest_note), &exam->manifest_text, &signatures) != OK) {
        return why_set(why, ERR_SYNTAX, "%s is not a signed note", path);
    }
    TRY(manifest_parse(exam->manifest_text, &exam->manifest, why));
    check_pointer(exam, path);
    check_before(exam);
    return OK;
}

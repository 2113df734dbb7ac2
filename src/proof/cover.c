/* The pointer, the manifest it points to, its signatures, and the chain of manifests before it. */
#include "proof/exam.h"

#include "seal/digest.h"
#include "seal/minisig.h"

#include <inttypes.h>
#include <stdio.h>

static enum err read_latest(struct exam *exam, struct why *why)
{
    TRY(source_read(exam->source, "latest.json", LATEST_BYTES_MAX, &exam->file, why));
    return latest_parse(buf_as_span(&exam->file), &exam->latest, why);
}

static void check_signatures(struct exam *exam, const char *path)
{
    struct why why = {{0}};
    struct span text;
    size_t by = 0;
    char minisig[EXAM_PATH_MAX + 16];
    if (note_verify(buf_as_span(&exam->manifest_note), exam->keys, exam->n_keys, &text, &by, &why) != OK) {
        exam_find(exam, RULE_SIGNATURE, path, "%s", why.text);
        return;
    }
    if (!span_equal(exam->manifest.origin, span_str(exam->keys[by].name))) {
        exam_find(exam, RULE_SIGNATURE, path, "its origin is not the name of the key that signed it, %s",
                  exam->keys[by].name);
    }
    why = (struct why){{0}};
    snprintf(minisig, sizeof minisig, "%s.minisig", path);
    if (source_read(exam->source, minisig, 4096, &exam->file, &why) != OK ||
        minisig_verify(&exam->keys[by], buf_as_span(&exam->manifest_note), buf_as_span(&exam->file), &why) !=
            OK) {
        exam_find(exam, RULE_SIGNATURE, minisig, "%s", why.text);
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
    check_signatures(exam, path);
    check_pointer(exam, path);
    check_before(exam);
    return OK;
}

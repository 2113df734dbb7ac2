/* Every file of the manifest: there, of its size, of its hash; every twin unpacks to its plain file. */
#include "proof/exam.h"

#include "base/codec.h"
#include "seal/digest.h"
#include "wire/squeeze.h"

#include <inttypes.h>
#include <stdio.h>

bool exam_file(struct exam *exam, const struct manifest_file *file, struct buf *out)
{
    char path[EXAM_PATH_MAX];
    struct why why = {{0}};
    uint8_t sha256[32];
    if (!span_copy(file->path, path, sizeof path) || file->bytes > EXAM_FILE_MAX) {
        exam_find(exam, RULE_MANIFEST, "manifest", "%.*s is not a file that can be examined",
                  SPAN_ARG(file->path));
        return false;
    }
    enum err err = source_read(exam->source, path, (size_t)file->bytes + 1, out, &why);
    if (err != OK && err != ERR_TOO_BIG) {
        exam_find(exam, RULE_MISSING, path, "%s", why.text);
        return false;
    }
    exam->n_files++;
    exam->n_bytes += out->len;
    digest_of(buf_as_span(out), sha256);
    if (err == ERR_TOO_BIG || out->len != file->bytes || memcmp(sha256, file->sha256, sizeof sha256) != 0) {
        exam_find(exam, RULE_HASH, path, "its bytes are not those of the manifest");
        return false;
    }
    return true;
}

/* The pointer is listed with zeros in the place of the manifest's digest. */
static void check_latest(struct exam *exam, const struct manifest_file *file)
{
    char hex[65];
    uint8_t sha256[32];
    buf_clear(&exam->file);
    buf_span(&exam->file, buf_as_span(&exam->pointer));
    hex_print(hex, exam->latest.manifest, 32);
    char *at = memmem(exam->file.at, exam->file.len, hex, 64);
    if (at != NULL) {
        memset(at, '0', 64);
    }
    digest_of(buf_as_span(&exam->file), sha256);
    exam->n_files++;
    if (memcmp(sha256, file->sha256, sizeof sha256) != 0) {
        exam_find(exam, RULE_HASH, "latest.json", "it is not the pointer that the manifest lists");
    }
}

void exam_twin(struct exam *exam, const struct manifest *manifest, const struct manifest_file *twin)
{
    char path[EXAM_PATH_MAX];
    bool gzip = span_ends(twin->path, SPAN(".gz"));
    struct span plain = span_of(twin->path.at, twin->path.len - 3);
    const struct manifest_file *of = manifest_find(manifest, plain);
    uint8_t sha256[32];
    span_copy(twin->path, path, sizeof path);
    if (of == NULL) {
        exam_find(exam, RULE_TWIN, path, "it is the twin of no file of the manifest");
        return;
    }
    buf_clear(&exam->twin);
    struct span packed = buf_as_span(&exam->file);
    enum err err = gzip ? unsqueeze_gzip(packed, (size_t)of->bytes, &exam->twin)
                        : unsqueeze_brotli(packed, (size_t)of->bytes, &exam->twin);
    digest_of(buf_as_span(&exam->twin), sha256);
    if (err != OK || memcmp(sha256, of->sha256, sizeof sha256) != 0) {
        exam_find(exam, RULE_TWIN, path, "unpacked it is not its plain file");
    }
}

static bool is_replaced(void *arg, struct span path)
{
    (void)arg;
    return exam_replaced(path);
}

/* The entry pages of a newer cut that came meanwhile are none of this one's, whose own lie in its folder too. */
static void forget_newer_pages(struct exam *exam, uint32_t from)
{
    if (exam->n_found > from && exam_cut_now(exam) > exam->latest.cut) {
        exam_forget(exam, from, is_replaced, NULL);
    }
}

enum err exam_files(struct exam *exam, struct why *why)
{
    const struct manifest *manifest = &exam->manifest;
    uint32_t found = exam->n_found;
    (void)why;
    for (uint32_t i = 0; i < manifest->n_files; i++) {
        exam_progress(exam, "archivos / files", i, manifest->n_files + manifest->n_encodings);
        if (span_is(manifest->files[i].path, "latest.json")) {
            check_latest(exam, &manifest->files[i]);
        } else {
            exam_file(exam, &manifest->files[i], &exam->file);
        }
    }
    for (uint32_t i = 0; i < manifest->n_encodings; i++) {
        exam_progress(exam, "archivos / files", manifest->n_files + i,
                      manifest->n_files + manifest->n_encodings);
        if (exam_file(exam, &manifest->encodings[i], &exam->file)) {
            exam_twin(exam, manifest, &manifest->encodings[i]);
        }
    }
    forget_newer_pages(exam, found);
    if (manifest_find(manifest, SPAN("latest.json")) == NULL) {
        exam_find(exam, RULE_MANIFEST, "latest.json", "the manifest does not list the pointer");
    }
    return OK;
}

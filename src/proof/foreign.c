/* A folder is looked through: what nobody names, cuts newer than the one that is shown, older cuts that still lie
 * there, and images. */
#include "proof/exam.h"

#include "base/codec.h"
#include "base/num.h"
#include "seal/digest.h"
#include "tlog/ledger.h"

#include <inttypes.h>
#include <stdio.h>

static bool starts(const char *path, const char *with)
{
    return strncmp(path, with, strlen(with)) == 0;
}

/* The number between "cut/" and the next slash; false when there is none. */
static bool numbered(const char *path, const char *folder, uint32_t *number, struct span *rest)
{
    struct span tail = span_from(span_str(path), strlen(folder));
    struct span digits = span_cut(&tail, '/');
    *rest = tail;
    return tail.at != NULL && num_parse_u32(digits, number) == OK;
}

/* "chunk/{hash}.html" is what its name says; twins were checked where a manifest lists them. */
static void check_chunk(struct exam *exam, const char *path)
{
    char hex[65];
    struct why why = {{0}};
    struct span name = span_from(span_str(path), strlen("chunk/"));
    if (manifest_path_twin(name)) {
        name.len -= 3;
    } else if (source_read(exam->source, path, EXAM_FILE_MAX, &exam->file, &why) == OK) {
        digest_hex(buf_as_span(&exam->file), hex);
        if (name.len < 64 || memcmp(hex, name.at, 64) != 0) {
            exam_find(exam, RULE_HASH, path, "its bytes are not those of its name");
        }
    }
    if (name.len != 64 + 5 || !span_ends(name, SPAN(".html"))) {
        exam_find(exam, RULE_FOREIGN, path, "no cut has such a file");
    }
}

static void check_image(struct exam *exam, const char *path)
{
    char hex[65];
    struct why why = {{0}};
    struct span name = span_from(span_str(path), strlen("acta/"));
    struct span key = span_of(name.at, name.len < 64 ? name.len : 64);
    struct span end = span_from(name, 64);
    if (name.len < 64 || !(span_is(end, ".jpg") || span_is(end, ".png")) ||
        map_get(&exam->images, key) == MAP_NONE) {
        exam_find(exam, RULE_FOREIGN, path, "no entry that this cut covers speaks of this image");
        return;
    }
    exam->n_images++;
    if (source_read(exam->source, path, EXAM_FILE_MAX, &exam->file, &why) != OK) {
        exam_find(exam, RULE_MISSING, path, "%s", why.text);
        return;
    }
    digest_hex(buf_as_span(&exam->file), hex);
    if (memcmp(hex, key.at, 64) != 0) {
        exam_find(exam, RULE_HASH, path, "its bytes are not those of its name");
    }
}

/* Entries past the cut's: others publish them meanwhile. A newer cut among them is one that is not shown. */
static void check_beyond(struct exam *exam, const char *path, uint64_t start, struct span bytes)
{
    struct buf scratch = {0};
    struct span entry_bytes;
    for (uint64_t index = start; bundle_next(&bytes, &entry_bytes) == OK; index++) {
        struct entry entry;
        buf_clear(&scratch);
        if (index >= exam->manifest.log_size && span_starts(entry_bytes, SPAN("prep-cut/v1\n")) &&
            entry_parse(entry_bytes, &entry, &scratch, NULL) == OK &&
            entry.as.cut.number > exam->latest.cut) {
            exam_find(exam, RULE_OLD_CUT, path,
                      "entry %" PRIu64 " is of cut %" PRIu32 ", newer than the one shown", index,
                      entry.as.cut.number);
        }
    }
    buf_done(&scratch);
}

/* The number of a bundle by its path, "log/tile/entries/x001/234": its groups of digits. */
static uint64_t bundle_number(struct span path)
{
    uint64_t number = 0;
    for (size_t i = 0; i < path.len; i++) {
        if (path.at[i] >= '0' && path.at[i] <= '9') {
            number = number * 10 + (uint64_t)(path.at[i] - '0');
        }
    }
    return number;
}

/* Bundles of the same number agree as far as both go: the ledger only grows. */
static void check_bundle(struct exam *exam, const char *path)
{
    char base[EXAM_PATH_MAX];
    struct why why = {{0}};
    const char *part = strstr(path, ".p/");
    size_t len = part == NULL ? strlen(path) : (size_t)(part - path);
    uint64_t start = bundle_number(span_of(path, len)) * BUNDLE_ENTRIES;
    uint64_t size = exam->manifest.log_size;
    if (source_read(exam->source, path, EXAM_FILE_MAX, &exam->twin, &why) != OK) {
        return;
    }
    if (start + BUNDLE_ENTRIES > size) {
        check_beyond(exam, path, start, buf_as_span(&exam->twin));
    }
    if (start >= size) {
        return;
    }
    if (start + BUNDLE_ENTRIES <= size) {
        snprintf(base, sizeof base, "%.*s", (int)len, path);
    } else {
        snprintf(base, sizeof base, "%.*s.p/%" PRIu64, (int)len, path, size - start);
    }
    if (source_read(exam->source, base, EXAM_FILE_MAX, &exam->file, &why) != OK) {
        return; /* that it is missing was found before */
    }
    size_t common = exam->file.len < exam->twin.len ? exam->file.len : exam->twin.len;
    if (memcmp(exam->file.at, exam->twin.at, common) != 0) {
        exam_find(exam, RULE_LEDGER, path, "it contradicts the bundle that the cut covers");
    }
}

/* A cut before this one: its manifest is the one that the ledger's entry names. */
static void check_old_manifest(struct exam *exam, const char *path, uint32_t number)
{
    struct span text;
    struct span signatures;
    uint8_t sha256[32];
    struct why why = {{0}};
    for (uint32_t i = 0; i < exam->n_cuts; i++) {
        if (exam->cuts[i].number != number) {
            continue;
        }
        if (source_read(exam->source, path, MANIFEST_BYTES_MAX, &exam->file, &why) != OK ||
            note_split(buf_as_span(&exam->file), &text, &signatures) != OK) {
            exam_find(exam, RULE_MANIFEST, path, "it is not a signed note");
            return;
        }
        digest_of(text, sha256);
        if (memcmp(sha256, exam->cuts[i].manifest, sizeof sha256) != 0) {
            exam_find(exam, RULE_CHAIN, path,
                      "it is not the manifest that the ledger's entry of the cut names");
        }
        return;
    }
    exam_find(exam, RULE_FOREIGN, path, "the ledger has no such cut");
}

static void check_cut_file(struct exam *exam, const char *path)
{
    uint32_t number;
    struct span rest;
    if (!numbered(path, "cut/", &number, &rest)) {
        exam_find(exam, RULE_FOREIGN, path, "no cut has such a file");
    } else if (number > exam->latest.cut) {
        exam_find(exam, RULE_OLD_CUT, path, "a cut newer than the one that latest.json shows");
    } else if (number == exam->latest.cut) {
        if (!span_is(rest, "manifest") && !span_is(rest, "manifest.minisig")) {
            exam_find(exam, RULE_FOREIGN, path, "the manifest does not list it");
        }
    } else if (span_is(rest, "manifest")) {
        check_old_manifest(exam, path, number);
    }
}

static const char *const plain_names[] = {"log/vkey", "log/cut.vkey", "log/minisign.pub", "log/checkpoint", NULL};

static enum err look(void *arg, const char *path, int64_t size)
{
    struct exam *exam = arg;
    (void)size;
    for (const char *const *name = plain_names; *name != NULL; name++) {
        if (strcmp(path, *name) == 0) {
            return OK;
        }
    }
    if (path[0] == '.' || starts(path, "cut/.") || starts(path, "package/.")) {
        return OK; /* being made */
    }
    if (starts(path, "log/tile/entries/")) {
        check_bundle(exam, path);
    } else if (starts(path, "chunk/")) {
        check_chunk(exam, path);
    } else if (starts(path, "acta/")) {
        check_image(exam, path);
    } else if (starts(path, "log/") || starts(path, "package/") ||
               manifest_find(&exam->manifest, span_str(path)) != NULL) {
        return OK; /* tiles of the log are its own; packages have their sums */
    } else if (starts(path, "cut/")) {
        check_cut_file(exam, path);
    } else if (!starts(path, "a/")) {
        exam_find(exam, RULE_FOREIGN, path, "nothing of the cut names it");
    }
    return OK;
}

enum err exam_foreign(struct exam *exam, struct why *why)
{
    return source_is_folder(exam->source) ? source_walk(exam->source, look, exam, why) : OK;
}

/* The three roots that a cut's entry carries, made again: from the entries that it covers, and from its manifest
 * (docs/formats/roots.md). */
#include "proof/exam.h"

#include "base/codec.h"
#include "formats/files_root.h"

#include <inttypes.h>
#include <stdio.h>

static void compare(struct exam *exam, const char *path, uint32_t cut, const char *name,
                    const uint8_t stated[32], const struct hash *made)
{
    char hex[2][65];
    if (memcmp(stated, made->bytes, HASH_LEN) != 0) {
        hex_print(hex[0], stated, HASH_LEN);
        hex_print(hex[1], made->bytes, HASH_LEN);
        exam_find(exam, RULE_ROOT, path,
                  "the entry of cut %" PRIu32 " states %s %.16s…; what it covers gives %.16s…", cut, name,
                  hex[0], hex[1]);
    }
}

void exam_state_roots(struct exam *exam, struct roots *roots, struct fold *fold, const struct entry_cut *cut,
                      uint64_t index)
{
    char path[EXAM_PATH_MAX];
    struct hash state;
    struct hash totals;
    snprintf(path, sizeof path, "log/tile/entries#%" PRIu64, index);
    roots_update(roots, fold, &state, &totals);
    fold_clean(fold);
    compare(exam, path, cut->number, "state-root", cut->state_root, &state);
    compare(exam, path, cut->number, "totals-root", cut->totals_root, &totals);
    exam->n_roots++;
}

void exam_files_root(struct exam *exam, const char *path, const struct manifest *manifest,
                     const struct exam_cut *cut)
{
    struct hash made;
    files_root(manifest, &made);
    compare(exam, path, cut->number, "files-root", cut->files_root, &made);
}

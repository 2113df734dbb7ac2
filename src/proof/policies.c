/* The policies that are published: each version is the one that the log has an entry of, and the newest stands as log/policy. */
#include "proof/exam.h"

#include "seal/digest.h"

#include <inttypes.h>
#include <stdio.h>

/* Compares a published text; what is not there is no finding: the log's entry holds it whole. */
static void compare(struct exam *exam, const char *path, struct span want, uint64_t index)
{
    struct buf bytes = {0};
    enum err err = source_read(exam->source, path, POLICY_BYTES, &bytes, NULL);
    if (err != ERR_MISSING && (err != OK || !span_equal(buf_as_span(&bytes), want))) {
        exam_find(exam, RULE_POLICY, path, "it is not the text of the log's entry %" PRIu64, index);
    }
    buf_done(&bytes);
}

static bool newest(const struct exam *exam, const struct exam_policy *policy)
{
    for (uint32_t i = 0; i < exam->n_policies; i++) {
        if (exam->policies[i].version > policy->version) {
            return false;
        }
    }
    return true;
}

void exam_policies(struct exam *exam)
{
    for (uint32_t i = 0; i < exam->n_policies; i++) {
        const struct exam_policy *policy = &exam->policies[i];
        char path[64];
        uint8_t sha256[32];
        struct span text;
        struct span lines;
        snprintf(path, sizeof path, "log/policy.%" PRIu32 ".note", policy->version);
        if (source_read(exam->source, path, POLICY_BYTES, &exam->file, NULL) != OK) {
            continue;
        }
        digest_of(buf_as_span(&exam->file), sha256);
        if (memcmp(sha256, policy->sha256, sizeof sha256) != 0 ||
            note_split(buf_as_span(&exam->file), &text, &lines) != OK) {
            exam_find(exam, RULE_POLICY, path, "it is not the note of the log's entry %" PRIu64,
                      policy->index);
            continue;
        }
        snprintf(path, sizeof path, "log/policy.%" PRIu32, policy->version);
        compare(exam, path, text, policy->index);
        if (newest(exam, policy)) {
            compare(exam, "log/policy", text, policy->index);
        }
    }
}

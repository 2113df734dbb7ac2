/* What stands beside the cuts for other tools, each in one spelling: the log's key, the cuts' key, the same for minisign. Whoever has
 * pinned a policy needs none of them; what is there must not mislead. */
#include "proof/exam.h"

#include "seal/minisig.h"

static void compare(struct exam *exam, const char *path, const struct buf *must)
{
    struct why why = {{0}};
    enum err err = source_read(exam->source, path, 4096, &exam->file, &why);
    if (err != ERR_MISSING && (err != OK || !span_equal(buf_as_span(&exam->file), buf_as_span(must)))) {
        exam_find(exam, RULE_SIGNATURE, path, "it is not the key that was examined");
    }
}

static void compare_vkey(struct exam *exam, const char *path, const struct note_key *key)
{
    struct buf line = {0};
    note_key_print(key, &line);
    buf_char(&line, '\n');
    compare(exam, path, &line);
    buf_done(&line);
}

void exam_published(struct exam *exam)
{
    if (exam->has_checkpoint && exam->policy != NULL && exam->verdict.log != POLICY_NONE) {
        compare_vkey(exam, "log/vkey", &exam->policy->logs[exam->verdict.log].key);
    }
    if (exam->signer >= 0) {
        struct buf file = {0};
        compare_vkey(exam, "log/cut.vkey", &exam->keys[exam->signer]);
        minisign_public(&exam->keys[exam->signer], &file);
        compare(exam, "log/minisign.pub", &file);
        buf_done(&file);
    }
}

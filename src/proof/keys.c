/* Whose signature counts: the keys that the policy pins, or else the one that the tree names, which proves only that
 * the tree agrees with itself. */
#include "proof/exam.h"

static enum err key_add(struct exam *exam, struct span vkey, struct why *why)
{
    if (exam->n_keys == EXAM_KEYS_MAX) {
        return why_set(why, ERR_TOO_BIG, "more than %d keys", EXAM_KEYS_MAX);
    }
    return note_key_parse(vkey, &exam->keys[exam->n_keys++], why);
}

/* A verifier key a line, alone or after the word "log" (C2SP tlog-policy); '#' begins a comment. */
static enum err policy_read(struct exam *exam, struct why *why)
{
    struct buf bytes = {0};
    struct span line;
    enum err err = file_read(exam->options->policy, 65536, &bytes, why);
    struct span rest = buf_as_span(&bytes);
    while (err == OK && span_line(&rest, &line)) {
        line = span_trim(line);
        if (span_starts(line, SPAN("log "))) {
            line = span_trim(span_from(line, 4));
            line = span_cut(&line, ' ');
        }
        bool other = span_starts(line, SPAN("#")) || span_starts(line, SPAN("witness ")) ||
                     span_starts(line, SPAN("group ")) || span_starts(line, SPAN("quorum "));
        if (line.len > 0 && !other) {
            err = key_add(exam, line, why);
        }
    }
    buf_done(&bytes);
    if (err == OK && exam->n_keys == 0) {
        err = why_set(why, ERR_MISSING, "%s pins no key", exam->options->policy);
    }
    return err;
}

enum err exam_keys(struct exam *exam, struct why *why)
{
    if (exam->options->policy != NULL) {
        exam->pinned = true;
        return policy_read(exam, why);
    }
    TRY(source_read(exam->source, "log/cut.vkey", 4096, &exam->file, why));
    return key_add(exam, span_trim(buf_as_span(&exam->file)), why);
}

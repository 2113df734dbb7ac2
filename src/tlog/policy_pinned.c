/* What a person pins: a policy, a version of it with the signatures of its roots, or keys alone. */
#include "tlog/policy_note.h"

#include <string.h>

static bool only_keys(struct span text)
{
    struct span line;
    while (span_line(&text, &line)) {
        line = span_trim(line);
        if (line.len > 0 && line.at[0] != '#' && memchr(line.at, ' ', line.len) != NULL) {
            return false;
        }
    }
    return true;
}

static void as_policy(struct span text, struct buf *out)
{
    struct span line;
    while (span_line(&text, &line)) {
        line = span_trim(line);
        if (line.len > 0 && line.at[0] != '#') {
            buf_str(out, "log ");
            buf_span(out, line);
            buf_char(out, '\n');
        }
    }
    buf_str(out, "quorum none\n");
}

static enum err parse_keys(struct span text, struct policy **out, struct why *why)
{
    struct buf lines = {0};
    as_policy(text, &lines);
    enum err err = policy_parse(buf_as_span(&lines), out, why);
    buf_done(&lines);
    return err;
}

static enum err parse_note(struct span text, struct policy **out, struct why *why)
{
    struct policy_note *note = NULL;
    TRY(policy_note_parse(text, &note, why));
    enum err err = policy_note_verify(note, why);
    err = err != OK ? err : policy_parse(note->text, out, why);
    policy_note_free(note);
    return err;
}

static enum err with_a_log(struct policy **out, struct why *why)
{
    if ((*out)->n_logs > 0) {
        return OK;
    }
    policy_free(*out);
    *out = NULL;
    return why_set(why, ERR_MISSING, "the policy names no log");
}

enum err policy_or_keys_parse(struct span text, struct policy **out, struct why *why)
{
    *out = NULL;
    TRY(only_keys(text) ? parse_keys(text, out, why) : policy_parse(text, out, why));
    return with_a_log(out, why);
}

enum err policy_pinned_parse(struct span text, struct policy **out, struct why *why)
{
    if (memmem(text.at, text.len, "\n\n\xE2\x80\x94 ", 6) == NULL) {
        return policy_or_keys_parse(text, out, why);
    }
    *out = NULL;
    TRY(parse_note(text, out, why));
    return with_a_log(out, why);
}

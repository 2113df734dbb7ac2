/* Whose signatures count. Checkpoints: the logs and witnesses of the policy that is pinned; or else of the one that the tree
 * names, which proves only that the tree agrees with itself. Manifests: a key that the log's own tree binds (so that pinning the
 * log pins everything), a key that the policy pins itself, or else the one that the tree names. */
#include "proof/exam.h"
#include "proof/trust.h"

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

/* A file of verifier keys alone, one a line, as a log publishes its own: those logs, and no quorum. */
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

enum err policy_of(struct span text, struct policy **out, struct why *why)
{
    struct buf lines = {0};
    bool keys = only_keys(text);
    if (keys) {
        as_policy(text, &lines);
    }
    enum err err = policy_parse(keys ? buf_as_span(&lines) : text, out, why);
    buf_done(&lines);
    if (err == OK && (*out)->n_logs == 0) {
        policy_free(*out);
        *out = NULL;
        err = why_set(why, ERR_MISSING, "the policy names no log");
    }
    return err;
}

enum err policy_read(const char *path, struct policy **out, struct why *why)
{
    struct buf bytes = {0};
    enum err err = file_read(path, POLICY_BYTES, &bytes, why);
    if (err == OK) {
        err = policy_of(buf_as_span(&bytes), out, why);
        err = err == OK ? OK : why_prefix(why, err, "%s", path);
    }
    buf_done(&bytes);
    return err;
}

/* log/policy, or log/vkey; a tree without either has nothing that a checkpoint could be checked by. */
enum err policy_named(struct source *source, struct policy **out, struct why *why)
{
    static const char *const paths[] = {"log/policy", "log/vkey"};
    struct buf bytes = {0};
    enum err err = ERR_MISSING;
    *out = NULL;
    for (size_t i = 0; i < 2 && err == ERR_MISSING; i++) {
        struct why missed = {{0}};
        err = source_read(source, paths[i], POLICY_BYTES, &bytes, &missed);
        if (err == OK) {
            err = policy_of(buf_as_span(&bytes), out, &missed);
            err = err == ERR_MISSING ? ERR_SYNTAX : err; /* it is there, and says nothing of use */
        }
        if (err != OK && err != ERR_MISSING) {
            err = why_set(why, err, "%s: %s", paths[i], missed.text);
        }
    }
    buf_done(&bytes);
    return err == ERR_MISSING ? OK : err;
}

enum err exam_trust(struct exam *exam, struct why *why)
{
    exam->pinned = exam->options->policy != NULL;
    return exam->pinned ? policy_read(exam->options->policy, &exam->policy, why)
                        : policy_named(exam->source, &exam->policy, why);
}

void exam_key_add(struct exam *exam, const struct note_key *key, enum key_origin origin)
{
    for (size_t i = 0; i < exam->n_keys; i++) {
        if (memcmp(exam->keys[i].public, key->public, sizeof key->public) == 0) {
            exam->key_origins[i] = origin < exam->key_origins[i] ? origin : exam->key_origins[i];
            return;
        }
    }
    if (exam->n_keys < EXAM_KEYS_MAX) {
        exam->key_origins[exam->n_keys] = origin;
        exam->keys[exam->n_keys++] = *key;
    }
}

/* The key that the tree names for its manifests counts only where nothing better does. */
static enum err add_named(struct exam *exam, struct why *why)
{
    struct note_key key;
    struct why missed = {{0}};
    enum err err = source_read(exam->source, "log/cut.vkey", 4096, &exam->file, &missed);
    if (err == ERR_MISSING && !exam->pinned) {
        err = source_read(exam->source, "log/vkey", 4096, &exam->file, &missed);
    }
    if (err == ERR_MISSING) {
        return exam->n_keys > 0 ? OK : why_set(why, err, "%s", missed.text);
    }
    TRY(err == OK ? OK : why_set(why, err, "%s", missed.text));
    TRY(note_key_parse(span_trim(buf_as_span(&exam->file)), &key, why));
    exam_key_add(exam, &key, KEY_NAMED);
    return OK;
}

enum err exam_keys(struct exam *exam, struct why *why)
{
    for (uint16_t i = 0; exam->pinned && i < exam->policy->n_logs; i++) {
        if (exam->policy->logs[i].usable) {
            exam_key_add(exam, &exam->policy->logs[i].key, KEY_PINNED);
        }
    }
    return add_named(exam, why);
}

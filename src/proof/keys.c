/* Whose signatures count. Checkpoints: the logs and witnesses of the policy that is pinned; or else of the one that the tree
 * names, which proves only that the tree agrees with itself. Manifests: a key that the log's own tree binds (so that pinning the
 * log pins everything), a key that the policy pins itself, or else the one that the tree names. */
#include "proof/exam.h"
#include "proof/trust.h"
#include "tlog/policy_note.h"

enum err policy_read(const char *path, struct policy **out, struct why *why)
{
    struct buf bytes = {0};
    enum err err = file_read(path, POLICY_BYTES, &bytes, why);
    if (err == OK) {
        err = policy_pinned_parse(buf_as_span(&bytes), out, why);
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
            err = policy_or_keys_parse(buf_as_span(&bytes), out, &missed);
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
    if (note_key_parse(span_trim(buf_as_span(&exam->file)), &key, &missed) == OK) {
        exam_key_add(exam, &key, KEY_NAMED);
    } else {
        exam_find(exam, RULE_SIGNATURE, "log/cut.vkey", "%s", missed.text);
    }
    return OK;
}

/* Where the log binds keys, they and no others sign. */
static void add_bound(struct exam *exam)
{
    for (uint32_t i = 0; i < exam->bound.keys.n; i++) {
        const struct note_key *key = &exam->bound.keys.keys[i].key;
        enum key_origin origin = KEY_BOUND;
        for (uint16_t k = 0; exam->pinned && k < exam->policy->n_logs; k++) {
            bool pinned = exam->policy->logs[k].usable &&
                          memcmp(exam->policy->logs[k].key.public, key->public, sizeof key->public) == 0;
            origin = pinned ? KEY_PINNED : origin;
        }
        exam_key_add(exam, key, origin);
    }
}

enum err exam_keys(struct exam *exam, struct why *why)
{
    if (exam->bound.keys.n > 0) {
        add_bound(exam);
        return OK;
    }
    for (uint16_t i = 0; exam->pinned && i < exam->policy->n_logs; i++) {
        if (exam->policy->logs[i].usable) {
            exam_key_add(exam, &exam->policy->logs[i].key, KEY_PINNED);
        }
    }
    return add_named(exam, why);
}

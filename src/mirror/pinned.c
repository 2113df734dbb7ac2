/* Walking from the pinned policy to the newest. */
#include "mirror/pinned.h"

#include "mirror/pull.h"
#include "os/file.h"

#include <stdio.h>
#include <unistd.h>

enum { LOOK_EVERY = 16 };

static void remember(struct note_key *keys, size_t *n, const struct note_key *key)
{
    for (size_t i = 0; i < *n; i++) {
        if (memcmp(&keys[i], key, sizeof *key) == 0) {
            return;
        }
    }
    if (*n < PINNED_KEYS) {
        keys[(*n)++] = *key;
    }
}

/* Takes the note over. */
static void adopt(struct pinned *pinned, struct policy_note *note)
{
    const struct policy *policy = note->policy;
    pinned->n_now = 0;
    for (uint16_t i = 0; i < policy->n_logs; i++) {
        if (policy->logs[i].usable) {
            remember(pinned->now, &pinned->n_now, &policy->logs[i].key);
            remember(pinned->ever, &pinned->n_ever, &policy->logs[i].key);
        }
    }
    policy_note_free(pinned->policy);
    pinned->policy = note;
}

static enum err publish(const struct pull *pull, const struct policy_note *note, struct why *why)
{
    char path[FILE_PATH_MAX], name[64];
    TRY(folder_make(path_join(path, pull->stage.public, "log"), why));
    snprintf(name, sizeof name, "log/policy.%u", note->head.version);
    TRY(file_write(path_join(path, pull->stage.public, name), note->text, true, why));
    TRY(file_write(path_join(path, pull->stage.public, "log/policy"), note->text, true, why));
    struct buf vkey = {0};
    note_key_print(&note->policy->logs[0].key, &vkey);
    buf_char(&vkey, '\n');
    enum err err = file_write(path_join(path, pull->stage.public, "log/vkey"), buf_as_span(&vkey), true, why);
    buf_done(&vkey);
    TRY(err);
    snprintf(name, sizeof name, "log/policy.%u.note", note->head.version);
    return file_write(path_join(path, pull->stage.public, name), note->note, true, why);
}

/* Proofs that end in the signature of a log whose key was stolen: the new log gives others. */
static void drop_proofs(struct pull *pull)
{
    for (uint32_t cut = 0; pull->has && cut <= pull->cut; cut++) {
        char path[FILE_PATH_MAX], name[64];
        snprintf(name, sizeof name, "log/cut-%u.tlog-proof", cut);
        (void)unlink(path_join(path, pull->stage.public, name));
    }
    pull->follow.next_proof = 0;
}

/* Does this note follow from the newest? Then it is the newest. */
static enum err step(struct pull *pull, struct span bytes, struct why *why)
{
    struct policy_note *note = NULL;
    TRY(policy_note_parse(bytes, &note, why));
    enum err err = policy_note_follows(note, pull->pinned.policy, why);
    err = err != OK ? err : publish(pull, note, why);
    if (err != OK) {
        policy_note_free(note);
        return err;
    }
    if (note->head.continues.len > 0) {
        drop_proofs(pull);
    }
    adopt(&pull->pinned, note);
    return OK;
}

/* Versions that were believed before, in our own folder. One that is damaged is fetched again. */
static void walk_here(struct pull *pull)
{
    enum err err = OK;
    while (err == OK) {
        struct buf bytes = {0};
        char path[FILE_PATH_MAX], name[64];
        snprintf(name, sizeof name, "log/policy.%u.note", pull->pinned.policy->head.version + 1);
        err = file_read(path_join(path, pull->stage.public, name), POLICY_NOTE_MAX, &bytes, NULL);
        err = err != OK ? err : step(pull, buf_as_span(&bytes), NULL);
        buf_done(&bytes);
    }
}

static enum err read_pinned(struct pull *pull, struct why *why)
{
    struct buf bytes = {0};
    struct policy_note *note = NULL;
    enum err err = file_read(pull->options.policy, POLICY_NOTE_MAX, &bytes, why);
    err = err != OK ? err : policy_note_parse(buf_as_span(&bytes), &note, why);
    err = err != OK ? err : policy_note_verify(note, why);
    buf_done(&bytes);
    if (err == OK) {
        adopt(&pull->pinned, note);
        return publish(pull, note, why);
    }
    policy_note_free(note);
    return why_prefix(why, err, "%s", pull->options.policy);
}

enum err pinned_open(struct pull *pull, struct why *why)
{
    if (pull->options.policy == NULL) {
        remember(pull->pinned.now, &pull->pinned.n_now, &pull->options.log_key);
        remember(pull->pinned.ever, &pull->pinned.n_ever, &pull->options.log_key);
        return OK;
    }
    TRY(read_pinned(pull, why));
    walk_here(pull);
    return OK;
}

void pinned_close(struct pull *pull)
{
    policy_note_free(pull->pinned.policy);
    pull->pinned.policy = NULL;
}

enum err pinned_look(struct pull *pull, bool now, bool *moved, struct why *why)
{
    struct pinned *pinned = &pull->pinned;
    *moved = false;
    if (pinned->policy == NULL || (!now && pinned->looks++ % LOOK_EVERY != 0)) {
        return OK;
    }
    for (;;) {
        char name[64];
        struct why missing = {{0}};
        snprintf(name, sizeof name, "log/policy.%u.note", pinned->policy->head.version + 1);
        enum err err = pull_get(pull, span_str(name), POLICY_NOTE_MAX, &missing);
        if (err != OK) {
            return OK; /* there is none, or the feed is gone: the checkpoint's own look says that */
        }
        if (step(pull, buf_as_span(&pull->body), why) != OK) {
            return ERR_FORGED;
        }
        *moved = true;
    }
}

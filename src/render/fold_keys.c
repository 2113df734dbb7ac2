/* Keys, policies and evidence as the ledger has them: which key signs what from which entry on. */
#include "render/fold_own.h"
#include "tlog/policy_note.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

static struct span kept(struct fold *fold, struct span text)
{
    struct span copy = arena_copy(&fold->arena, text);
    assert(copy.at != NULL);
    return copy;
}

const struct fold_key *fold_key_of(const struct fold *fold, enum key_role role)
{
    for (uint32_t i = fold->n_keys; i > 0; i--) {
        if (fold->keys[i - 1].role == role) {
            return &fold->keys[i - 1];
        }
    }
    return NULL;
}

/* The log and the cut have one key at a time; others may have several. */
static bool replaces_right(const struct fold *fold, const struct entry_key *key)
{
    const struct fold_key *newest = fold_key_of(fold, (enum key_role)key->role);
    if (key->role == KEY_LOG || key->role == KEY_CUT) {
        return key->replaces == (newest == NULL ? ENTRY_NONE : newest->entry);
    }
    for (uint32_t i = 0; i < fold->n_keys; i++) {
        if (fold->keys[i].entry == key->replaces) {
            return fold->keys[i].role == key->role;
        }
    }
    return key->replaces == ENTRY_NONE;
}

/* A key that has ended does not come back: it may be anybody's. */
static bool came_before(const struct fold *fold, const struct entry_key *key)
{
    for (uint32_t i = 0; i < fold->n_keys; i++) {
        if (fold->keys[i].role == (enum key_role)key->role && span_equal(fold->keys[i].vkey, key->vkey)) {
            return true;
        }
    }
    return false;
}

enum err fold_apply_key(struct fold *fold, uint64_t index, const struct entry *entry, struct why *why)
{
    const struct entry_key *key = &entry->as.key;
    struct span rest = key->vkey;
    struct span name = span_cut(&rest, '+');
    bool named = key->role == KEY_CUT   ? span_equal(name, fold->origin)
                 : key->role == KEY_LOG ? origin_holds(fold->origin, name)
                                        : true;
    if (fold->opening_entry == ENTRY_NONE || fold->files_complete < fold->files) {
        return why_set(why, ERR_CONFLICT, "entry %" PRIu64 ": a key before the definition is whole", index);
    }
    if (!named || !replaces_right(fold, key) || (key->role == KEY_CUT && came_before(fold, key))) {
        return why_set(why, ERR_CONFLICT,
                       "entry %" PRIu64 ": the key of the %s does not follow from those before", index,
                       key_role_words[key->role]);
    }
    fold->keys = realloc(fold->keys, (fold->n_keys + 1) * sizeof *fold->keys);
    assert(fold->keys != NULL);
    fold->keys[fold->n_keys++] = (struct fold_key){.role = (enum key_role)key->role,
                                                   .vkey = kept(fold, key->vkey),
                                                   .time_ms = key->time_ms,
                                                   .entry = index,
                                                   .replaces = key->replaces};
    return OK;
}

static enum err check_policy(const struct fold *fold, const struct entry_policy *policy, struct why *why)
{
    struct policy_note *note = NULL;
    struct policy_note *before = NULL;
    enum err err = policy_note_parse(policy->note, &note, why);
    if (err == OK &&
        (note->head.version != policy->version || !span_equal(note->head.origin, fold->origin))) {
        err = why_set(why, ERR_CONFLICT, "the policy is of another version or origin");
    }
    if (err == OK && fold->policy.version > 0) {
        err = policy_note_parse(fold->policy.note, &before, why);
        err = err != OK ? err : policy_note_follows(note, before, why);
    } else if (err == OK) {
        err = policy_note_verify(note, why);
    }
    policy_note_free(note);
    policy_note_free(before);
    return err;
}

enum err fold_apply_policy(struct fold *fold, uint64_t index, const struct entry *entry, struct why *why)
{
    const struct entry_policy *policy = &entry->as.policy;
    if (fold->policy.version == 0 && fold->n_keys > 0 && fold->last_cut_entry == ENTRY_NONE) {
        return why_set(why, ERR_CONFLICT,
                       "entry %" PRIu64 ": a key stands before the policy that it is to follow", index);
    }
    if (check_policy(fold, policy, why) != OK) {
        return why_prefix(why, ERR_CONFLICT, "entry %" PRIu64, index);
    }
    fold->policy =
        (struct fold_policy){.entry = index, .version = policy->version, .note = kept(fold, policy->note)};
    return OK;
}

enum err fold_apply_evidence(struct fold *fold, uint64_t index, const struct entry *entry, struct why *why)
{
    (void)fold, (void)index, (void)entry, (void)why;
    return OK; /* a hash in the log, and nothing of it in a cut */
}

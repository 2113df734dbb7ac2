/* Keys and policies in the ledger: those of the opening, and what may follow them. What was said before is read from the
 * store each time; there are few of them. */
#include "intake/sequencer_parts.h"
#include "seal/digest.h"
#include "tlog/policy_note.h"

#include <stdio.h>

struct found {
    struct entry entry;
    struct buf scratch, bytes;
};

static enum err see(void *arg, uint64_t index, struct span bytes, struct span note)
{
    struct found *found = arg;
    (void)index;
    (void)note;
    buf_clear(&found->bytes);
    buf_clear(&found->scratch);
    buf_span(&found->bytes, bytes); /* the store's own are borrowed for this call only */
    enum err err = entry_parse(buf_as_span(&found->bytes), &found->entry, &found->scratch, NULL);
    return err == OK ? ERR_AGAIN : ERR_IO;
}

static void found_done(struct found *found)
{
    buf_done(&found->scratch);
    buf_done(&found->bytes);
}

static enum err read_at(struct sequencer *seq, uint64_t index, struct found *found, struct why *why)
{
    return seq->store->ops->read(seq->store, index, see, found, why);
}

/* The newest key entry of a role; ERR_MISSING when there is none. */
static enum err newest_key(struct sequencer *seq, uint8_t role, uint64_t *index, struct why *why)
{
    struct found found = {0};
    uint64_t at = seq->known.size;
    enum err err = OK;
    do {
        err = seq->store->ops->before(seq->store, ENTRY_KEY, at, &at);
        err = err != OK ? err : read_at(seq, at, &found, why);
    } while (err == OK && found.entry.as.key.role != role);
    found_done(&found);
    *index = at;
    return err;
}

/* ERR_REFUSED: the role had this very key before. One that has ended does not come back: it may be anybody's. */
static enum err check_never_had(struct sequencer *seq, const struct entry_key *key, struct why *why)
{
    struct found found = {0};
    uint64_t at = seq->known.size;
    enum err err = OK;
    while (err == OK && (err = seq->store->ops->before(seq->store, ENTRY_KEY, at, &at)) == OK) {
        err = read_at(seq, at, &found, why);
        if (err == OK && found.entry.as.key.role == key->role &&
            span_equal(found.entry.as.key.vkey, key->vkey)) {
            err = why_set(why, ERR_REFUSED, "the %s had this key before, entry %llu: it does not come back",
                          key_role_words[key->role], (unsigned long long)at);
        }
    }
    found_done(&found);
    return err == ERR_MISSING ? OK : err;
}

enum err sequencer_cut_covers_key(struct sequencer *seq, const struct entry_cut *cut, struct why *why)
{
    uint64_t newest = ENTRY_NONE;
    enum err err = newest_key(seq, KEY_CUT, &newest, why);
    if (err != OK) {
        return err == ERR_MISSING ? OK : why_set(why, err, "the store cannot be read");
    }
    return cut->log_size > newest
               ? OK
               : why_set(why, ERR_REFUSED,
                         "the key of the cuts changed meanwhile, entry %llu: this cut does not cover it",
                         (unsigned long long)newest);
}

/* The log and the cut have one key at a time: the new one names the one that it ends. */
static enum err check_only_key(struct sequencer *seq, const struct entry_key *key, struct why *why)
{
    uint64_t newest = ENTRY_NONE;
    enum err err = newest_key(seq, key->role, &newest, why);
    if (err != OK && err != ERR_MISSING) {
        return why_set(why, err, "the store cannot be read");
    }
    newest = err == ERR_MISSING ? ENTRY_NONE : newest;
    if (key->replaces == newest) {
        return key->role == KEY_CUT ? check_never_had(seq, key, why) : OK;
    }
    return newest == ENTRY_NONE
               ? why_set(why, ERR_REFUSED, "there is no key of the %s to replace", key_role_words[key->role])
               : why_set(why, ERR_REFUSED, "the key of the %s is entry %llu: a new one replaces that",
                         key_role_words[key->role], (unsigned long long)newest);
}

static enum err check_replaced(struct sequencer *seq, const struct entry_key *key, struct why *why)
{
    struct found found = {0};
    if (key->replaces == ENTRY_NONE) {
        return OK;
    }
    enum err err = read_at(seq, key->replaces, &found, why);
    if (err == OK && (found.entry.type != ENTRY_KEY || found.entry.as.key.role != key->role)) {
        err = why_set(why, ERR_REFUSED, "a key replaces a key of its own role");
    }
    found_done(&found);
    return err;
}

enum err sequencer_key_follows(struct sequencer *seq, const struct entry_key *key, struct why *why)
{
    struct span name = key->vkey;
    name = span_cut(&name, '+');
    struct span origin = seq->examiner->election->origin;
    if (key->role == KEY_LOG && !origin_holds(origin, name)) {
        return why_set(why, ERR_REFUSED, "the log's key is named %.*s or below it", SPAN_ARG(origin));
    }
    if (key->role == KEY_CUT && !span_equal(origin, name)) {
        return why_set(why, ERR_REFUSED, "the cut's key is named %.*s", SPAN_ARG(origin));
    }
    return key->role == KEY_LOG || key->role == KEY_CUT ? check_only_key(seq, key, why)
                                                        : check_replaced(seq, key, why);
}

/* The policy that the ledger has; *out NULL when it has none. */
static enum err policy_in_force(struct sequencer *seq, struct policy_note **out, struct why *why)
{
    struct found found = {0};
    uint64_t index = 0;
    *out = NULL;
    enum err err = seq->store->ops->newest(seq->store, ENTRY_POLICY, &index);
    if (err == ERR_MISSING) {
        return OK;
    }
    err = err != OK ? err : read_at(seq, index, &found, why);
    err = err != OK ? err : policy_note_parse(found.entry.as.policy.note, out, why);
    found_done(&found);
    return err;
}

static enum err check_policy(const struct election *election, const struct entry_policy *entry,
                             const struct policy_note *note, const struct policy_note *before,
                             struct why *why)
{
    if (!span_equal(note->head.origin, election->origin) || note->head.drill != election->drill) {
        return why_set(why, ERR_REFUSED, "the policy is of %.*s, the ledger of %.*s",
                       SPAN_ARG(note->head.origin), SPAN_ARG(election->origin));
    }
    if (note->head.version != entry->version) {
        return why_set(why, ERR_REFUSED, "the policy is version %u, not %u", note->head.version,
                       entry->version);
    }
    return before == NULL ? policy_note_verify(note, why) : policy_note_follows(note, before, why);
}

/* Before the first cut, the policy comes before the keys; a night without a ceremony may have one later. */
static enum err check_place(struct sequencer *seq, const struct policy_note *before, struct why *why)
{
    uint64_t key = 0;
    if (before != NULL || seq->known.cut_entry != ENTRY_NONE) {
        return OK;
    }
    enum err err = seq->store->ops->newest(seq->store, ENTRY_KEY, &key);
    return err == ERR_MISSING
               ? OK
               : why_set(
                     why, err == OK ? ERR_REFUSED : err,
                     "a key stands in the ledger already: a first policy comes before it, or after a cut");
}

enum err sequencer_policy_follows(struct sequencer *seq, const struct entry_policy *policy, struct why *why)
{
    struct policy_note *note = NULL;
    struct policy_note *before = NULL;
    enum err err = policy_note_parse(policy->note, &note, why);
    err = err != OK ? err : policy_in_force(seq, &before, why);
    err = err != OK ? err : check_place(seq, before, why);
    err = err != OK ? err : check_policy(seq->examiner->election, policy, note, before, why);
    policy_note_free(note);
    policy_note_free(before);
    return err == OK || err == ERR_IO ? err : ERR_REFUSED;
}

/* --- the opening --- */

static enum err store_key(struct sequencer *seq, enum key_role role, const char *name, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf vkey = {0};
    enum err err = file_read(path_join(path, seq->dir, name), 1024, &vkey, NULL);
    if (err == OK) {
        struct entry entry = {.type = ENTRY_KEY};
        entry.as.key = (struct entry_key){.role = (uint8_t)role,
                                          .vkey = span_trim(buf_as_span(&vkey)),
                                          .time_ms = clock_now_ms(seq->clock),
                                          .replaces = ENTRY_NONE};
        struct note_key key;
        err = note_key_parse(entry.as.key.vkey, &key, why);
        err = err != OK ? err : sequencer_key_follows(seq, &entry.as.key, why);
        err = err != OK ? why_prefix(why, err, "%s", path) : sequencer_store_printed(seq, &entry, why);
    }
    buf_done(&vkey);
    return err == ERR_MISSING ? OK : err;
}

static enum err store_policy(struct sequencer *seq, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf bytes = {0};
    struct policy_note *note = NULL;
    enum err err = file_read(path_join(path, seq->dir, "keys/policy.note"), POLICY_NOTE_MAX, &bytes, NULL);
    if (err == ERR_MISSING) {
        return OK;
    }
    err = err != OK ? err : policy_note_parse(buf_as_span(&bytes), &note, why);
    if (err == OK) {
        struct entry entry = {.type = ENTRY_POLICY};
        entry.as.policy = (struct entry_policy){.version = note->head.version, .note = buf_as_span(&bytes)};
        digest_of(entry.as.policy.note, entry.as.policy.sha256);
        err = check_policy(seq->examiner->election, &entry.as.policy, note, NULL, why);
        err = err != OK ? err : sequencer_store_printed(seq, &entry, why);
    }
    policy_note_free(note);
    buf_done(&bytes);
    return err == OK ? OK : why_prefix(why, err, "%s", path);
}

enum err sequencer_opening_keys(struct sequencer *seq, struct why *why)
{
    TRY(store_policy(seq, why));
    TRY(store_key(seq, KEY_LOG, "keys/log.key.pub", why));
    return store_key(seq, KEY_CUT, "keys/cut.key.pub", why);
}

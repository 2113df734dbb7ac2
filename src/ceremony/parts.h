/* What the verbs share. */
#ifndef CEREMONY_PARTS_H
#define CEREMONY_PARTS_H

#include "keys/keyfile.h"
#include "tlog/policy_note.h"

#include <stdbool.h>

/* The verbs: argv[0] is "atalaya-keys", the options and words follow. */
int ceremony_new(int argc, char *argv[]);
int ceremony_show(int argc, char *argv[]);
int ceremony_policy(int argc, char *argv[]);
int ceremony_sign(int argc, char *argv[]);
int ceremony_check(int argc, char *argv[]);
int ceremony_publish(int argc, char *argv[]);
int ceremony_rotate(int argc, char *argv[]);
int ceremony_drill(int argc, char *argv[]);

/* Says on stderr what went wrong, and gives the exit code that belongs to it. */
int ceremony_failed(const char *verb, enum err err, const struct why *why);

/* From the terminal without echo, or a line of standard input. keyfile_ask. */
enum err ceremony_ask(void *arg, const char *name, char out[PASSPHRASE_MAX], size_t *len);
/* Asks twice. */
MUST_CHECK enum err ceremony_ask_new(const char *name, char out[PASSPHRASE_MAX], size_t *len,
                                     struct why *why);

MUST_CHECK enum err read_text(const char *path, struct buf *out, struct why *why); /* POLICY_NOTE_MAX */
MUST_CHECK enum err read_vkey(const char *path, struct buf *out, struct why *why); /* a line, trimmed */
MUST_CHECK enum err read_policy(const char *path, struct policy_note **out,
                                struct why *why); /* a note or a text */
MUST_CHECK enum err read_policy_note(const char *path, struct policy_note **out, struct why *why);

/* In words: what a version says, and who has signed. */
void policy_tell(const struct policy_note *note, bool has_signatures, struct buf *out);

/* Signs a version with a root key into NOTE (made from the text when it is not there). */
MUST_CHECK enum err policy_sign(const struct policy_note *version, const char *note_path,
                                const struct secret_key *key, bool *there_already, struct why *why);

/* DIR/public/log and DIR/keys, and the ledger when the night has begun. */
MUST_CHECK enum err policy_publish(const char *dir, const struct policy_note *note, struct buf *told,
                                   struct why *why);

/* Appends an entry to the ledger of a running night; *index says where. */
MUST_CHECK enum err ledger_add(const char *dir, const struct entry *entry, uint64_t *index, struct why *why);
/* "stop log", "start log" to the parent of a night, where one runs. False: there is none, or it says no. */
bool night_order(const char *dir, const char *order);
bool night_has_begun(const char *dir);
/* The night's clock, or the system's where there is none; whole seconds. */
MUST_CHECK enum err ceremony_now(const char *dir, int64_t *now_ms, struct why *why);

/* Every manifest in DIR/public against the ledger's entry of its cut; says which are strange. */
struct manifests_seen {
    uint32_t manifests, strange;
};
MUST_CHECK enum err manifests_look(const char *dir, struct manifests_seen *seen, struct why *why);

/* The text of a version from what was asked for. */
struct policy_wish {
    const char *origin;
    struct policy_note *after; /* NULL for a first version */
    const char *const *logs;   /* "FILE.pub" or "FILE.pub=URL" */
    size_t n_logs;
    const char *const *roots; /* "FILE.pub" */
    size_t n_roots;
    const char *const *witnesses; /* "NAME=FILE.pub" or "NAME=FILE.pub=URL" */
    size_t n_witnesses;
    const char *const *groups; /* "NAME RULE MEMBER..." */
    size_t n_groups;
    const char *quorum, *continues;
    int64_t threshold; /* 0: not said */
    int64_t time_ms;
};
MUST_CHECK enum err policy_compose(const struct policy_wish *wish, struct buf *out, struct why *why);

#endif

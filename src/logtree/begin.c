/* The beginning of a log, once: its key, the signer's first memory. And its going on: in a folder that was made again from the
 * night's copy, where the memory is the whole of what was copied, and under another origin after its key was stolen. */
#include "base/log.h"
#include "formats/election.h"
#include "keys/keyfile.h"
#include "logtree/logtree.h"
#include "logtree/paths.h"
#include "logtree/signer.h"
#include "tlog/ledger.h"
#include "tlog/policy_note.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void logtree_paths(const struct logtree_options *options, struct logtree_paths *out)
{
    const struct {
        char *out;
        const char *name;
    } rows[] = {{out->election, "election"}, {out->ledger, "ledger"},         {out->public, "public"},
                {out->clock, "run/clock"},   {out->status, "run/status/log"}, {out->key, "keys/log.key"},
                {out->state_dir, "signer"},  {out->proofs, "run/proofs"},     {out->copied, "run/copy"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        path_join(rows[i].out, options->dir, rows[i].name);
    }
    if (options->state_dir != NULL) {
        bool fits = span_copy(span_str(options->state_dir), out->state_dir, sizeof out->state_dir);
        assert(fits);
    }
    path_join(out->state, out->state_dir, "state");
}

/* The key of this log: there, or made now. Its name is the log's origin: that of the election, or below it once a key was
 * stolen. A key in a token, or made at a ceremony, lies there already. */
static enum err have_key(const char *path, struct span origin, bool make, struct note_key *out,
                         struct why *why)
{
    struct signing_key key;
    if (make && !file_exists(path)) {
        TRY(secret_key_new(origin, &key.secret) == OK
                ? OK
                : why_set(why, ERR_SYNTAX, "the origin is no key's name"));
        enum err err = keyfile_write(path, &key.secret, SPAN(""), why);
        secret_key_wipe(&key.secret);
        TRY(err);
    }
    TRY(keyfile_load(path, NULL, NULL, &key, why));
    *out = key.secret.key;
    signing_key_done(&key);
    return origin_holds(origin, span_str(out->name))
               ? OK
               : why_set(why, ERR_CONFLICT, "%s is the key of %s, the log is %.*s", path, out->name,
                         SPAN_ARG(origin));
}

/* The tree over what the ledger holds, of its first `most` entries. */
static enum err ledger_tree(const char *ledger_dir, uint64_t most, struct merkle_edge *edge, struct why *why)
{
    struct ledger_reader *reader = NULL;
    merkle_edge_init(edge);
    enum err err = ledger_reader_open(ledger_dir, &reader, why);
    if (err == ERR_MISSING) {
        return OK;
    }
    while (err == OK && edge->size < most) {
        struct span entry;
        struct hash leaf;
        uint64_t index = 0;
        err = ledger_reader_next(reader, &entry, &index, why);
        if (err == OK) {
            merkle_leaf(entry, &leaf);
            merkle_edge_add(edge, &leaf);
        }
    }
    ledger_reader_close(reader);
    return err == ERR_AGAIN ? OK : err;
}

/* A log is begun before its ledger. When entries are there and the signer's memory is not, it was lost: from an empty memory
 * it would sign any tree. A folder made again from the copy is the exception: nothing was ever signed that the copy had
 * not, so that whoever contains all of it contains whatever was signed. */
static enum err first_state(const struct logtree_paths *paths, struct span origin, bool restored,
                            struct signer_state *out, struct why *why)
{
    struct merkle_edge edge;
    TRY(ledger_tree(paths->ledger, UINT64_MAX, &edge, why));
    if (edge.size > 0 && !restored) {
        return why_set(why, ERR_CONFLICT,
                       "%s holds %llu entries: the signer's memory was lost, or this is not the beginning",
                       paths->ledger, (unsigned long long)edge.size);
    }
    *out = (struct signer_state){.size = edge.size};
    merkle_edge_root(&edge, &out->root);
    return origin.len > 0 && span_copy(origin, out->origin, sizeof out->origin)
               ? OK
               : why_set(why, ERR_RANGE, "the log's origin has 1 to %d bytes", ORIGIN_MAX);
}

static enum err show_key(const struct logtree_paths *paths, const struct note_key *key, struct why *why)
{
    struct buf vkey;
    char log_dir[FILE_PATH_MAX];
    char path[FILE_PATH_MAX];
    TRY(folder_make(path_join(log_dir, paths->public, "log"), why));
    buf_init(&vkey, 0);
    note_key_print(key, &vkey);
    buf_char(&vkey, '\n');
    enum err err = file_write(path_join(path, log_dir, "vkey"), buf_as_span(&vkey), true, why);
    if (err == OK) { /* beside the key: what the night's other programs pin */
        snprintf(path, sizeof path, "%.4000s.pub", paths->key);
        err = file_write(path, buf_as_span(&vkey), true, why);
    }
    printf("%s", buf_cstr(&vkey));
    buf_done(&vkey);
    return err;
}

/* Somebody has this checkpoint of ours: the ledger must contain its tree. */
static enum err contains(const struct logtree_paths *paths, const struct note_key *key, const char *known,
                         struct why *why)
{
    struct buf note = {0};
    struct span text;
    struct checkpoint checkpoint;
    struct merkle_edge edge;
    struct hash root;
    size_t by = 0;
    enum err err = file_read(known, CHECKPOINT_MAX, &note, why);
    err = err == OK ? note_verify(buf_as_span(&note), key, 1, &text, &by, why) : err;
    err = err == OK ? checkpoint_parse(text, &checkpoint, why) : err;
    err = err == OK ? ledger_tree(paths->ledger, checkpoint.size, &edge, why) : err;
    if (err == OK) {
        merkle_edge_root(&edge, &root);
        if (edge.size != checkpoint.size || !hash_equal(&root, &checkpoint.root)) {
            err = why_set(
                why, ERR_CONFLICT,
                "the checkpoint of %llu entries is not contained in the ledger: going on would fork the log",
                (unsigned long long)checkpoint.size);
        }
    }
    buf_done(&note);
    return err;
}

static enum err first_begin(const struct logtree_paths *paths, struct span origin,
                            const struct log_beginning *how, struct why *why)
{
    struct note_key key;
    struct signer_state state;
    TRY(folder_make(paths->state_dir, why));
    TRY(first_state(paths, origin, how->restored, &state, why));
    TRY(have_key(paths->key, origin, !how->restored, &key, why));
    TRY(how->at_least == NULL ? OK : contains(paths, &key, how->at_least, why));
    (void)span_copy(span_str(key.name), state.origin, sizeof state.origin); /* both are at most 127 bytes */
    TRY(signer_begin_at(paths->state, &state, why));
    return show_key(paths, &key, why);
}

/* --- after a theft: a new log that begins with the old one's entries --- */

/* What the new log must contain: the old one's last good checkpoint, which this ledger must be the ledger of. */
static enum err continued_state(const struct logtree_paths *paths, const char *from, struct signer_state *out,
                                struct why *why)
{
    struct buf bytes = {0};
    struct span text, signatures;
    struct checkpoint checkpoint;
    struct merkle_edge edge;
    enum err err = file_read(from, CHECKPOINT_MAX, &bytes, why);
    if (err == OK && (note_split(buf_as_span(&bytes), &text, &signatures) != OK ||
                      checkpoint_parse(text, &checkpoint, why) != OK)) {
        err = why_set(why, ERR_SYNTAX, "%s is no checkpoint", from);
    }
    if (err == OK && span_is(checkpoint.origin, out->origin)) {
        err =
            why_set(why, ERR_EXISTS, "%s is of %s itself: an origin is never begun twice", from, out->origin);
    }
    err = err != OK ? err : ledger_tree(paths->ledger, checkpoint.size, &edge, why);
    if (err == OK) {
        merkle_edge_root(&edge, &out->root);
        out->size = checkpoint.size;
        if (edge.size != checkpoint.size || !hash_equal(&out->root, &checkpoint.root)) {
            err = why_set(why, ERR_CONFLICT,
                          "%s is not a checkpoint of this ledger: take another that is good", from);
        }
    }
    buf_done(&bytes);
    return err;
}

/* FILE becomes STATE_DIR/NAME.old-N. */
static enum err put_away(const struct logtree_paths *paths, const char *file, const char *name,
                         struct why *why)
{
    char old[FILE_PATH_MAX];
    char as[64];
    for (int i = 1; file_exists(file) && i < 100; i++) {
        snprintf(as, sizeof as, "%s.old-%d", name, i);
        if (!file_exists(path_join(old, paths->state_dir, as)) && rename(file, old) != 0) {
            return why_set(why, ERR_IO, "%s cannot be put away", file);
        }
    }
    return OK;
}

struct proofs {
    const struct logtree_paths *paths;
    const char *log_dir;
};

static enum err put_proof_away(void *arg, const char *name, int64_t size)
{
    const struct proofs *proofs = arg;
    char path[FILE_PATH_MAX];
    (void)size;
    return span_ends(span_str(name), SPAN(".tlog-proof")) && strchr(name, '/') == NULL
               ? put_away(proofs->paths, path_join(path, proofs->log_dir, name), name, NULL)
               : OK;
}

/* Proofs that end in the old log's signature are made again under the new one; also those that nobody has seen. */
static enum err put_proofs_away(const struct logtree_paths *paths, struct why *why)
{
    char folder[FILE_PATH_MAX];
    struct proofs proofs = {paths, path_join(folder, paths->public, "log")};
    TRY(folder_walk(folder, put_proof_away, &proofs, why));
    const char *const waiting[] = {paths->proofs, paths->copied};
    for (size_t i = 0; i < sizeof waiting / sizeof *waiting; i++) {
        proofs.log_dir = waiting[i];
        TRY(file_exists(waiting[i]) ? folder_walk(waiting[i], put_proof_away, &proofs, why) : OK);
    }
    return OK;
}

static enum err begin_again(const struct logtree_paths *paths, struct span origin, const char *from,
                            struct why *why)
{
    struct note_key key;
    struct signer_state state = {.size = 0};
    struct signer_state old;
    char checkpoint[FILE_PATH_MAX];
    TRY(have_key(paths->key, origin, false, &key, why));
    (void)span_copy(span_str(key.name), state.origin, sizeof state.origin);
    TRY(continued_state(paths, from, &state, why));
    if (file_exists(paths->state)) {
        TRY(signer_load(paths->state, &old, why));
        if (strcmp(old.origin, state.origin) == 0) {
            return why_set(why, ERR_EXISTS, "the log %s has begun; an origin is never begun twice",
                           old.origin);
        }
    }
    TRY(put_away(paths, paths->state, "state", why));
    TRY(put_away(paths, path_join(checkpoint, paths->public, "log/checkpoint"), "checkpoint", why));
    TRY(put_proofs_away(paths, why));
    TRY(signer_begin_at(paths->state, &state, why));
    return show_key(paths, &key, why);
}

int logtree_begin(const struct logtree_options *options, const struct log_beginning *how)
{
    struct logtree_paths paths;
    struct election election;
    struct why why = {""};
    logtree_paths(options, &paths);
    enum err err = election_load(paths.election, &election, &why);
    if (err == OK) {
        err = how->continues == NULL ? first_begin(&paths, election.origin, how, &why)
                                     : begin_again(&paths, election.origin, how->continues, &why);
        election_done(&election);
    }
    if (err != OK) {
        log_line(LOG_ERROR, "log_cannot_begin", "why=\"%s\"", why.text);
        return 2;
    }
    return 0;
}

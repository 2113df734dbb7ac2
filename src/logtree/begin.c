/* The beginning of a log, once: its key, the signer's first memory. And its going on in a folder that was made again from the
 * night's copy, where the memory is the whole of what was copied. */
#include "base/log.h"
#include "formats/election.h"
#include "logtree/logtree.h"
#include "logtree/paths.h"
#include "logtree/signer.h"
#include "tlog/ledger.h"

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
                {out->state_dir, "signer"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        path_join(rows[i].out, options->dir, rows[i].name);
    }
    if (options->state_dir != NULL) {
        bool fits = span_copy(span_str(options->state_dir), out->state_dir, sizeof out->state_dir);
        assert(fits);
    }
    path_join(out->state, out->state_dir, "state");
}

/* The key of this log: read, or made now. */
static enum err have_key(const char *path, struct span origin, bool make, struct secret_key *out,
                         struct why *why)
{
    struct buf text;
    buf_init(&text, 0);
    enum err err = file_read(path, 4096, &text, make ? NULL : why);
    if (err == OK) {
        err = secret_key_parse(buf_as_span(&text), out, why);
    } else if (err == ERR_MISSING && make) {
        err = secret_key_new(origin, out);
        secret_key_print(out, &text);
        err = err == OK ? file_write_private(path, buf_as_span(&text), why) : err;
    }
    if (err == OK && !span_is(origin, out->key.name)) {
        err = why_set(why, ERR_CONFLICT, "%s is the key of %s, the log is %.*s", path, out->key.name,
                      SPAN_ARG(origin));
    }
    explicit_bzero(text.at, text.cap);
    buf_done(&text);
    return err;
}

/* The tree over all that the ledger holds. */
static enum err whole_ledger(const char *ledger_dir, struct merkle_edge *edge, struct why *why)
{
    struct ledger_reader *reader = NULL;
    merkle_edge_init(edge);
    enum err err = ledger_reader_open(ledger_dir, &reader, why);
    if (err == ERR_MISSING) {
        return OK;
    }
    while (err == OK) {
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
    TRY(whole_ledger(paths->ledger, &edge, why));
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

static enum err show_key(const struct logtree_paths *paths, const struct secret_key *key, struct why *why)
{
    struct buf vkey;
    char log_dir[FILE_PATH_MAX];
    char path[FILE_PATH_MAX];
    TRY(folder_make(path_join(log_dir, paths->public, "log"), why));
    buf_init(&vkey, 0);
    note_key_print(&key->key, &vkey);
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

static enum err begin(const struct logtree_paths *paths, bool restored, struct why *why)
{
    struct election election;
    struct secret_key key;
    struct signer_state state;
    TRY(election_load(paths->election, &election, why));
    enum err err = folder_make(paths->state_dir, why);
    err = err == OK ? first_state(paths, election.origin, restored, &state, why) : err;
    err = err == OK ? have_key(paths->key, election.origin, !restored, &key, why) : err;
    if (err == OK) {
        err = signer_begin_at(paths->state, &state, why);
        err = err == OK ? show_key(paths, &key, why) : err;
        secret_key_wipe(&key);
    }
    election_done(&election);
    return err;
}

int logtree_begin(const struct logtree_options *options, bool restored)
{
    struct logtree_paths paths;
    struct why why = {""};
    logtree_paths(options, &paths);
    if (begin(&paths, restored, &why) != OK) {
        log_line(LOG_ERROR, "log_cannot_begin", "why=\"%s\"", why.text);
        return 2;
    }
    return 0;
}

/* Bundles in, entries proven, a ledger out. */
#include "cut/rebuild_log.h"

#include "os/file.h"
#include "tlog/ledger.h"
#include "tlog/policy_note.h"
#include "tlog/tiles.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum { BUNDLE_BYTES_MAX = BUNDLE_ENTRIES * (ENTRY_MAX + 2) };

void rebuild_log_init(struct rebuild_log *log, const char *dir)
{
    *log = (struct rebuild_log){.dir = dir};
    definition_init(&log->definition);
}

void rebuild_log_done(struct rebuild_log *log)
{
    definition_done(&log->definition);
    buf_done(&log->note);
    buf_done(&log->bundle);
    buf_done(&log->scratch);
}

static enum err policy_from(const char *path, struct policy **out, struct why *why)
{
    struct buf text = {0};
    enum err err = file_read(path, POLICY_BYTES, &text, why);
    err = err != OK ? err : policy_pinned_parse(buf_as_span(&text), out, why);
    buf_done(&text);
    return err;
}

static enum err check_signature(struct rebuild_log *log, const char *path, struct why *why)
{
    struct policy *policy;
    struct policy_verdict verdict;
    TRY(policy_from(path, &policy, why));
    enum err err = policy_check(policy, buf_as_span(&log->note), &verdict, why);
    if (err == OK && !verdict.quorum) {
        err = why_set(why, ERR_FORGED,
                      "the checkpoint has not the quorum of witnesses that the policy asks for");
    }
    policy_free(policy);
    log->signed_by_log = err == OK;
    return err;
}

enum err rebuild_log_open(struct rebuild_log *log, const char *policy, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct span text;
    struct span signatures;
    TRY(file_read(path_join(path, log->dir, "checkpoint"), CHECKPOINT_MAX, &log->note, why));
    if (note_split(buf_as_span(&log->note), &text, &signatures) != OK) {
        return why_set(why, ERR_SYNTAX, "the checkpoint is not a signed note");
    }
    TRY(checkpoint_parse(text, &log->checkpoint, why));
    if (policy != NULL) {
        return check_signature(log, policy, why);
    }
    path_join(path, log->dir, "vkey");
    return file_exists(path) ? check_signature(log, path, why) : OK;
}

/* The bundle as the checkpoint's size has it; its full successor will do. */
static enum err bundle_read(struct rebuild_log *log, uint64_t bundle, unsigned width, struct why *why)
{
    char name[TILE_PATH_MAX];
    char path[FILE_PATH_MAX];
    buf_clear(&log->bundle);
    tile_entries_path(bundle, width, name);
    enum err err = file_read(path_join(path, log->dir, name), BUNDLE_BYTES_MAX, &log->bundle, NULL);
    if (err == ERR_MISSING && width < BUNDLE_ENTRIES) {
        char full[TILE_PATH_MAX];
        tile_entries_path(bundle, BUNDLE_ENTRIES, full);
        err = file_read(path_join(path, log->dir, full), BUNDLE_BYTES_MAX, &log->bundle, NULL);
    }
    return err == OK ? OK
                     : why_set(why, ERR_MISSING, "%s: the checkpoint covers it, and it is not there", name);
}

static enum err entry_take(struct rebuild_log *log, struct span bytes, struct merkle_edge *edge,
                           struct why *why)
{
    struct entry entry;
    struct hash leaf;
    merkle_leaf(bytes, &leaf);
    merkle_edge_add(edge, &leaf);
    buf_clear(&log->scratch);
    TRY(entry_parse(bytes, &entry, &log->scratch, why));
    if (entry.type == ENTRY_CUT) {
        log->cuts++;
        log->cut_size = entry.as.cut.log_size;
    }
    return definition_take(&log->definition, &entry, why);
}

static enum err bundle_take(struct rebuild_log *log, uint64_t bundle, unsigned width, const char *ledger_dir,
                            struct merkle_edge *edge, struct why *why)
{
    char name[BUNDLE_PATH_MAX];
    char path[FILE_PATH_MAX];
    char folder[FILE_PATH_MAX];
    TRY(bundle_read(log, bundle, width, why));
    struct span rest = buf_as_span(&log->bundle);
    for (unsigned i = 0; i < width; i++) {
        struct span entry;
        uint64_t index = bundle * BUNDLE_ENTRIES + i;
        if (bundle_next(&rest, &entry) != OK) {
            return why_set(why, ERR_SYNTAX,
                           "bundle %" PRIu64 " ends after %u entries; the checkpoint covers %u of it", bundle,
                           i, width);
        }
        enum err err = entry_take(log, entry, edge, why);
        if (err != OK) {
            return why_prefix(why, err, "entry %" PRIu64, index);
        }
        TRY(bound_take(&log->bound, index, entry, why));
    }
    bundle_path(bundle, name);
    path_join(path, ledger_dir, name);
    size_t len = (size_t)(strrchr(path, '/') - path);
    memcpy(folder, path, len);
    folder[len] = '\0';
    TRY(folder_make(folder, why));
    return file_write_new(path, span_of(log->bundle.at, log->bundle.len - rest.len), why);
}

enum err rebuild_log_read(struct rebuild_log *log, const char *ledger_dir, struct why *why)
{
    struct merkle_edge edge;
    struct hash root;
    uint64_t size = log->checkpoint.size;
    merkle_edge_init(&edge);
    for (uint64_t start = 0; start < size; start += BUNDLE_ENTRIES) {
        uint64_t left = size - start;
        TRY(bundle_take(log, start / BUNDLE_ENTRIES, left < BUNDLE_ENTRIES ? (unsigned)left : BUNDLE_ENTRIES,
                        ledger_dir, &edge, why));
    }
    merkle_edge_root(&edge, &root);
    if (!hash_equal(&root, &log->checkpoint.root)) {
        return why_set(why, ERR_FORGED,
                       "the %" PRIu64 " entries do not give the root that the checkpoint signs", size);
    }
    if (log->cuts == 0) {
        return why_set(why, ERR_CONFLICT, "the log holds no cut yet");
    }
    return OK;
}

/* What lies in the mirror's own folder of the log: opened, hashed, kept as evidence. */
#include "base/codec.h"
#include "base/num.h"
#include "mirror/follow.h"
#include "mirror/pull.h"
#include "os/file.h"
#include "seal/digest.h"
#include "tlog/checkpoint.h"
#include "tlog/ledger.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BUNDLE_BYTES_MAX = BUNDLE_ENTRIES * 65537, EVIDENCE_HEX = 16 };

/* "prep-cut/v1\nnumber 12\n…manifest <hex>\n": the ledger's own spelling (docs/formats/ledger.md). */
static void note_cut(struct follow *follow, uint64_t index, struct span entry)
{
    struct span line;
    struct follow_cut cut = {.index = index};
    if (!span_line(&entry, &line) || !span_is(line, "prep-cut/v1") || !span_line(&entry, &line) ||
        !span_starts(line, SPAN("number ")) || num_parse_u32(span_from(line, 7), &cut.number) != OK) {
        return;
    }
    while (span_line(&entry, &line)) {
        if (span_starts(line, SPAN("manifest ")) &&
            hex_parse(span_from(line, 9), cut.manifest, sizeof cut.manifest) == OK) {
            break;
        }
    }
    if (follow->n_cuts == follow->cap_cuts) {
        follow->cap_cuts = follow->cap_cuts == 0 ? 64 : follow->cap_cuts * 2;
        follow->cuts = realloc(follow->cuts, follow->cap_cuts * sizeof *follow->cuts);
        assert(follow->cuts != NULL);
    }
    follow->cuts[follow->n_cuts++] = cut;
}

enum err follow_note(struct follow *follow, uint64_t index, struct span entry, struct why *why)
{
    if (span_starts(entry, SPAN("prep-notice/v1\n"))) {
        buf_clear(&follow->notice);
        buf_span(&follow->notice, entry);
        follow->notice_index = index;
    }
    note_cut(follow, index, entry);
    return bound_take(&follow->bound, index, entry, why) == OK
               ? OK
               : why_prefix(why, ERR_FORGED, "el registro se contradice");
}

enum err follow_bundle(const struct pull *pull, uint64_t bundle, uint64_t size, struct buf *out,
                       struct why *why)
{
    char tile[TILE_PATH_MAX], path[FILE_PATH_MAX];
    uint64_t left = size - bundle * BUNDLE_ENTRIES;
    assert(bundle * BUNDLE_ENTRIES < size);
    buf_clear(out);
    tile_entries_path(bundle, left < BUNDLE_ENTRIES ? (unsigned)left : BUNDLE_ENTRIES, tile);
    return file_read(path_join(path, pull->follow.log_dir, tile), BUNDLE_BYTES_MAX, out, why);
}

enum err follow_evidence(struct pull *pull, struct span note, struct why *why)
{
    struct follow *follow = &pull->follow;
    const struct span notes[] = {buf_as_span(&follow->seen), note};
    char folder[FILE_PATH_MAX];
    TRY(folder_make(path_join(folder, follow->log_dir, "evidence"), why));
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        char name[EVIDENCE_NAME_MAX], hex[65], path[FILE_PATH_MAX];
        digest_hex(notes[i], hex);
        snprintf(name, sizeof name, "%.*s.checkpoint", EVIDENCE_HEX, hex);
        if (!file_exists(path_join(path, folder, name))) {
            TRY(file_write(path, notes[i], true, why));
        }
    }
    follow->conflict = true;
    return why_set(why, ERR_CONFLICT,
                   "dos historias firmadas por el registro: no se pueden unir; ambas están en log/evidence");
}

/* A note with the log's signature; what is not so is as if it were not there. */
static enum err read_checkpoint(const struct pull *pull, const char *path, struct buf *note,
                                struct checkpoint *out, struct why *why)
{
    struct span text;
    size_t by = 0;
    buf_clear(note);
    TRY(file_read(path, CHECKPOINT_MAX, note, why));
    const struct pinned *pinned = &pull->pinned;
    TRY(note_verify(buf_as_span(note), pinned->ever, pinned->n_ever, &text, &by, why));
    TRY(checkpoint_parse(text, out, why));
    return span_is(out->origin, pinned->ever[by].name)
               ? OK
               : why_set(why, ERR_CONFLICT, "%s es de otro registro", path);
}

/* Hashes every entry of the bundles that a tree of this size has here. */
static enum err hash_bundles(struct pull *pull, uint64_t size, struct why *why)
{
    struct follow *follow = &pull->follow;
    struct buf bytes = {0};
    enum err err = OK;
    for (uint64_t bundle = 0; err == OK && bundle * BUNDLE_ENTRIES < size; bundle++) {
        err = follow_bundle(pull, bundle, size, &bytes, why);
        struct span rest = buf_as_span(&bytes), entry;
        for (uint64_t i = bundle * BUNDLE_ENTRIES; err == OK && i < size && i < (bundle + 1) * BUNDLE_ENTRIES;
             i++) {
            struct hash leaf;
            err = bundle_next(&rest, &entry) == OK ? OK : ERR_SYNTAX;
            if (err == OK) {
                merkle_leaf(entry, &leaf);
                tiles_add(follow->tiles, &leaf);
                err = follow_note(follow, i, entry, why);
            }
        }
    }
    buf_done(&bytes);
    return err;
}

/* What the checkpoint here speaks of, hashed again; the hash tiles are written anew. */
static enum err open_held(struct pull *pull, struct why *why)
{
    struct follow *follow = &pull->follow;
    struct checkpoint checkpoint;
    struct buf note = {0};
    struct hash root;
    char path[FILE_PATH_MAX];
    path_join(path, follow->log_dir, "checkpoint");
    enum err err = read_checkpoint(pull, path, &note, &checkpoint, why);
    if (err == OK) {
        err = hash_bundles(pull, checkpoint.size, why);
    }
    if (err == OK) {
        tiles_root(follow->tiles, &root);
        err = hash_equal(&root, &checkpoint.root) ? tiles_publish(follow->tiles, why) : ERR_FORGED;
    }
    if (err == OK && checkpoint.size > follow->seen_size) {
        follow->seen_size = checkpoint.size;
        follow->seen_root = checkpoint.root;
        buf_clear(&follow->seen);
        buf_span(&follow->seen, buf_as_span(&note));
    }
    if (err == OK) {
        follow->held = checkpoint.size;
        tiles_prune_begin(&follow->pruned, follow->held);
        err = tiles_clear_beyond(follow->log_dir, follow->held, why);
    }
    buf_done(&note);
    return err;
}

/* What was ever verified here: the memory that a damaged folder does not take back. */
static enum err open_seen(struct pull *pull, struct why *why)
{
    struct follow *follow = &pull->follow;
    struct checkpoint seen;
    if (!file_exists(follow->seen_path)) {
        return OK;
    }
    TRY(read_checkpoint(pull, follow->seen_path, &follow->seen, &seen, why));
    follow->seen_size = seen.size;
    follow->seen_root = seen.root;
    return OK;
}

enum err follow_open(struct pull *pull, struct why *why)
{
    struct follow *follow = &pull->follow;
    char path[FILE_PATH_MAX];
    struct why damaged = {{0}};
    path_join(follow->log_dir, pull->stage.public, "log");
    path_join(follow->seen_path, pull->options.dir, "seen-checkpoint");
    follow->conflict = file_exists(path_join(path, follow->log_dir, "evidence"));
    TRY(folder_make(follow->log_dir, why));
    TRY(open_seen(pull, why));
    TRY(tiles_open(follow->log_dir, 0, &follow->tiles, why));
    if (open_held(pull, &damaged) == OK) {
        return OK;
    }
    /* Nothing that can be believed: what points to it goes, and all of it is fetched again. */
    tiles_close(follow->tiles);
    follow->tiles = NULL;
    follow->held = 0;
    follow->n_cuts = 0;
    bound_init(&follow->bound);
    unlink(path_join(path, follow->log_dir, "checkpoint"));
    return tiles_open(follow->log_dir, 0, &follow->tiles, why);
}

void follow_close(struct pull *pull)
{
    tiles_close(pull->follow.tiles);
    free(pull->follow.cuts);
    buf_done(&pull->follow.seen);
    buf_done(&pull->follow.notice);
}

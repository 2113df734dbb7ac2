/* A look at the log: checkpoint, entries, root, and only then the checkpoint of our own. */
#include "mirror/follow.h"

#include "mirror/pull.h"
#include "os/file.h"
#include "tlog/checkpoint.h"
#include "tlog/ledger.h"
#include "tlog/proof_file.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUNDLE_BYTES_MAX = BUNDLE_ENTRIES * 65537, PROOFS_A_LOOK = 64 };

/* A checkpoint that was read: `note` is its own copy. */
struct offered {
    struct buf note;
    struct checkpoint checkpoint; /* borrows from it */
};

/* By one of these keys, under its own origin. */
static enum err verify_by(const struct note_key *keys, size_t n_keys, struct offered *offered,
                          struct why *why)
{
    struct span text;
    size_t by = 0;
    if (note_verify(buf_as_span(&offered->note), keys, n_keys, &text, &by, why) != OK) {
        return ERR_FORGED; /* also one that the pinned key did not sign at all */
    }
    TRY(checkpoint_parse(text, &offered->checkpoint, why));
    if (!span_is(offered->checkpoint.origin, keys[by].name)) {
        return why_set(why, ERR_FORGED, "el punto de control es de otro registro: %.*s",
                       SPAN_ARG(offered->checkpoint.origin));
    }
    return OK;
}

/* What is offered is signed by a log of the policy in force. One that is not may be the sign of a newer version. */
static enum err verify_checkpoint(struct pull *pull, struct offered *offered, struct why *why)
{
    struct pinned *pinned = &pull->pinned;
    struct why refused = {{0}};
    bool moved = false;
    if (verify_by(pinned->now, pinned->n_now, offered, &refused) == OK) {
        return OK;
    }
    TRY(pinned_look(pull, true, &moved, why));
    return moved ? verify_by(pinned->now, pinned->n_now, offered, why)
                 : why_set(why, ERR_FORGED, "%s", refused.text);
}

/* The entries of a bundle: from the feed, or from another difusor; they prove themselves. A partial one that is no more is the
 * beginning of the full one. */
static enum err fetch_bundle(struct pull *pull, uint64_t bundle, unsigned width, struct why *why)
{
    enum err err = ERR_MISSING;
    struct why last = {{0}};
    for (uint32_t source = 0; err != OK && source <= pull->options.n_others; source++) {
        const char *base = source == 0 ? pull->options.feed : pull->options.others[source - 1];
        for (int full = 0; err != OK && full < (width < BUNDLE_ENTRIES ? 2 : 1); full++) {
            char tile[TILE_PATH_MAX], path[TILE_PATH_MAX + 8];
            last = (struct why){{0}};
            tile_entries_path(bundle, full == 1 ? BUNDLE_ENTRIES : width, tile);
            snprintf(path, sizeof path, "log/%s", tile);
            err = pull_get_at(pull, base, span_str(path), BUNDLE_BYTES_MAX, &last);
        }
    }
    return err == OK ? OK : why_set(why, err, "%s", last.text);
}

/* The entry at `index` is one that is here already: it must be the same. ERR_CONFLICT without a sentence. */
static enum err same_leaf(struct tiles_reader *mine, uint64_t index, const struct hash *leaf, struct why *why)
{
    struct hash own;
    if (tiles_read(mine, 0, index, &own) != OK) {
        return why_set(why, ERR_IO, "%s", tiles_reader_why(mine)->text);
    }
    return hash_equal(&own, leaf) ? OK : ERR_CONFLICT;
}

/* Takes the bundle in pull->body into the tree and, cut to the entries that the size has, into the stage. */
static enum err take_bundle(struct pull *pull, uint64_t bundle, unsigned width, struct tiles_reader *mine,
                            struct why *why)
{
    struct follow *follow = &pull->follow;
    struct span rest = buf_as_span(&pull->body), entry;
    char tile[TILE_PATH_MAX], path[TILE_PATH_MAX + 8];
    for (unsigned i = 0; i < width; i++) {
        uint64_t index = bundle * BUNDLE_ENTRIES + i;
        struct hash leaf, root;
        if (bundle_next(&rest, &entry) != OK) {
            return why_set(why, ERR_FORGED, "el legajo de asientos %llu termina antes de su tamaño",
                           (unsigned long long)bundle);
        }
        merkle_leaf(entry, &leaf);
        if (index < follow->held) {
            TRY(same_leaf(mine, index, &leaf, why));
            continue;
        }
        tiles_add(follow->tiles, &leaf);
        TRY(follow_note(follow, index, entry, why));
        if (index + 1 == follow->seen_size) {
            tiles_root(follow->tiles, &root);
            if (!hash_equal(&root, &follow->seen_root)) {
                return ERR_CONFLICT;
            }
        }
    }
    tile_entries_path(bundle, width, tile);
    snprintf(path, sizeof path, "log/%s", tile);
    size_t bytes = pull->body.len - rest.len;
    return stage_put(&pull->stage, span_str(path), span_of(pull->body.at, bytes), false, why);
}

/* ERR_CONFLICT without a sentence: the entries do not give what was signed. */
static enum err take_entries(struct pull *pull, const struct checkpoint *to, struct why *why)
{
    struct follow *follow = &pull->follow;
    struct tiles_reader *mine = tiles_reader_new(follow->held, tiles_fetch_folder, follow->log_dir);
    enum err err = OK;
    for (uint64_t bundle = follow->held / BUNDLE_ENTRIES;
         err == OK && bundle * BUNDLE_ENTRIES < to->size && follow->held < to->size; bundle++) {
        uint64_t left = to->size - bundle * BUNDLE_ENTRIES;
        unsigned width = left < BUNDLE_ENTRIES ? (unsigned)left : BUNDLE_ENTRIES;
        err = fetch_bundle(pull, bundle, width, why);
        err = err == OK ? take_bundle(pull, bundle, width, mine, why) : err;
    }
    tiles_reader_free(mine);
    if (err == OK) {
        struct hash root;
        tiles_root(follow->tiles, &root);
        err = hash_equal(&root, &to->root) ? OK : ERR_CONFLICT;
    }
    return err;
}

/* The tree as it was before entries were taken that did not prove themselves. */
static void step_back(struct pull *pull, uint32_t n_cuts)
{
    struct follow *follow = &pull->follow;
    struct why why = {{0}};
    stage_drop(&pull->stage);
    follow->n_cuts = n_cuts;
    buf_clear(&follow->notice);
    tiles_close(follow->tiles);
    follow->tiles = NULL;
    if (tiles_open(follow->log_dir, follow->held, &follow->tiles, &why) != OK) {
        follow->held = 0; /* its own tiles are not there: all of it is fetched again */
        enum err err = tiles_open(follow->log_dir, 0, &follow->tiles, &why);
        assert(err == OK);
    }
}

static enum err fetch_tile(void *arg, const char *tile, struct buf *out, struct why *why)
{
    struct pull *pull = arg;
    char path[TILE_PATH_MAX + 8];
    struct why ignored;
    snprintf(path, sizeof path, "log/%s", tile);
    TRY(pull_get(pull, span_str(path), (uint64_t)TILE_HASHES * HASH_LEN, why != NULL ? why : &ignored));
    buf_span(out, buf_as_span(&pull->body));
    return OK;
}

/* Entries and signed root do not fit. Either the feed serves wrong bytes, or the log was forked: that is so when its own
 * hash tiles lead to the signed root, and hold another tree of the size that we have seen. */
static enum err judge(struct pull *pull, const struct offered *offered, struct why *why)
{
    const struct follow *follow = &pull->follow;
    const struct checkpoint *to = &offered->checkpoint;
    bool forked = false;
    if (follow->seen.len > 0 && follow->seen_size < to->size) {
        struct tiles_reader *theirs = tiles_reader_new(to->size, fetch_tile, pull);
        struct merkle_proof proof;
        struct hash old;
        forked = merkle_root_of(follow->seen_size, tiles_read, theirs, &old) == OK &&
                 merkle_prove_consistency(follow->seen_size, to->size, tiles_read, theirs, &proof) == OK &&
                 merkle_check_consistency(follow->seen_size, to->size, &proof, &old, &to->root) &&
                 !hash_equal(&old, &follow->seen_root);
        tiles_reader_free(theirs);
    }
    if (forked) {
        return follow_evidence(pull, buf_as_span(&offered->note), why);
    }
    return why_set(why, ERR_FORGED, "los asientos que da la fuente no son los del punto de control de %llu",
                   (unsigned long long)to->size);
}

/* The newest notice, proven under our own tiles. */
static enum err show_notice(struct follow *follow, struct span checkpoint, struct why *why)
{
    char path[FILE_PATH_MAX];
    if (follow->notice.len == 0) {
        return OK;
    }
    TRY(proof_file_write(follow->log_dir, follow->notice_index, buf_as_span(&follow->notice), follow->held,
                         checkpoint, path_join(path, follow->log_dir, "notice.tlog-proof"), why));
    buf_clear(&follow->notice);
    return OK;
}

/* Everything is on disk before the checkpoint stands. */
static enum err publish(struct pull *pull, const struct offered *offered, struct why *why)
{
    struct follow *follow = &pull->follow;
    char path[FILE_PATH_MAX];
    struct span note = buf_as_span(&offered->note);
    TRY(keys_keep(pull, why)); /* the edge has a key before there is a cut that it signed */
    TRY(stage_publish(&pull->stage, why));
    TRY(tiles_publish(follow->tiles, why));
    TRY(file_write(follow->seen_path, note, true, why));
    TRY(file_write(path_join(path, follow->log_dir, "checkpoint"), note, true, why));
    follow->held = follow->seen_size = offered->checkpoint.size;
    follow->seen_root = offered->checkpoint.root;
    buf_clear(&follow->seen);
    buf_span(&follow->seen, note);
    TRY(show_notice(follow, note, why));
    return tiles_prune(follow->log_dir, &follow->pruned, follow->held, why);
}

static enum err adopt(struct pull *pull, const struct offered *offered, struct why *why)
{
    uint32_t n_cuts = pull->follow.n_cuts;
    struct bound bound = pull->follow.bound;
    enum err err = take_entries(pull, &offered->checkpoint, why);
    if (err == ERR_CONFLICT && why->text[0] == '\0') {
        err = judge(pull, offered, why);
    }
    if (err == OK) {
        err = publish(pull, offered, why);
    }
    if (err != OK) {
        step_back(pull, n_cuts);
        pull->follow.bound = bound;
    }
    return err;
}

/* A checkpoint no larger than what we have seen: the same tree, or a part of it. */
static enum err check_older(struct pull *pull, const struct offered *offered, struct why *why)
{
    struct follow *follow = &pull->follow;
    const struct checkpoint *old = &offered->checkpoint;
    struct hash root = follow->seen_root;
    if (old->size < follow->seen_size) {
        if (old->size > follow->held) {
            return OK; /* cannot be told now */
        }
        struct tiles_reader *mine = tiles_reader_new(follow->held, tiles_fetch_folder, follow->log_dir);
        enum err err = merkle_root_of(old->size, tiles_read, mine, &root);
        tiles_reader_free(mine);
        TRY(err);
    }
    return hash_equal(&root, &old->root) ? OK : follow_evidence(pull, buf_as_span(&offered->note), why);
}

static enum err take_offered(struct pull *pull, struct offered *offered, struct why *why)
{
    const struct follow *follow = &pull->follow;
    TRY(verify_checkpoint(pull, offered, why));
    uint64_t size = offered->checkpoint.size;
    if (follow->seen.len > 0 && size <= follow->seen_size) {
        TRY(check_older(pull, offered, why));
    }
    bool more = follow->seen.len == 0 || size > follow->seen_size ||
                (size == follow->seen_size && follow->held < size);
    return more ? adopt(pull, offered, why) : OK;
}

enum err follow_look(struct pull *pull, struct why *why)
{
    struct offered offered = {.note = {0}};
    struct why missing = {{0}};
    bool moved = false;
    TRY(pinned_look(pull, false, &moved, why));
    enum err err = pull_get(pull, SPAN("log/checkpoint"), CHECKPOINT_MAX, &missing);
    if (err == ERR_MISSING) {
        return OK; /* no log yet: no cut is believed either */
    }
    if (err != OK) {
        return why_set(why, err, "%s", missing.text);
    }
    pull->files_fetched--; /* a look is no file */
    if (pull->follow.held > 0 && span_equal(buf_as_span(&pull->body), buf_as_span(&pull->follow.seen)) &&
        pull->follow.held == pull->follow.seen_size) {
        return OK;
    }
    buf_span(&offered.note, buf_as_span(&pull->body));
    err = take_offered(pull, &offered, why);
    buf_done(&offered.note);
    return err;
}

const struct follow_cut *follow_find(const struct pull *pull, uint32_t cut)
{
    const struct follow *follow = &pull->follow;
    for (uint32_t i = follow->n_cuts; i-- > 0;) {
        if (follow->cuts[i].number == cut) {
            return &follow->cuts[i];
        }
    }
    return NULL;
}

/* A proof file as it came: of the log's key, of a tree that ours contains, and of the very entry that ours has. ERR_AGAIN:
 * its checkpoint is newer than ours. */
static enum err check_proof(struct pull *pull, const struct follow_cut *cut, const struct tlog_proof *proof,
                            struct why *why)
{
    struct follow *follow = &pull->follow;
    struct offered offered = {.note = {0}};
    struct tiles_reader *mine = tiles_reader_new(follow->held, tiles_fetch_folder, follow->log_dir);
    struct hash leaf, own, root;
    buf_span(&offered.note, proof->checkpoint);
    enum err err = verify_by(pull->pinned.ever, pull->pinned.n_ever, &offered, why);
    const struct checkpoint *checkpoint = &offered.checkpoint;
    if (err == OK && checkpoint->size > follow->held) {
        err = ERR_AGAIN;
    }
    if (err == OK) {
        merkle_leaf(proof->extra, &leaf);
        bool good = proof->has_extra && proof->index == cut->index &&
                    tiles_read(mine, 0, cut->index, &own) == OK && hash_equal(&own, &leaf) &&
                    merkle_root_of(checkpoint->size, tiles_read, mine, &root) == OK &&
                    hash_equal(&root, &checkpoint->root) &&
                    merkle_check_inclusion(&leaf, proof->index, checkpoint->size, &proof->proof, &root);
        err = good ? OK
                   : why_set(why, ERR_FORGED, "la prueba del corte %u no es de este registro", cut->number);
    }
    tiles_reader_free(mine);
    buf_done(&offered.note);
    return err;
}

static enum err take_proof(struct pull *pull, const struct follow_cut *cut, const char *name, struct why *why)
{
    struct tlog_proof proof;
    struct buf scratch = {0};
    struct why missing = {{0}};
    char path[FILE_PATH_MAX];
    enum err err = pull_get(pull, span_str(name), PROOF_FILE_MAX, &missing);
    if (err != OK) {
        return err == ERR_MISSING ? ERR_AGAIN : why_set(why, err, "%s", missing.text);
    }
    err = tlog_proof_parse(buf_as_span(&pull->body), &proof, &scratch, why);
    err = err == OK ? check_proof(pull, cut, &proof, why) : err;
    if (err == OK) {
        err = file_write(path_join(path, pull->stage.public, name), buf_as_span(&pull->body), true, why);
    }
    buf_done(&scratch);
    return err;
}

enum err follow_proofs(struct pull *pull, struct why *why)
{
    struct follow *follow = &pull->follow;
    for (int n = 0; pull->has && follow->next_proof <= pull->cut && n < PROOFS_A_LOOK; n++) {
        char name[64];
        snprintf(name, sizeof name, "log/cut-%u.tlog-proof", follow->next_proof);
        const struct follow_cut *cut = follow_find(pull, follow->next_proof);
        if (cut != NULL && !stage_published(&pull->stage, span_str(name))) {
            enum err err = take_proof(pull, cut, name, why);
            if (err != OK) {
                return err == ERR_AGAIN ? OK : err; /* it comes with the next checkpoint */
            }
        }
        follow->next_proof++;
    }
    return OK;
}

/* From the ledger to a signed checkpoint. The order is the promise: bundles, tiles, sync, signature, checkpoint. */
#include "logtree/publisher.h"

#include "doors/copied.h"
#include "logtree/cut_proofs.h"
#include "os/file.h"
#include "seal/note.h"
#include "tlog/ledger.h"
#include "tlog/tiles.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { ENTRIES_A_TURN = 65536 };

struct publisher {
    struct publisher_options options;
    char log_dir[FILE_PATH_MAX]; /* PUBLIC/log */
    struct ledger_reader *reader;
    struct tiles *tiles;
    struct buf bundle;       /* the bundle that grows: length-prefixed entries */
    unsigned bundle_n;       /* entries in it */
    unsigned bundle_written; /* width of its partial file on disk */
    struct buf held;         /* an entry under embargo, read and not taken */
    bool has_held;
    struct cut_proofs proofs;
    uint64_t may; /* the tree grows no further: what the copy has, as of this turn */
    struct tiles_pruned pruned;
    uint64_t published; /* size of the checkpoint that stands; with has_checkpoint */
    bool has_checkpoint;
    uint64_t signed_size; /* what the signer last signed, as far as we know */
};

static enum err write_below(const struct publisher *publisher, const char *name, struct span bytes,
                            struct why *why)
{
    char path[FILE_PATH_MAX];
    path_join(path, publisher->log_dir, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    TRY(folder_make(path, why));
    *slash = '/';
    return file_write(path, bytes, false, why);
}

/* The bundle as it stands: full, or the partial one of the present size. */
static enum err write_bundle(struct publisher *publisher, struct why *why)
{
    char name[TILE_PATH_MAX];
    uint64_t size = tiles_size(publisher->tiles);
    if (publisher->bundle_n == 0 || publisher->bundle_n == publisher->bundle_written) {
        return OK;
    }
    tile_entries_path((size - 1) / BUNDLE_ENTRIES, publisher->bundle_n, name);
    TRY(write_below(publisher, name, buf_as_span(&publisher->bundle), why));
    publisher->bundle_written = publisher->bundle_n;
    return OK;
}

static enum err take(struct publisher *publisher, struct span entry, struct why *why)
{
    uint8_t len[2] = {(uint8_t)(entry.len >> 8), (uint8_t)entry.len};
    struct hash leaf;
    merkle_leaf(entry, &leaf);
    tiles_add(publisher->tiles, &leaf);
    buf_add(&publisher->bundle, len, sizeof len);
    buf_span(&publisher->bundle, entry);
    cut_proofs_note(&publisher->proofs, tiles_size(publisher->tiles) - 1, entry);
    publisher->bundle_n++;
    if (publisher->bundle_n == BUNDLE_ENTRIES) {
        TRY(write_bundle(publisher, why));
        buf_clear(&publisher->bundle);
        publisher->bundle_n = publisher->bundle_written = 0;
    }
    return OK;
}

static bool carries_votes(struct span entry)
{
    return span_starts(entry, SPAN("prep-acta/"));
}

/* Takes in what the ledger has, up to the first entry under embargo; *more when it has still more. */
static enum err follow(struct publisher *publisher, int64_t now_ms, bool *more, struct why *why)
{
    *more = false;
    bool open = now_ms >= publisher->options.opening_ms;
    if (tiles_size(publisher->tiles) >= publisher->may) {
        return OK;
    }
    if (publisher->has_held) {
        if (!open) {
            return OK;
        }
        publisher->has_held = false;
        TRY(take(publisher, buf_as_span(&publisher->held), why));
    }
    for (int n = 0; n < ENTRIES_A_TURN; n++) {
        if (tiles_size(publisher->tiles) >= publisher->may) {
            return OK;
        }
        struct span entry;
        uint64_t index = 0;
        enum err err = ledger_reader_next(publisher->reader, &entry, &index, why);
        if (err == ERR_AGAIN) {
            return OK;
        }
        if (err != OK) {
            return err;
        }
        assert(index == tiles_size(publisher->tiles));
        if (!open && carries_votes(entry)) {
            buf_clear(&publisher->held);
            buf_span(&publisher->held, entry);
            publisher->has_held = true;
            return OK;
        }
        TRY(take(publisher, entry, why));
    }
    *more = true;
    return OK;
}

/* Asks once; when the signer is ahead of what we believed (a crash between its word and our checkpoint), once more from its
 * size. */
static enum err get_signed(struct publisher *publisher, struct span text, uint64_t size, publisher_ask ask,
                           void *arg, struct buf *note, struct why *why)
{
    struct tiles_reader *reader = tiles_reader_new(size, tiles_fetch_folder, publisher->log_dir);
    enum err err = ERR_CONFLICT;
    for (int tries = 0; tries < 2 && err == ERR_CONFLICT; tries++) {
        struct add_checkpoint request = {.old_size = publisher->signed_size, .checkpoint = text};
        if (request.old_size > size) {
            err =
                why_set(why, ERR_REFUSED, "the signer has signed %llu entries and this ledger has only %llu",
                        (unsigned long long)request.old_size, (unsigned long long)size);
            break;
        }
        err = merkle_prove_consistency(request.old_size, size, tiles_read, reader, &request.proof);
        if (err != OK) {
            err = why_set(why, err, "%s", tiles_reader_why(reader)->text);
            break;
        }
        struct why refused = {""};
        err = ask(arg, &request, note, &publisher->signed_size, &refused);
        if (err != OK && (err != ERR_CONFLICT || tries == 1)) {
            err = why_set(why, err, "%s", refused.text);
        }
    }
    tiles_reader_free(reader);
    return err;
}

static enum err publish(struct publisher *publisher, publisher_ask ask, void *arg, struct why *why)
{
    struct buf text;
    struct buf note;
    buf_init(&text, 0);
    buf_init(&note, 0);
    struct checkpoint checkpoint = {.origin = span_str(publisher->options.origin),
                                    .size = tiles_size(publisher->tiles)};
    tiles_root(publisher->tiles, &checkpoint.root);
    checkpoint_print(&checkpoint, &text);
    enum err err = get_signed(publisher, buf_as_span(&text), checkpoint.size, ask, arg, &note, why);
    if (err == OK) {
        char path[FILE_PATH_MAX];
        err = file_write(path_join(path, publisher->log_dir, "checkpoint"), buf_as_span(&note), true, why);
    }
    if (err == OK) {
        publisher->published = publisher->signed_size = checkpoint.size;
        publisher->has_checkpoint = true;
        err = cut_proofs_write(&publisher->proofs, checkpoint.size, buf_as_span(&note), why);
    }
    buf_done(&note);
    buf_done(&text);
    return err;
}

/* Proofs that wait for the copy; and those that a crash or a full disk kept from being made, of the checkpoint that stands: the
 * same bytes again. */
static enum err write_waiting_proofs(struct publisher *publisher, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf note;
    if (!cut_proofs_wait(&publisher->proofs, publisher->published)) {
        return OK;
    }
    buf_init(&note, 0);
    enum err err = file_read(path_join(path, publisher->log_dir, "checkpoint"), CHECKPOINT_MAX, &note, why);
    if (err == OK) {
        err = cut_proofs_write(&publisher->proofs, publisher->published, buf_as_span(&note), why);
    }
    buf_done(&note);
    return err;
}

enum err publisher_turn(struct publisher *publisher, int64_t now_ms, publisher_ask ask, void *arg, bool *grew,
                        struct why *why)
{
    bool more = false;
    *grew = false;
    publisher->may = publisher->proofs.copied = copied_entries(publisher->options.copy_dir);
    TRY(write_waiting_proofs(publisher, why));
    TRY(follow(publisher, now_ms, &more, why));
    if (publisher->has_checkpoint && tiles_size(publisher->tiles) == publisher->published) {
        return OK;
    }
    TRY(write_bundle(publisher, why));
    TRY(tiles_publish(publisher->tiles, why)); /* syncs the bundles too: one file system */
    if (more) {
        return OK; /* a long ledger is read to its end before anything is signed */
    }
    TRY(publish(publisher, ask, arg, why));
    *grew = true;
    return tiles_prune(publisher->log_dir, &publisher->pruned, publisher->published, why);
}

/* The checkpoint that stands, if any. Its signature was ours; what counts here is that the ledger still says the same. */
static enum err read_checkpoint(struct publisher *publisher, struct checkpoint *out, struct buf *bytes,
                                struct why *why)
{
    char path[FILE_PATH_MAX];
    enum err err = file_read(path_join(path, publisher->log_dir, "checkpoint"), CHECKPOINT_MAX, bytes, NULL);
    if (err == ERR_MISSING) {
        return OK;
    }
    struct span text;
    struct span signatures;
    if (err == OK) {
        err = note_split(buf_as_span(bytes), &text, &signatures);
    }
    if (err == OK) {
        err = checkpoint_parse(text, out, why);
    }
    if (err == OK && !span_is(out->origin, publisher->options.origin)) {
        err = why_set(why, ERR_CONFLICT, "%s is the checkpoint of another log", path);
    }
    publisher->has_checkpoint = err == OK;
    return err == OK ? OK : why_set(why, err, "%s: %s", path, err_name(err));
}

/* Reads the ledger again up to the published size: the tree must be the one that was signed. The tiles of that size are on
 * disk; the growing bundle is filled again on the way. */
static enum err catch_up(struct publisher *publisher, const struct checkpoint *standing, struct why *why)
{
    struct merkle_edge edge;
    struct hash root;
    merkle_edge_init(&edge);
    while (edge.size < standing->size) {
        struct span entry;
        uint64_t index = 0;
        struct hash leaf;
        enum err err = ledger_reader_next(publisher->reader, &entry, &index, why);
        if (err != OK) {
            return why_set(why, ERR_CONFLICT,
                           "the published checkpoint has %llu entries, the ledger only %llu",
                           (unsigned long long)standing->size, (unsigned long long)edge.size);
        }
        merkle_leaf(entry, &leaf);
        merkle_edge_add(&edge, &leaf);
        cut_proofs_note(&publisher->proofs, index, entry);
        if (index % BUNDLE_ENTRIES == 0) {
            buf_clear(&publisher->bundle);
        }
        uint8_t len[2] = {(uint8_t)(entry.len >> 8), (uint8_t)entry.len};
        buf_add(&publisher->bundle, len, sizeof len);
        buf_span(&publisher->bundle, entry);
    }
    merkle_edge_root(&edge, &root);
    if (!hash_equal(&root, &standing->root)) {
        return why_set(why, ERR_CONFLICT,
                       "the ledger's first %llu entries are not those of the published checkpoint",
                       (unsigned long long)standing->size);
    }
    publisher->bundle_n = (unsigned)(standing->size % BUNDLE_ENTRIES);
    publisher->bundle_written = publisher->bundle_n;
    if (publisher->bundle_n == 0) {
        buf_clear(&publisher->bundle);
    }
    return OK;
}

static enum err start(struct publisher *publisher, struct why *why)
{
    struct buf bytes;
    buf_init(&bytes, 0);
    struct checkpoint standing = {0};
    TRY(folder_make(publisher->log_dir, why));
    enum err err = ledger_reader_open(publisher->options.ledger_dir, &publisher->reader, why);
    if (err == OK) {
        err = read_checkpoint(publisher, &standing, &bytes, why);
    }
    if (err == OK && publisher->has_checkpoint) {
        err = catch_up(publisher, &standing, why);
        publisher->published = publisher->signed_size = standing.size;
        tiles_prune_begin(&publisher->pruned, standing.size);
    }
    if (err == OK) {
        err = tiles_clear_beyond(publisher->log_dir, standing.size, why);
    }
    if (err == OK) {
        err = tiles_open(publisher->log_dir, standing.size, &publisher->tiles, why);
    }
    buf_done(&bytes);
    return err;
}

enum err publisher_open(const struct publisher_options *options, struct publisher **out, struct why *why)
{
    struct publisher *publisher = calloc(1, sizeof *publisher);
    if (publisher == NULL) {
        abort();
    }
    publisher->options = *options;
    path_join(publisher->log_dir, options->public_dir, "log");
    buf_init(&publisher->bundle, 0);
    buf_init(&publisher->held, 0);
    cut_proofs_init(&publisher->proofs, publisher->log_dir);
    if (options->copy_dir != NULL) {
        publisher->proofs.made_dir = options->proofs_dir;
        publisher->proofs.copied_dir = options->copy_dir;
    }
    enum err err = start(publisher, why);
    if (err != OK) {
        publisher_close(publisher);
        return err;
    }
    *out = publisher;
    return OK;
}

void publisher_close(struct publisher *publisher)
{
    if (publisher != NULL) {
        ledger_reader_close(publisher->reader);
        tiles_close(publisher->tiles);
        buf_done(&publisher->bundle);
        buf_done(&publisher->held);
        cut_proofs_done(&publisher->proofs);
        free(publisher);
    }
}

uint64_t publisher_size(const struct publisher *publisher)
{
    return publisher->published;
}

void publisher_facts(const struct publisher *publisher, struct publisher_facts *out)
{
    *out = (struct publisher_facts){.published = publisher->published,
                                    .read = tiles_size(publisher->tiles),
                                    .signed_size = publisher->signed_size,
                                    .has_checkpoint = publisher->has_checkpoint,
                                    .copy_behind = tiles_size(publisher->tiles) >= publisher->may,
                                    .held = publisher->has_held,
                                    .proofs_wait = cut_proofs_wait(&publisher->proofs, publisher->published),
                                    .cut_proofs = publisher->proofs.written};
}

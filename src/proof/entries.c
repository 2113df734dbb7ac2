/* Reading, cutting up and hashing bundles ahead of whoever takes the entries in. */
#include "proof/entries.h"

#include "os/aside.h"
#include "tlog/ledger.h"
#include "tlog/tiles.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUNDLE_BYTES_MAX = BUNDLE_ENTRIES * (65535 + 2), BATCH_BUNDLES = 16 };

struct batch {
    struct source *source;
    struct log_tree *tree;
    uint64_t first, size; /* index of its first entry; size of the whole log */
    uint32_t n;
    struct buf bytes[BATCH_BUNDLES];
    struct span entries[BATCH_BUNDLES * BUNDLE_ENTRIES];
    struct hash leaves[BATCH_BUNDLES * BUNDLE_ENTRIES];
    enum err err;
    struct why why;
};

enum err bundle_read(struct source *source, uint64_t bundle, uint64_t size, struct buf *out, struct why *why)
{
    char name[TILE_PATH_MAX];
    char path[TILE_PATH_MAX + 8];
    uint64_t left = size - bundle * BUNDLE_ENTRIES;
    unsigned width = left < BUNDLE_ENTRIES ? (unsigned)left : BUNDLE_ENTRIES;
    tile_entries_path(bundle, width, name);
    snprintf(path, sizeof path, "log/%s", name);
    struct why missed = {{0}};
    enum err err = source_read(source, path, BUNDLE_BYTES_MAX, out, &missed);
    if (err == ERR_MISSING && width < BUNDLE_ENTRIES) {
        tile_entries_path(bundle, BUNDLE_ENTRIES, name);
        snprintf(path, sizeof path, "log/%s", name);
        err = source_read(source, path, BUNDLE_BYTES_MAX, out, NULL);
    }
    return err == OK ? OK : why_set(why, err, "%s", missed.text);
}

/* Cuts up a bundle into the entries that the log's size has of it. */
static enum err cut_up(struct batch *batch, uint64_t bundle, struct span rest)
{
    uint64_t left = batch->size - bundle * BUNDLE_ENTRIES;
    uint64_t due = left < BUNDLE_ENTRIES ? left : BUNDLE_ENTRIES;
    uint64_t n = 0;
    struct span entry;
    while (n < due && bundle_next(&rest, &entry) == OK) {
        log_tree_add(batch->tree, entry, &batch->leaves[batch->n]);
        batch->entries[batch->n++] = entry;
        n++;
    }
    if (n < due) {
        return why_set(&batch->why, ERR_SYNTAX,
                       "bundle %" PRIu64 " ends after %" PRIu64 " of %" PRIu64 " entries", bundle, n, due);
    }
    /* A full bundle may stand for a partial one and go on: with whole entries. */
    while (n < BUNDLE_ENTRIES && bundle_next(&rest, &entry) == OK) {
        n++;
    }
    return rest.len == 0
               ? OK
               : why_set(&batch->why, ERR_SYNTAX, "bundle %" PRIu64 " has bytes after its entries", bundle);
}

static void fill(void *arg)
{
    struct batch *batch = arg;
    batch->n = 0;
    batch->err = OK;
    for (int i = 0; i < BATCH_BUNDLES; i++) {
        uint64_t bundle = batch->first / BUNDLE_ENTRIES + (uint64_t)i;
        if (bundle * BUNDLE_ENTRIES >= batch->size) {
            return;
        }
        batch->err = bundle_read(batch->source, bundle, batch->size, &batch->bytes[i], &batch->why);
        if (batch->err == OK) {
            batch->err = cut_up(batch, bundle, buf_as_span(&batch->bytes[i]));
        }
        if (batch->err != OK) {
            return;
        }
    }
}

/* What came before a failure is taken in too: findings in it have names. */
static enum err take(const struct batch *batch, entry_visit visit, void *arg, struct why *why)
{
    for (uint32_t i = 0; i < batch->n; i++) {
        TRY(visit(arg, batch->first + i, batch->entries[i], &batch->leaves[i], why));
    }
    return batch->err == OK ? OK : why_set(why, batch->err, "%s", batch->why.text);
}

static struct batch *batches_new(struct source *source, uint64_t size, struct log_tree *tree)
{
    struct batch *batches = calloc(2, sizeof *batches);
    if (batches == NULL) {
        abort();
    }
    for (int i = 0; i < 2; i++) {
        batches[i].source = source;
        batches[i].size = size;
        batches[i].tree = tree;
    }
    return batches;
}

static void batches_free(struct batch *batches)
{
    for (int i = 0; i < 2; i++) {
        for (int b = 0; b < BATCH_BUNDLES; b++) {
            buf_done(&batches[i].bytes[b]);
        }
    }
    free(batches);
}

enum err entries_read(struct source *source, uint64_t size, struct log_tree *tree, entry_visit visit,
                      void *arg, struct why *why)
{
    const uint64_t step = (uint64_t)BATCH_BUNDLES * BUNDLE_ENTRIES;
    struct batch *batches = batches_new(source, size, tree);
    enum err err = OK;
    assert(tree->size == 0);
    fill(&batches[0]);
    for (uint64_t first = 0, turn = 0; first < size && err == OK; first += step, turn ^= 1) {
        struct batch *next = &batches[turn ^ 1];
        struct aside aside;
        bool more = first + step < size && batches[turn].err == OK;
        next->first = first + step;
        bool begun = more && aside_begin(&aside, fill, next);
        err = take(&batches[turn], visit, arg, why);
        if (begun) {
            aside_wait(&aside);
        } else if (more && err == OK) {
            fill(next);
        }
    }
    batches_free(batches);
    return err;
}

/* Reading, cutting up, hashing and parsing bundles ahead of whoever takes the entries in: pieces of a team's work. Two batches take
 * turns; while one is taken in the other is made, and the caller helps to finish it. */
#include "proof/entries.h"

#include "os/team.h"
#include "seal/digest.h"
#include "tlog/ledger.h"
#include "tlog/tiles.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A batch is short until there is a fold to read ahead for: the definition is in the first bundles. */
enum {
    BUNDLE_BYTES_MAX = BUNDLE_ENTRIES * (65535 + 2),
    BATCH_BUNDLES = 16,
    BATCH_FIRST = 2,
    BYTES_KEPT = 1 << 20
};
_Static_assert((int)TEAM_MAX <= (int)FOLD_READERS, "each member reads ahead into room of its own");

struct bundle {
    const struct reading *reading;
    struct fold *fold;        /* to read ahead for, NULL: none yet */
    struct log_bundle *nodes; /* in the tree */
    uint64_t number;
    uint32_t n;
    struct buf bytes;
    struct span entries[BUNDLE_ENTRIES];
    struct ready ready[BUNDLE_ENTRIES];
    bool is_ready[BUNDLE_ENTRIES];
    enum err err;
    struct why why;
};

struct reading {
    const struct entries *what;
    struct team *team;
    struct digest *digests[TEAM_MAX];
    struct batch {
        uint32_t n;
        struct bundle bundles[BATCH_BUNDLES];
    } batches[2];
    uint64_t next; /* bundle to be given to the team */
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
static enum err cut_up(struct bundle *bundle)
{
    uint64_t left = bundle->reading->what->size - bundle->number * BUNDLE_ENTRIES;
    uint64_t due = left < BUNDLE_ENTRIES ? left : BUNDLE_ENTRIES;
    struct span rest = buf_as_span(&bundle->bytes);
    struct span entry;
    uint64_t n = 0;
    while (n < BUNDLE_ENTRIES && bundle_next(&rest, &entry) == OK) {
        bundle->entries[n++] = entry;
    }
    bundle->n = (uint32_t)(n < due ? n : due);
    if (n < due) {
        return why_set(&bundle->why, ERR_SYNTAX,
                       "bundle %" PRIu64 " ends after %" PRIu64 " of %" PRIu64 " entries", bundle->number, n,
                       due);
    }
    /* A full bundle may stand for a partial one and go on: with whole entries. */
    return rest.len == 0 ? OK
                         : why_set(&bundle->why, ERR_SYNTAX, "bundle %" PRIu64 " has bytes after its entries",
                                   bundle->number);
}

static void read_ahead(struct bundle *bundle, unsigned member)
{
    const struct entries *what = bundle->reading->what;
    uint64_t first = bundle->number * BUNDLE_ENTRIES;
    for (uint32_t i = 0; i < bundle->n; i++) {
        bundle->is_ready[i] = bundle->fold != NULL && first + i < what->fold_size &&
                              fold_read_ahead(bundle->fold, member, first + i, bundle->entries[i],
                                              &bundle->nodes->nodes[i], &bundle->ready[i]);
    }
}

/* One piece: a bundle. What came before a failure in it is taken in too: findings in it have names. */
static void make_bundle(void *arg, void *piece, unsigned member)
{
    struct reading *reading = arg;
    struct bundle *bundle = piece;
    const struct entries *what = reading->what;
    bundle->n = 0;
    bundle->err = bundle_read(what->source, bundle->number, what->size, &bundle->bytes, &bundle->why);
    if (bundle->err == OK) {
        bundle->err = cut_up(bundle);
    }
    log_bundle_hash(bundle->nodes, reading->digests[member], bundle->entries, bundle->n);
    read_ahead(bundle, member);
}

static void give_batch(struct reading *reading, struct batch *batch)
{
    uint64_t size = reading->what->size;
    struct fold *fold = *reading->what->fold;
    uint32_t most = fold == NULL ? BATCH_FIRST : BATCH_BUNDLES;
    for (batch->n = 0; batch->n < most && reading->next * BUNDLE_ENTRIES < size; batch->n++) {
        struct bundle *bundle = &batch->bundles[batch->n];
        bundle->reading = reading;
        bundle->fold = fold;
        bundle->number = reading->next++;
        bundle->nodes = log_tree_room(reading->what->tree, bundle->number);
        bundle->why = (struct why){{0}};
        if (bundle->bytes.cap > BYTES_KEPT) {
            buf_done(&bundle->bytes); /* it held pieces of the definition */
        }
        team_give(reading->team, make_bundle, reading, bundle);
    }
}

static enum err take_bundle(const struct reading *reading, const struct bundle *bundle, entry_visit visit,
                            void *arg, struct why *why)
{
    log_tree_grow(reading->what->tree, reading->digests[0], bundle->n);
    for (uint32_t i = 0; i < bundle->n; i++) {
        uint64_t index = bundle->number * BUNDLE_ENTRIES + i;
        struct entry_seen seen = {.index = index,
                                  .bytes = bundle->entries[i],
                                  .leaf = &bundle->nodes->nodes[i],
                                  .ready = bundle->is_ready[i] ? &bundle->ready[i] : NULL};
        TRY(visit(arg, &seen, why));
    }
    return bundle->err == OK ? OK : why_set(why, bundle->err, "%s", bundle->why.text);
}

static struct reading *reading_new(const struct entries *entries)
{
    struct reading *reading = calloc(1, sizeof *reading);
    assert(reading != NULL);
    reading->what = entries;
    /* Without threads the same happens in turn. */
    if (team_new(TEAM_MAX, &reading->team, NULL) != OK) {
        reading->team = NULL;
    }
    for (unsigned i = 0; i < team_members(reading->team); i++) {
        reading->digests[i] = digest_new();
    }
    return reading;
}

static void reading_free(struct reading *reading)
{
    team_free(reading->team);
    for (int i = 0; i < TEAM_MAX; i++) {
        digest_free(reading->digests[i]);
    }
    for (int i = 0; i < 2 * BATCH_BUNDLES; i++) {
        buf_done(&reading->batches[i / BATCH_BUNDLES].bundles[i % BATCH_BUNDLES].bytes);
    }
    free(reading);
}

enum err entries_read(const struct entries *entries, entry_visit visit, void *arg, struct why *why)
{
    struct reading *reading = reading_new(entries);
    enum err err = OK;
    assert(entries->tree->size == 0);
    give_batch(reading, &reading->batches[0]);
    team_finish(reading->team);
    for (int turn = 0; err == OK && reading->batches[turn].n > 0; turn ^= 1) {
        struct batch *batch = &reading->batches[turn];
        give_batch(reading, &reading->batches[turn ^ 1]);
        for (uint32_t i = 0; i < batch->n && err == OK; i++) {
            err = take_bundle(reading, &batch->bundles[i], visit, arg, why);
        }
        team_finish(reading->team);
    }
    reading_free(reading);
    return err;
}

/* The standing of an acta from all entries: what the state root of the cut commits to, and its path. */
#include "proof/entries.h"
#include "proof/folding.h"
#include "proof/proving.h"
#include "render/roots.h"

#include <inttypes.h>
#include <stdio.h>

struct scan {
    struct proving *proving;
    struct folding folding;
};

static enum err on_entry(void *arg, const struct entry_seen *seen, struct why *why)
{
    struct scan *scan = arg;
    char head[ACTA_KEY_MAX + 32];
    if (seen->index >= scan->folding.size) {
        snprintf(head, sizeof head, "prep-acta/v1\nacta %s\n", scan->proving->options->acta);
        scan->proving->newer = span_starts(seen->bytes, span_str(head)) ? seen->index : scan->proving->newer;
    }
    return folding_take(&scan->folding, seen, why);
}

/* The acta's place among the state's leaves; UINT32_MAX: it has none. */
static uint32_t place_of(const struct fold *fold, struct span key, const struct record **record)
{
    uint32_t acta = election_acta(fold->election, key);
    if (acta != UINT32_MAX) {
        *record = fold->records[acta];
        return acta;
    }
    uint32_t outside = map_get(&fold->outside_by_key, key);
    if (outside == MAP_NONE) {
        return UINT32_MAX;
    }
    *record = &fold->outsides[outside].record;
    return fold->election->n_actas + outside;
}

static enum err state_path(struct proving *proving, const struct fold *fold, uint32_t place, struct why *why)
{
    struct roots *roots;
    struct hash state;
    struct hash totals;
    struct hash leaf;
    struct hash stated;
    TRY(roots_new(fold->election, &roots));
    roots_update(roots, fold, &state, &totals);
    state_leaf_print(fold, place, &proving->state_leaf);
    merkle_leaf(buf_as_span(&proving->state_leaf), &leaf);
    proving->state_index = place;
    proving->state_size = roots->state.size;
    enum err err = merkle_prove_inclusion(place, roots->state.size, merkle_tree_read, &roots->state,
                                          &proving->state_path);
    roots_free(roots);
    TRY(err);
    if (!proving->has_cut) {
        return OK; /* nothing signed to compare it with yet: the report says so */
    }
    memcpy(stated.bytes, proving->cut.as.cut.state_root, sizeof stated.bytes);
    if (!merkle_check_inclusion(&leaf, place, proving->state_size, &proving->state_path, &stated)) {
        return prove_wrong(why,
                           "the state root in the log's entry %" PRIu64 " of cut %" PRIu32
                           " is not that of the entries that it covers",
                           proving->cut_index, proving->latest.cut);
    }
    proving->ground = GROUND_STATE_ROOT;
    return OK;
}

static enum err stand(struct proving *proving, const struct fold *fold, struct why *why)
{
    const struct record *record = NULL;
    uint32_t place = place_of(fold, span_str(proving->options->acta), &record);
    if (place == UINT32_MAX) {
        return why_set(
            why, ERR_MISSING,
            "no hay acta %s en el catálogo ni fuera de él / there is no such acta, in the catalogue or outside it",
            proving->options->acta);
    }
    proving->standing = record->entry == ENTRY_NONE ? PENDING : STANDS;
    proving->claimed = record->entry;
    proving->claimed_version = record->version;
    return state_path(proving, fold, place, why);
}

enum err prove_by_state(struct proving *proving, struct why *why)
{
    struct scan scan = {.proving = proving};
    struct log_tree tree;
    struct hash root;
    struct why said = {{0}};
    const struct checkpoint *checkpoint = &proving->verdict.checkpoint;
    folding_init(&scan.folding, proving->latest.log_size);
    log_tree_init(&tree);
    const struct entries entries = {.source = proving->source,
                                    .size = checkpoint->size,
                                    .tree = &tree,
                                    .fold = &scan.folding.fold,
                                    .fold_size = proving->latest.log_size};
    enum err err = entries_read(&entries, on_entry, &scan, &said);
    if (err != OK) {
        err = err == ERR_IO ? why_set(why, err, "%s", said.text) : prove_wrong(why, "%s", said.text);
    } else if (scan.folding.fold == NULL) {
        err = prove_wrong(why, "the entries do not hold a whole definition");
    } else if (!log_tree_root(&tree, checkpoint->size, &root) || !hash_equal(&root, &checkpoint->root)) {
        err = prove_wrong(why, "the %" PRIu64 " published entries are not those of the tree that was signed",
                          checkpoint->size);
    } else {
        err = stand(proving, scan.folding.fold, why);
    }
    log_tree_done(&tree);
    folding_done(&scan.folding);
    return err;
}

/* The keys of the cuts out of all entries of the signed tree: only for a cut whose own entry no checkpoint covers yet. */
#include "proof/entries.h"
#include "proof/proving.h"
#include "tlog/ledger.h"

static enum err take_bundle(struct proving *proving, uint64_t bundle, struct merkle_edge *edge,
                            struct bound *out, struct why *why)
{
    uint64_t size = proving->verdict.checkpoint.size;
    uint64_t end = (bundle + 1) * BUNDLE_ENTRIES < size ? (bundle + 1) * BUNDLE_ENTRIES : size;
    struct span entry;
    TRY(bundle_read(proving->source, bundle, size, &proving->file, why));
    struct span rest = buf_as_span(&proving->file);
    for (uint64_t i = bundle * BUNDLE_ENTRIES; i < end; i++) {
        struct hash leaf;
        if (bundle_next(&rest, &entry) != OK) {
            return why_set(why, ERR_SYNTAX, "a bundle of entries ends before its size");
        }
        merkle_leaf(entry, &leaf);
        merkle_edge_add(edge, &leaf);
        TRY(bound_take(out, i, entry, why));
    }
    return OK;
}

enum err prove_keys(struct proving *proving, struct bound *out, struct why *why)
{
    const struct checkpoint *checkpoint = &proving->verdict.checkpoint;
    struct merkle_edge edge;
    struct hash root;
    struct why said = {{0}};
    bound_init(out);
    merkle_edge_init(&edge);
    for (uint64_t bundle = 0; bundle * BUNDLE_ENTRIES < checkpoint->size; bundle++) {
        enum err err = take_bundle(proving, bundle, &edge, out, &said);
        if (err != OK) {
            return err == ERR_IO ? why_set(why, err, "%s", said.text) : prove_wrong(why, "%s", said.text);
        }
    }
    merkle_edge_root(&edge, &root);
    return hash_equal(&root, &checkpoint->root)
               ? OK
               : prove_wrong(why, "the entries do not give the root that the checkpoint signs");
}

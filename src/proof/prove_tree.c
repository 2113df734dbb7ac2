/* The signed tree, and what of it stands where: every statement starts here. */
#include "doors/cut_code.h"
#include "proof/entries.h"
#include "proof/proving.h"
#include "proof/trust.h"
#include "seal/digest.h"
#include "tlog/ledger.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum err prove_wrong(struct why *why, const char *format, ...)
{
    char text[sizeof why->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    *why = (struct why){{0}};
    return why_set(why, ERR_CONFLICT, "%s", text);
}

enum err prove_get(struct proving *proving, const char *path, size_t limit, struct buf *out, struct why *why)
{
    return source_read(proving->source, path, limit, out, why);
}

static enum err fetch_tile(void *arg, const char *path, struct buf *out, struct why *why)
{
    struct proving *proving = arg;
    char full[PROVE_PATH_MAX];
    snprintf(full, sizeof full, "log/%s", path);
    return prove_get(proving, full, (size_t)TILE_HASHES * HASH_LEN, out, why);
}

enum err prove_inclusion(struct proving *proving, uint64_t index, const struct hash *leaf,
                         struct merkle_proof *out, struct why *why)
{
    const struct checkpoint *checkpoint = &proving->verdict.checkpoint;
    if (index >= checkpoint->size) {
        return prove_wrong(why, "entry %" PRIu64 " is not in the signed tree of %" PRIu64 " entries yet",
                           index, checkpoint->size);
    }
    if (merkle_prove_inclusion(index, checkpoint->size, tiles_read, proving->tiles, out) != OK) {
        return prove_wrong(why, "the path of entry %" PRIu64 " cannot be read from the tiles: %s", index,
                           tiles_reader_why(proving->tiles)->text);
    }
    if (!merkle_check_inclusion(leaf, index, checkpoint->size, out, &checkpoint->root)) {
        return prove_wrong(
            why, "entry %" PRIu64 " is not the one that was signed: a tile or the entry itself was altered",
            index);
    }
    return OK;
}

enum err prove_entry(struct proving *proving, uint64_t index, struct buf *out, struct why *why)
{
    struct why missed = {{0}};
    struct span rest;
    struct span entry;
    uint64_t size = proving->verdict.checkpoint.size;
    if (index >= size) {
        return prove_wrong(why, "entry %" PRIu64 " is not in the signed tree of %" PRIu64 " entries yet",
                           index, size);
    }
    enum err err = bundle_read(proving->source, index / BUNDLE_ENTRIES, size, &proving->file, &missed);
    if (err != OK) {
        return err == ERR_IO ? why_set(why, err, "%s", missed.text) : prove_wrong(why, "%s", missed.text);
    }
    rest = buf_as_span(&proving->file);
    for (uint64_t i = index / BUNDLE_ENTRIES * BUNDLE_ENTRIES; bundle_next(&rest, &entry) == OK; i++) {
        if (i == index) {
            buf_clear(out);
            buf_span(out, entry);
            return OK;
        }
    }
    return prove_wrong(why, "the bundle of entry %" PRIu64 " ends before it", index);
}

static enum err read_policy(struct proving *proving, struct why *why)
{
    proving->pinned = proving->options->policy != NULL;
    TRY(proving->pinned ? policy_read(proving->options->policy, &proving->policy, why)
                        : policy_named(proving->source, &proving->policy, why));
    return proving->policy != NULL
               ? OK
               : why_set(
                     why, ERR_MISSING,
                     "el árbol no tiene log/vkey y falta --policy / the tree has none, and no --policy is given");
}

static enum err read_checkpoint(struct proving *proving, struct why *why)
{
    struct why said = {{0}};
    TRY(prove_get(proving, "log/checkpoint", CHECKPOINT_MAX, &proving->checkpoint, why));
    if (policy_check(proving->policy, buf_as_span(&proving->checkpoint), &proving->verdict, &said) != OK) {
        return prove_wrong(why, "log/checkpoint: %s", said.text);
    }
    if (proving->pinned && !proving->verdict.quorum) {
        return prove_wrong(why,
                           "log/checkpoint: %u witnesses have cosigned it: the policy's quorum is not met",
                           proving->verdict.cosigners);
    }
    proving->tiles = tiles_reader_new(proving->verdict.checkpoint.size, fetch_tile, proving);
    return OK;
}

static enum err read_latest(struct proving *proving, struct why *why)
{
    TRY(prove_get(proving, "latest.json", LATEST_BYTES_MAX, &proving->file, why));
    struct why said = {{0}};
    enum err err = latest_parse(buf_as_span(&proving->file), &proving->latest, &said);
    return err == OK ? OK : prove_wrong(why, "latest.json: %s", said.text);
}

/* The cut's own entry: its proof file says where it is. It is written when a checkpoint covers it: a cut that was published a
 * second ago may have none yet. */
static enum err read_cut(struct proving *proving, struct why *why)
{
    char path[CUT_PROOF_PATH_MAX];
    struct tlog_proof proof;
    struct hash leaf;
    struct merkle_proof ignored;
    struct why said = {{0}};
    cut_proof_path(proving->latest.cut, path);
    enum err err = prove_get(proving, path, PROOF_FILE_MAX, &proving->file, &said);
    if (err == ERR_MISSING) {
        return OK;
    }
    TRY(err == OK ? OK : why_set(why, err, "%s", said.text));
    if (tlog_proof_parse(buf_as_span(&proving->file), &proof, &proving->cut_bytes, &said) != OK ||
        !proof.has_extra || entry_parse(proof.extra, &proving->cut, &proving->cut_texts, &said) != OK) {
        return prove_wrong(why, "%s: %s", path,
                           said.text[0] != '\0' ? said.text : "it does not hold the cut's entry");
    }
    merkle_leaf(proof.extra, &leaf);
    TRY(prove_inclusion(proving, proof.index, &leaf, &ignored, why));
    const struct entry_cut *cut = &proving->cut.as.cut;
    if (proving->cut.type != ENTRY_CUT || cut->number != proving->latest.cut ||
        cut->log_size != proving->latest.log_size ||
        memcmp(cut->manifest, proving->latest.manifest, sizeof cut->manifest) != 0) {
        return prove_wrong(why, "latest.json is not what the log's entry %" PRIu64 " of cut %" PRIu32 " says",
                           proof.index, proving->latest.cut);
    }
    proving->cut_index = proof.index;
    proving->has_cut = true;
    return OK;
}

/* A cut whose entry is not covered yet stands by its signature: of a key that the log binds for it, or, where the log binds none, of
 * the one that the tree names. */
static enum err check_signature(struct proving *proving, const char *path, struct why *why)
{
    struct bound bound;
    struct note_key key;
    struct span text;
    struct why said = {{0}};
    size_t by = 0;
    uint32_t place = 0;
    TRY(prove_keys(proving, &bound, why));
    if (bound.keys.n > 0) {
        return cut_keys_verify(&bound.keys, buf_as_span(&proving->note), &text, &place, &said) == OK
                   ? OK
                   : prove_wrong(why, "%s: %s", path, said.text);
    }
    TRY(prove_get(proving, "log/cut.vkey", 4096, &proving->file, why));
    if (note_key_parse(span_trim(buf_as_span(&proving->file)), &key, &said) != OK ||
        note_verify(buf_as_span(&proving->note), &key, 1, &text, &by, &said) != OK) {
        return prove_wrong(why, "%s: %s", path, said.text);
    }
    return OK;
}

/* The manifest that the proven entry names needs no signature; without that entry its own must do. */
static enum err read_manifest(struct proving *proving, struct why *why)
{
    char path[PROVE_PATH_MAX];
    uint8_t sha256[32];
    struct span text;
    struct span lines;
    struct why said = {{0}};
    snprintf(path, sizeof path, "cut/%" PRIu32 "/manifest", proving->latest.cut);
    TRY(prove_get(proving, path, MANIFEST_BYTES_MAX, &proving->note, why));
    if (note_split(buf_as_span(&proving->note), &text, &lines) != OK) {
        return prove_wrong(why, "%s is not a signed note", path);
    }
    digest_of(text, sha256);
    if (memcmp(sha256, proving->latest.manifest, sizeof sha256) != 0) {
        return prove_wrong(why, "%s is not the manifest that latest.json%s names", path,
                           proving->has_cut ? " and the log" : "");
    }
    TRY(proving->has_cut ? OK : check_signature(proving, path, why));
    if (manifest_parse(text, &proving->manifest, &said) != OK) {
        return prove_wrong(why, "%s: %s", path, said.text);
    }
    proving->has_manifest = true;
    return OK;
}

enum err prove_tree(struct proving *proving, struct why *why)
{
    TRY(read_policy(proving, why));
    TRY(read_latest(proving, why));
    TRY(read_checkpoint(proving, why));
    if (proving->verdict.checkpoint.size < proving->latest.log_size) {
        return prove_wrong(why, "the checkpoint is of %" PRIu64 " entries and the cut covers %" PRIu64,
                           proving->verdict.checkpoint.size, proving->latest.log_size);
    }
    TRY(read_cut(proving, why));
    return read_manifest(proving, why);
}

/* The way of a proof: the tree, the standing, the versions, the file. */
#include "os/file.h"
#include "proof/proving.h"
#include "tlog/lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* One version: the entry, that it is this acta's and this version, and its path. */
static enum err take_version(struct proving *proving, uint64_t index, uint32_t number, struct why *why)
{
    struct version *version = &proving->versions[proving->n_versions];
    struct why said = {{0}};
    *version = (struct version){.index = index, .in_cut = index < proving->latest.log_size};
    TRY(prove_entry(proving, index, &version->bytes, why));
    proving->n_versions++;
    merkle_leaf(buf_as_span(&version->bytes), &version->leaf);
    TRY(prove_inclusion(proving, index, &version->leaf, &version->path, why));
    if (entry_parse(buf_as_span(&version->bytes), &version->entry, &version->texts, &said) != OK) {
        return prove_wrong(why, "entry %" PRIu64 ": %s", index, said.text);
    }
    const struct entry_acta *acta = &version->entry.as.acta;
    if (version->entry.type != ENTRY_ACTA || !span_is(span_str(acta->key), proving->options->acta)) {
        return prove_wrong(why, "entry %" PRIu64 " is not of acta %s", index, proving->options->acta);
    }
    if (acta->version != number) {
        return prove_wrong(why, "entry %" PRIu64 " is version %" PRIu32 " of acta %s and not %" PRIu32, index,
                           acta->version, proving->options->acta, number);
    }
    return OK;
}

/* From the current version back to the first. */
static enum err take_versions(struct proving *proving, struct why *why)
{
    uint64_t index = proving->claimed;
    uint32_t number = proving->claimed_version;
    while (proving->n_versions < VERSIONS_MAX && number > 0) {
        TRY(take_version(proving, index, number, why));
        uint64_t before = proving->versions[proving->n_versions - 1].entry.as.acta.previous;
        if (number > 1 && before >= index) {
            return prove_wrong(why, "entry %" PRIu64 " points to a version before it that comes after it",
                               index);
        }
        index = before;
        number--;
    }
    proving->chain_whole = number == 0;
    if (!proving->versions[0].in_cut) {
        return prove_wrong(why, "the table of the cut names entry %" PRIu64 ", which the cut does not cover",
                           proving->claimed);
    }
    return OK;
}

/* The current version as a proof that needs nothing else: the entry in `extra`, the checkpoint with all its signatures. */
static enum err write_proof(struct proving *proving, struct why *why)
{
    const struct version *version = &proving->versions[0];
    struct buf bytes = {0};
    if (proving->options->out == NULL || proving->standing != STANDS) {
        return OK;
    }
    const struct tlog_proof proof = {.has_extra = true,
                                     .extra = buf_as_span(&version->bytes),
                                     .index = version->index,
                                     .proof = version->path,
                                     .checkpoint = buf_as_span(&proving->checkpoint)};
    tlog_proof_print(&proof, &bytes);
    enum err err = file_write_given(proving->options->out, buf_as_span(&bytes), why);
    buf_done(&bytes);
    return err;
}

static enum err steps(struct proving *proving, struct why *why)
{
    TRY(source_open(proving->options->where, &proving->source, why));
    TRY(prove_tree(proving, why));
    if (source_is_folder(proving->source) || proving->options->full) {
        TRY(prove_by_state(proving, why));
    } else {
        TRY(prove_by_table(proving, why));
    }
    if (proving->standing == STANDS) {
        TRY(take_versions(proving, why));
    }
    return write_proof(proving, why);
}

static void proving_done(struct proving *proving)
{
    for (uint32_t i = 0; i < VERSIONS_MAX; i++) {
        buf_done(&proving->versions[i].bytes);
        buf_done(&proving->versions[i].texts);
    }
    struct buf *bufs[] = {&proving->checkpoint, &proving->cut_bytes, &proving->cut_texts,
                          &proving->note,       &proving->file,      &proving->state_leaf};
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++) {
        buf_done(bufs[i]);
    }
    if (proving->has_manifest) {
        manifest_done(&proving->manifest);
    }
    tiles_reader_free(proving->tiles);
    policy_free(proving->policy);
    source_close(proving->source);
}

static bool key_is_sound(struct span key)
{
    struct span hex = span_from(key, 3);
    if (span_starts(key, SPAN("FC-"))) {
        return hex.len == 16 && strspn(hex.at, "0123456789abcdef") == 16;
    }
    return text_is_key(key, 1, ACTA_KEY_MAX);
}

enum err proof_prove(const struct prove_options *options, struct buf *out, struct why *why)
{
    static struct proving proving;
    proving = (struct proving){.options = options, .claimed = ENTRY_NONE, .newer = ENTRY_NONE};
    if (!key_is_sound(span_str(options->acta))) {
        return why_set(
            why, ERR_SYNTAX,
            "%.40s no es una CLAVE_ACTA (hasta 20 de 0-9A-Z, o FC- y 16 hexadecimales) / is not an acta's key",
            options->acta);
    }
    enum err err = steps(&proving, why);
    if (err == OK && options->json) {
        prove_report_json(&proving, out);
    } else if (err == OK) {
        prove_report(&proving, out);
    } else if (err == ERR_CONFLICT) {
        prove_report_wrong(options, why->text, out);
    }
    proving_done(&proving);
    return err;
}

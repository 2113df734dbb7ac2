/* Checkpoint texts and proof files, strict. */
#include "tlog/checkpoint.h"

#include "base/codec.h"
#include "base/num.h"

#include <string.h>

static const char PROOF_TYPE[] = "c2sp.org/tlog-proof@v1";

static enum err parse_hash(struct span text, struct hash *out)
{
    struct buf bytes;
    buf_init(&bytes, 64);
    enum err err = base64_parse(text, &bytes);
    if (err == OK && bytes.len != HASH_LEN) {
        err = ERR_SYNTAX;
    }
    if (err == OK) {
        memcpy(out->bytes, bytes.at, HASH_LEN);
    }
    buf_done(&bytes);
    return err;
}

static void print_hash(const struct hash *hash, struct buf *out)
{
    base64_print(out, hash->bytes, HASH_LEN);
    buf_char(out, '\n');
}

void checkpoint_print(const struct checkpoint *checkpoint, struct buf *out)
{
    buf_span(out, checkpoint->origin);
    buf_char(out, '\n');
    buf_u64(out, checkpoint->size);
    buf_char(out, '\n');
    print_hash(&checkpoint->root, out);
    buf_span(out, checkpoint->extensions);
}

static bool origin_is_sound(struct span origin)
{
    if (origin.len == 0 || origin.len > ORIGIN_MAX) {
        return false;
    }
    for (size_t i = 0; i < origin.len; i++) {
        if (origin.at[i] <= ' ' || origin.at[i] == '+' || origin.at[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

/* Extension lines are not empty and end in a newline. */
static bool extensions_are_sound(struct span lines)
{
    struct span line;
    if (lines.len > 0 && lines.at[lines.len - 1] != '\n') {
        return false;
    }
    while (span_line(&lines, &line)) {
        if (line.len == 0) {
            return false;
        }
    }
    return true;
}

enum err checkpoint_parse(struct span text, struct checkpoint *out, struct why *why)
{
    struct span rest = text;
    struct span size;
    struct span root;
    struct checkpoint checkpoint = {0};
    if (text.len > CHECKPOINT_MAX || !span_line(&rest, &checkpoint.origin) || !span_line(&rest, &size) ||
        !span_line(&rest, &root) || text.at[text.len - 1] != '\n') {
        return why_set(why, ERR_SYNTAX, "checkpoint: not three lines origin, size, root");
    }
    checkpoint.extensions = rest.at == NULL ? SPAN("") : rest;
    if (!origin_is_sound(checkpoint.origin) || !extensions_are_sound(checkpoint.extensions)) {
        return why_set(why, ERR_SYNTAX, "checkpoint: its origin or an extension line is not well formed");
    }
    if (num_parse_u64(size, &checkpoint.size) != OK || checkpoint.size > INT64_MAX) {
        return why_set(why, ERR_SYNTAX, "checkpoint: its size is not a plain decimal number");
    }
    if (parse_hash(root, &checkpoint.root) != OK) {
        return why_set(why, ERR_SYNTAX, "checkpoint: its root is not 32 bytes of base64");
    }
    *out = checkpoint;
    return OK;
}

void tlog_proof_print(const struct tlog_proof *proof, struct buf *out)
{
    buf_str(out, PROOF_TYPE);
    buf_char(out, '\n');
    if (proof->has_extra) {
        buf_str(out, "extra ");
        base64_print(out, proof->extra.at, proof->extra.len);
        buf_char(out, '\n');
    }
    buf_str(out, "index ");
    buf_u64(out, proof->index);
    buf_char(out, '\n');
    for (uint32_t i = 0; i < proof->proof.len; i++) {
        print_hash(&proof->proof.path[i], out);
    }
    buf_char(out, '\n');
    buf_span(out, proof->checkpoint);
}

static enum err parse_head(struct span *rest, struct tlog_proof *out, struct buf *scratch)
{
    struct span line;
    if (!span_line(rest, &line) || !span_is(line, PROOF_TYPE) || !span_line(rest, &line)) {
        return ERR_SYNTAX;
    }
    if (span_starts(line, SPAN("extra "))) {
        out->has_extra = true;
        TRY(base64_parse(span_from(line, 6), scratch));
        if (!span_line(rest, &line)) {
            return ERR_SYNTAX;
        }
    }
    if (!span_starts(line, SPAN("index "))) {
        return ERR_SYNTAX;
    }
    TRY(num_parse_u64(span_from(line, 6), &out->index));
    return out->index <= INT64_MAX ? OK : ERR_RANGE;
}

static enum err parse_path(struct span *rest, struct merkle_proof *out)
{
    struct span line;
    for (;;) {
        if (!span_line(rest, &line)) {
            return ERR_SYNTAX;
        }
        if (line.len == 0) {
            return OK;
        }
        if (out->len == PROOF_MAX - 1) {
            return ERR_TOO_BIG;
        }
        TRY(parse_hash(line, &out->path[out->len]));
        out->len++;
    }
}

enum err tlog_proof_parse(struct span bytes, struct tlog_proof *out, struct buf *scratch, struct why *why)
{
    struct tlog_proof proof = {0};
    struct span rest = bytes;
    buf_clear(scratch);
    enum err err = bytes.len > PROOF_FILE_MAX ? ERR_TOO_BIG : parse_head(&rest, &proof, scratch);
    if (err == OK) {
        err = parse_path(&rest, &proof.proof);
    }
    if (err == OK && rest.len == 0) {
        err = ERR_SYNTAX;
    }
    if (err != OK) {
        return why_set(why, err, "proof file: not the form %s, index, hashes, empty line, checkpoint",
                       PROOF_TYPE);
    }
    proof.extra = buf_as_span(scratch);
    proof.checkpoint = rest;
    *out = proof;
    return OK;
}

void add_checkpoint_print(const struct add_checkpoint *request, struct buf *out)
{
    buf_str(out, "old ");
    buf_u64(out, request->old_size);
    buf_char(out, '\n');
    for (uint32_t i = 0; i < request->proof.len; i++) {
        print_hash(&request->proof.path[i], out);
    }
    buf_char(out, '\n');
    buf_span(out, request->checkpoint);
}

enum err add_checkpoint_parse(struct span body, struct add_checkpoint *out, struct why *why)
{
    struct add_checkpoint request = {0};
    struct span rest = body;
    struct span line;
    if (!span_line(&rest, &line) || !span_starts(line, SPAN("old ")) ||
        num_parse_u64(span_from(line, 4), &request.old_size) != OK || request.old_size > INT64_MAX) {
        return why_set(why, ERR_SYNTAX, "add-checkpoint: the first line is not \"old <size>\"");
    }
    enum err err = parse_path(&rest, &request.proof);
    if (err != OK || rest.len == 0) {
        return why_set(why, err == OK ? ERR_SYNTAX : err,
                       "add-checkpoint: not hashes, an empty line, a checkpoint");
    }
    request.checkpoint = rest;
    *out = request;
    return OK;
}

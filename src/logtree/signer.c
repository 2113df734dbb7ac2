/* The signer's memory and its decision. */
#include "logtree/signer.h"

#include "base/codec.h"
#include "base/num.h"
#include "os/file.h"

#include <string.h>

static const char TYPE[] = "prep-signer/v1";

void signer_state_print(const struct signer_state *state, struct buf *out)
{
    buf_printf(out, "%s\norigin %s\nsize %llu\nroot ", TYPE, state->origin, (unsigned long long)state->size);
    base64_print(out, state->root.bytes, HASH_LEN);
    buf_char(out, '\n');
}

/* The value of a line "name value". */
static bool value_of(struct span *rest, const char *name, struct span *value)
{
    struct span line = {NULL, 0};
    if (!span_line(rest, &line)) {
        return false;
    }
    struct span key = span_cut(&line, ' ');
    *value = line;
    return line.at != NULL && span_is(key, name);
}

static bool parse_root(struct span text, struct hash *out)
{
    struct buf bytes;
    buf_init(&bytes, 64);
    bool good = base64_parse(text, &bytes) == OK && bytes.len == HASH_LEN;
    if (good) {
        memcpy(out->bytes, bytes.at, HASH_LEN);
    }
    buf_done(&bytes);
    return good;
}

enum err signer_state_parse(struct span bytes, struct signer_state *out, struct why *why)
{
    struct signer_state state = {0};
    struct span rest = bytes;
    struct span line = {NULL, 0};
    struct span origin = {NULL, 0};
    struct span size = {NULL, 0};
    struct span root = {NULL, 0};
    if (!span_line(&rest, &line) || !span_is(line, TYPE) || !value_of(&rest, "origin", &origin) ||
        !value_of(&rest, "size", &size) || !value_of(&rest, "root", &root) || rest.len != 0 ||
        origin.len == 0 || !span_copy(origin, state.origin, sizeof state.origin) ||
        num_parse_u64(size, &state.size) != OK || !parse_root(root, &state.root)) {
        return why_set(why, ERR_SYNTAX, "the signer's state is not of the form %s", TYPE);
    }
    *out = state;
    return OK;
}

static enum err write_state(const char *path, const struct signer_state *state, struct why *why)
{
    struct buf bytes;
    buf_init(&bytes, 0);
    signer_state_print(state, &bytes);
    enum err err = file_write(path, buf_as_span(&bytes), true, why);
    buf_done(&bytes);
    return err;
}

enum err signer_begin_at(const char *path, const struct signer_state *state, struct why *why)
{
    if (file_exists(path)) {
        return why_set(why, ERR_EXISTS, "%s: this log has begun; an origin is never begun twice", path);
    }
    return write_state(path, state, why);
}

enum err signer_begin(const char *path, struct span origin, struct why *why)
{
    struct signer_state state = {0};
    if (origin.len == 0 || !span_copy(origin, state.origin, sizeof state.origin)) {
        return why_set(why, ERR_RANGE, "the log's origin has 1 to %d bytes", ORIGIN_MAX);
    }
    merkle_empty(&state.root);
    return signer_begin_at(path, &state, why);
}

enum err signer_load(const char *path, struct signer_state *out, struct why *why)
{
    struct buf bytes;
    buf_init(&bytes, 4096);
    enum err err = file_read(path, 4096, &bytes, why);
    if (err == OK) {
        err = signer_state_parse(buf_as_span(&bytes), out, why);
    }
    buf_done(&bytes);
    return err;
}

/* From the empty tree on nothing can be proven, so the first checkpoint needs none; from then on each contains the last. */
static bool contains_last(const struct signer_state *state, const struct add_checkpoint *request,
                          const struct checkpoint *asked)
{
    if (state->size == 0 && asked->size > 0) {
        return request->proof.len == 0;
    }
    return merkle_check_consistency(state->size, asked->size, &request->proof, &state->root, &asked->root);
}

enum err signer_decide(const struct signer_state *state, const struct add_checkpoint *request,
                       struct signer_state *next, struct why *why)
{
    struct checkpoint asked;
    TRY(checkpoint_parse(request->checkpoint, &asked, why));
    if (!span_is(asked.origin, state->origin)) {
        return why_set(why, ERR_REFUSED, "the checkpoint is of another log than %s", state->origin);
    }
    if (asked.extensions.len != 0) {
        return why_set(why, ERR_REFUSED, "a checkpoint of this log has no extension lines");
    }
    if (request->old_size != state->size) {
        return why_set(why, ERR_CONFLICT, "the last size signed is %llu, not %llu",
                       (unsigned long long)state->size, (unsigned long long)request->old_size);
    }
    if (!contains_last(state, request, &asked)) {
        return why_set(why, ERR_FORGED,
                       "the tree of %llu leaves does not contain the signed tree of %llu leaves",
                       (unsigned long long)asked.size, (unsigned long long)state->size);
    }
    *next = *state;
    next->size = asked.size;
    next->root = asked.root;
    return OK;
}

enum err signer_sign(const char *path, struct signer_state *state, const struct secret_key *key,
                     struct span request, struct buf *out, struct why *why)
{
    struct add_checkpoint asked;
    struct signer_state next = {0};
    TRY(add_checkpoint_parse(request, &asked, why));
    TRY(signer_decide(state, &asked, &next, why));
    if (next.size != state->size) {
        TRY(write_state(path, &next, why)); /* first the memory, then the word */
        *state = next;
    }
    note_make(key, asked.checkpoint, out);
    return out->err;
}

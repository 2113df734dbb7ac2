/* Which cuts wait for a checkpoint, and their files. */
#include "logtree/cut_proofs.h"

#include "base/num.h"
#include "os/file.h"
#include "tlog/checkpoint.h"
#include "tlog/tiles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cut_proofs_init(struct cut_proofs *proofs, const char *log_dir)
{
    *proofs = (struct cut_proofs){.log_dir = log_dir};
}

void cut_proofs_done(struct cut_proofs *proofs)
{
    for (uint32_t i = 0; i < proofs->n; i++) {
        buf_done(&proofs->pending[i].entry);
    }
    free(proofs->pending);
    *proofs = (struct cut_proofs){0};
}

static const char *proof_path(const struct cut_proofs *proofs, uint32_t number, char out[FILE_PATH_MAX])
{
    char name[64];
    snprintf(name, sizeof name, "cut-%u.tlog-proof", number);
    return path_join(out, proofs->log_dir, name);
}

/* "prep-cut/v1\nnumber 12\n": the ledger's own spelling (docs/formats/ledger.md). */
static bool cut_number(struct span entry, uint32_t *out)
{
    struct span line;
    return span_line(&entry, &line) && span_is(line, "prep-cut/v1") && span_line(&entry, &line) &&
           span_starts(line, SPAN("number ")) && num_parse_u32(span_from(line, 7), out) == OK;
}

void cut_proofs_note(struct cut_proofs *proofs, uint64_t index, struct span entry)
{
    uint32_t number = 0;
    char path[FILE_PATH_MAX];
    if (!cut_number(entry, &number) || file_exists(proof_path(proofs, number, path))) {
        return;
    }
    if (proofs->n == proofs->cap) {
        proofs->cap = proofs->cap == 0 ? 8 : proofs->cap * 2;
        struct cut_pending *moved = realloc(proofs->pending, proofs->cap * sizeof *moved);
        if (moved == NULL) {
            abort();
        }
        proofs->pending = moved;
    }
    struct cut_pending *pending = &proofs->pending[proofs->n++];
    *pending = (struct cut_pending){.number = number, .index = index};
    buf_init(&pending->entry, 0);
    buf_span(&pending->entry, entry);
}

static enum err write_one(const struct cut_proofs *proofs, const struct cut_pending *pending, uint64_t size,
                          struct span checkpoint, struct why *why)
{
    struct tlog_proof proof = {.has_extra = true,
                               .extra = buf_as_span(&pending->entry),
                               .index = pending->index,
                               .checkpoint = checkpoint};
    struct tiles_reader *reader =
        tiles_reader_new(size, tiles_fetch_folder, (void *)(uintptr_t)proofs->log_dir);
    enum err err = merkle_prove_inclusion(pending->index, size, tiles_read, reader, &proof.proof);
    if (err != OK) {
        err = why_set(why, err, "proof of cut %u: %s", pending->number, tiles_reader_why(reader)->text);
    }
    tiles_reader_free(reader);
    TRY(err);
    char path[FILE_PATH_MAX];
    struct buf bytes;
    buf_init(&bytes, 0);
    tlog_proof_print(&proof, &bytes);
    err = file_write(proof_path(proofs, pending->number, path), buf_as_span(&bytes), true, why);
    buf_done(&bytes);
    return err;
}

enum err cut_proofs_write(struct cut_proofs *proofs, uint64_t size, struct span checkpoint, struct why *why)
{
    uint32_t done = 0;
    enum err err = OK;
    while (err == OK && done < proofs->n && proofs->pending[done].index < size) {
        struct cut_pending *pending = &proofs->pending[done];
        err = write_one(proofs, pending, size, checkpoint, why);
        if (err == OK) {
            buf_done(&pending->entry);
            proofs->written++;
            done++;
        }
    }
    proofs->n -= done;
    if (done > 0) {
        memmove(proofs->pending, proofs->pending + done, proofs->n * sizeof *proofs->pending);
    }
    return err;
}

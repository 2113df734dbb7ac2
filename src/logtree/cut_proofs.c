/* Which cuts wait for a checkpoint or for the copy, and the newest notice, and their files. */
#include "logtree/cut_proofs.h"

#include "base/num.h"
#include "os/append.h"
#include "os/file.h"
#include "tlog/checkpoint.h"
#include "tlog/proof_file.h"

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
    buf_done(&proofs->notice.entry);
    free(proofs->pending);
    *proofs = (struct cut_proofs){0};
}

static const char *proof_path(const char *dir, uint32_t number, char out[FILE_PATH_MAX])
{
    char name[64];
    snprintf(name, sizeof name, "cut-%u.tlog-proof", number);
    return path_join(out, dir, name);
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
    if (span_starts(entry, SPAN("prep-notice/v1\n"))) {
        proofs->notice.index = index;
        buf_clear(&proofs->notice.entry);
        buf_span(&proofs->notice.entry, entry);
        return;
    }
    if (!cut_number(entry, &number) || file_exists(proof_path(proofs->log_dir, number, path))) {
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

/* Before the public, the bytes that lie at `from`. */
static enum err show(const struct cut_proofs *proofs, uint32_t number, const char *from, struct why *why)
{
    char path[FILE_PATH_MAX];
    struct buf bytes = {0};
    enum err err = file_read(from, PROOF_FILE_MAX, &bytes, why);
    err = err == OK ? file_write(proof_path(proofs->log_dir, number, path), buf_as_span(&bytes), true, why)
                    : err;
    buf_done(&bytes);
    return err;
}

/* Makes the file, or shows the one that was made. ERR_AGAIN: the copy has not taken it yet, or it is not its turn. */
static enum err write_one(const struct cut_proofs *proofs, const struct cut_pending *pending, bool its_turn,
                          uint64_t size, struct span checkpoint, struct why *why)
{
    char made[FILE_PATH_MAX], copied[FILE_PATH_MAX], public[FILE_PATH_MAX];
    struct span entry = buf_as_span(&pending->entry);
    bool alone = proofs->made_dir == NULL || proofs->copied == UINT64_MAX;
    if (proofs->made_dir != NULL) {
        if (file_exists(proof_path(proofs->copied_dir, pending->number, copied))) {
            return !its_turn || proofs->copied < size ? ERR_AGAIN
                                                      : show(proofs, pending->number, copied, why);
        }
        if (file_exists(proof_path(proofs->made_dir, pending->number, made))) {
            return alone ? show(proofs, pending->number, made, why) : ERR_AGAIN;
        }
    }
    if (alone) {
        return proof_file_write(proofs->log_dir, pending->index, entry, size, checkpoint,
                                proof_path(proofs->log_dir, pending->number, public), why);
    }
    TRY(proof_file_write(proofs->log_dir, pending->index, entry, size, checkpoint, made, why));
    return ERR_AGAIN;
}

/* The newest notice is shown at once, on every plane, before any cut has it; it is replaced by the next one. */
static enum err write_notice(struct cut_proofs *proofs, uint64_t size, struct span checkpoint,
                             struct why *why)
{
    char path[FILE_PATH_MAX];
    struct cut_pending *notice = &proofs->notice;
    if (notice->entry.len == 0 || notice->index >= size) {
        return OK;
    }
    TRY(proof_file_write(proofs->log_dir, notice->index, buf_as_span(&notice->entry), size, checkpoint,
                         path_join(path, proofs->log_dir, "notice.tlog-proof"), why));
    buf_clear(&notice->entry);
    return OK;
}

bool cut_proofs_wait(const struct cut_proofs *proofs, uint64_t size)
{
    return proofs->n > 0 && proofs->pending[0].index < size;
}

enum err cut_proofs_write(struct cut_proofs *proofs, uint64_t size, struct span checkpoint, struct why *why)
{
    enum err err = OK;
    uint32_t left = 0;
    for (uint32_t i = 0; i < proofs->n; i++) {
        struct cut_pending pending = proofs->pending[i];
        enum err wrote = err == OK && pending.index < size
                             ? write_one(proofs, &pending, left == 0, size, checkpoint, why)
                             : ERR_AGAIN;
        if (wrote == OK) {
            buf_done(&pending.entry);
            proofs->written++;
            continue;
        }
        err = wrote == ERR_AGAIN ? err : wrote;
        proofs->pending[left++] = pending;
    }
    proofs->n = left;
    return err != OK ? err : write_notice(proofs, size, checkpoint, why);
}

/* Which cuts wait for a checkpoint, and the newest notice, and their files. */
#include "logtree/cut_proofs.h"

#include "base/num.h"
#include "os/file.h"
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
    if (span_starts(entry, SPAN("prep-notice/v1\n"))) {
        proofs->notice.index = index;
        buf_clear(&proofs->notice.entry);
        buf_span(&proofs->notice.entry, entry);
        return;
    }
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
    char path[FILE_PATH_MAX];
    return proof_file_write(proofs->log_dir, pending->index, buf_as_span(&pending->entry), size, checkpoint,
                            proof_path(proofs, pending->number, path), why);
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
    return err != OK ? err : write_notice(proofs, size, checkpoint, why);
}

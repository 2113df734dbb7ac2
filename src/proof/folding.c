/* Gathering the definition, then folding. */
#include "proof/folding.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

void folding_init(struct folding *folding, uint64_t size)
{
    *folding = (struct folding){.size = size};
    election_files_init(&folding->files);
}

void folding_done(struct folding *folding)
{
    fold_free(folding->fold);
    if (folding->have_election) {
        election_done(&folding->election);
    }
    election_files_done(&folding->files);
    buf_done(&folding->early);
    free(folding->early_ends);
    *folding = (struct folding){0};
}

static enum err gather_file(struct folding *folding, const struct entry_file *file, struct why *why)
{
    for (int i = 0; i < ELECTION_FILES; i++) {
        struct buf *bytes = &folding->files.bytes[i];
        if (span_is(file->name, election_file_names[i])) {
            if (file->offset != bytes->len || file->size > ELECTION_FILE_MAX) {
                return why_set(why, ERR_CONFLICT, "the pieces of %s do not follow each other",
                               election_file_names[i]);
            }
            buf_span(bytes, file->bytes);
            folding->files_whole += bytes->len == file->size;
            return OK;
        }
    }
    return why_set(why, ERR_CONFLICT, "a file that is no part of a definition");
}

static enum err load_election(struct folding *folding, struct why *why)
{
    struct election_file files[ELECTION_FILES];
    for (int i = 0; i < ELECTION_FILES; i++) {
        files[i] =
            (struct election_file){span_str(election_file_names[i]), buf_as_span(&folding->files.bytes[i])};
    }
    TRY(election_parse(files, ELECTION_FILES, &folding->election, why));
    folding->have_election = true;
    if (memcmp(folding->election.digest, folding->definition, sizeof folding->definition) != 0) {
        return why_set(why, ERR_CONFLICT, "the definition's files are not what entry 0 states");
    }
    return fold_new(&folding->election, &folding->fold);
}

static enum err apply(struct folding *folding, uint64_t index, struct span bytes, const struct hash *leaf,
                      struct why *why)
{
    if (index >= folding->size) {
        return OK;
    }
    TRY(fold_apply_leaf(folding->fold, index, bytes, leaf, why));
    if (folding->applied != NULL) {
        folding->applied(folding->arg, index);
    }
    return OK;
}

static void keep_early(struct folding *folding, struct span bytes)
{
    buf_span(&folding->early, bytes);
    folding->early_ends = realloc(folding->early_ends, (folding->n_early + 1) * sizeof *folding->early_ends);
    assert(folding->early_ends != NULL);
    folding->early_ends[folding->n_early++] = folding->early.len;
}

static enum err gather(struct folding *folding, uint64_t index, struct span bytes, struct why *why)
{
    struct entry entry;
    struct buf scratch = {0};
    enum err err = entry_parse(bytes, &entry, &scratch, why);
    if (err == OK && entry.type == ENTRY_OPEN && index == 0) {
        memcpy(folding->definition, entry.as.open.definition, sizeof folding->definition);
        folding->files_due = entry.as.open.n_files;
    } else if (err == OK && entry.type == ENTRY_FILE && index > 0) {
        err = gather_file(folding, &entry.as.file, why);
    } else if (err == OK) {
        err = why_set(why, ERR_CONFLICT, "the definition is not whole before it");
    }
    buf_done(&scratch);
    return err == OK ? OK : why_prefix(why, err, "entry %" PRIu64, index);
}

enum err folding_take(struct folding *folding, uint64_t index, struct span bytes, const struct hash *leaf,
                      struct why *why)
{
    if (folding->have_election) {
        return apply(folding, index, bytes, leaf, why);
    }
    TRY(gather(folding, index, bytes, why));
    keep_early(folding, bytes);
    if (folding->files_due == 0 || folding->files_whole < folding->files_due) {
        return OK;
    }
    TRY(load_election(folding, why));
    for (uint32_t i = 0; i < folding->n_early; i++) {
        size_t from = i == 0 ? 0 : folding->early_ends[i - 1];
        TRY(apply(folding, i, span_of(folding->early.at + from, folding->early_ends[i] - from), NULL, why));
    }
    return OK;
}

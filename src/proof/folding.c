/* Gathering the definition, then folding. */
#include "proof/folding.h"

#include "os/team.h"

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
    free(folding->early_last);
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
    struct team *team = NULL;
    if (team_new(2, &team, NULL) != OK) {
        team = NULL; /* in turn, then */
    }
    enum err err = election_parse_with(files, ELECTION_FILES, team, &folding->election, why);
    team_free(team);
    TRY(err);
    folding->have_election = true;
    if (memcmp(folding->election.digest, folding->definition, sizeof folding->definition) != 0) {
        return why_set(why, ERR_CONFLICT, "the definition's files are not what entry 0 states");
    }
    return fold_new(&folding->election, &folding->fold);
}

static enum err apply(struct folding *folding, const struct entry_seen *seen, struct why *why)
{
    if (seen->index >= folding->size) {
        return OK;
    }
    TRY(seen->ready != NULL ? fold_apply_ready(folding->fold, seen->index, seen->ready, why)
                            : fold_apply_leaf(folding->fold, seen->index, seen->bytes, seen->leaf, why));
    if (folding->applied != NULL) {
        folding->applied(folding->arg, seen->index);
    }
    return OK;
}

static void keep_early(struct folding *folding, bool last)
{
    folding->early_last = realloc(folding->early_last, (folding->n_early + 1) * sizeof *folding->early_last);
    assert(folding->early_last != NULL);
    folding->early_last[folding->n_early++] = last;
}

static enum err gather(struct folding *folding, uint64_t index, struct span bytes, struct why *why)
{
    struct entry entry;
    struct buf scratch = {0};
    enum err err = entry_parse(bytes, &entry, &scratch, why);
    if (err == OK && entry.type == ENTRY_OPEN && index == 0) {
        memcpy(folding->definition, entry.as.open.definition, sizeof folding->definition);
        folding->files_due = entry.as.open.n_files;
        buf_span(&folding->early, bytes);
        keep_early(folding, false);
    } else if (err == OK && entry.type == ENTRY_FILE && index > 0) {
        const struct entry_file *file = &entry.as.file;
        err = gather_file(folding, file, why);
        keep_early(folding, file->offset + file->bytes.len == file->size);
    } else if (err == OK) {
        err = why_set(why, ERR_CONFLICT, "the definition is not whole before it");
    }
    buf_done(&scratch);
    return err == OK ? OK : why_prefix(why, err, "entry %" PRIu64, index);
}

static enum err apply_early(struct folding *folding, struct why *why)
{
    for (uint32_t i = 0; i < folding->n_early && i < folding->size; i++) {
        TRY(i == 0 ? fold_apply(folding->fold, 0, buf_as_span(&folding->early), why)
                   : fold_apply_piece(folding->fold, i, folding->early_last[i], why));
        if (folding->applied != NULL) {
            folding->applied(folding->arg, i);
        }
    }
    return OK;
}

enum err folding_take(struct folding *folding, const struct entry_seen *seen, struct why *why)
{
    if (folding->have_election) {
        return apply(folding, seen, why);
    }
    TRY(gather(folding, seen->index, seen->bytes, why));
    if (folding->files_due == 0 || folding->files_whole < folding->files_due) {
        return OK;
    }
    TRY(load_election(folding, why));
    /* What is given back now is what records are made of next: fresh memory is the dearest part of a recount. */
    election_files_done(&folding->files);
    return apply_early(folding, why);
}

/* Pieces of files put together again. */
#include "formats/definition.h"

#include <inttypes.h>

void definition_init(struct definition *definition)
{
    *definition = (struct definition){0};
    election_files_init(&definition->files);
}

void definition_done(struct definition *definition)
{
    election_files_done(&definition->files);
}

static int file_number(struct span name)
{
    for (int i = 0; i < ELECTION_FILES; i++) {
        if (span_is(name, election_file_names[i])) {
            return i;
        }
    }
    return -1;
}

static enum err take_file(struct definition *definition, const struct entry_file *file, struct why *why)
{
    int i = file_number(file->name);
    if (i < 0) {
        return why_set(why, ERR_CONFLICT, "a file that is no part of a definition");
    }
    struct buf *bytes = &definition->files.bytes[i];
    if (file->offset != bytes->len || file->size > ELECTION_FILE_MAX ||
        (file->offset > 0 && file->size != definition->sizes[i])) {
        return why_set(why, ERR_CONFLICT, "the pieces of %s do not follow each other",
                       election_file_names[i]);
    }
    definition->sizes[i] = file->size;
    buf_span(bytes, file->bytes);
    return OK;
}

enum err definition_take(struct definition *definition, const struct entry *entry, struct why *why)
{
    if (entry->type == ENTRY_FILE) {
        return take_file(definition, &entry->as.file, why);
    }
    if (entry->type == ENTRY_OPEN && !definition->opened) {
        definition->opened = true;
        definition->promised = entry->as.open.n_files;
        memcpy(definition->digest, entry->as.open.definition, sizeof definition->digest);
    }
    return OK;
}

static enum err check_whole(const struct definition *definition, struct why *why)
{
    if (!definition->opened) {
        return why_set(why, ERR_MISSING, "the log does not begin with the opening of an election");
    }
    for (int i = 0; i < ELECTION_FILES; i++) {
        const struct buf *bytes = &definition->files.bytes[i];
        if (bytes->len == 0 || bytes->len != definition->sizes[i]) {
            return why_set(why, ERR_MISSING,
                           "of the definition's file %s the log holds %zu of %" PRIu64 " bytes",
                           election_file_names[i], bytes->len, definition->sizes[i]);
        }
    }
    return OK;
}

enum err definition_load(const struct definition *definition, struct election *out, struct why *why)
{
    struct election_file files[ELECTION_FILES];
    TRY(check_whole(definition, why));
    for (int i = 0; i < ELECTION_FILES; i++) {
        files[i] = (struct election_file){span_str(election_file_names[i]),
                                          buf_as_span(&definition->files.bytes[i])};
    }
    struct election election;
    TRY(election_parse(files, ELECTION_FILES, &election, why));
    if (memcmp(election.digest, definition->digest, sizeof definition->digest) != 0) {
        election_done(&election);
        return why_set(why, ERR_CONFLICT,
                       "the definition's files are not those that the opening entry states");
    }
    *out = election;
    return OK;
}

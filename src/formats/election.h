/* The election's definition as files: one election.ini and CSV files (docs/formats/election.md). Read from a
 * directory or from memory (the ledger's prep-file entries), written for the elections that a drill makes up.
 * A definition that contradicts itself is refused with file, line and rule. */
#ifndef FORMATS_ELECTION_H
#define FORMATS_ELECTION_H

#include "base/buf.h"
#include "base/err.h"
#include "tally/election.h"

enum { ELECTION_FILES = 8, ELECTION_FILE_MAX = 64 << 20, ELECTION_TEXT_MAX = 1000 };

/* "election.ini", "areas.csv", ...: in the order of the page, which is the order of the digest and of the
 * ledger. */
extern const char *const election_file_names[ELECTION_FILES];

/* A file in memory; borrows. */
struct election_file {
    struct span name;
    struct span bytes;
};

/* All files of a definition, owned, by the order of election_file_names. */
struct election_files {
    struct buf bytes[ELECTION_FILES];
};
void election_files_init(struct election_files *files);
void election_files_done(struct election_files *files);
MUST_CHECK enum err election_files_read(const char *dir, struct election_files *files, struct why *why);
/* Makes the folder if need be and replaces the files, durably. */
MUST_CHECK enum err election_files_write(const char *dir, const struct election_files *files,
                                         struct why *why);

/* Reads a definition from its files, in any order, each once. `out` borrows nothing and ends with
 * election_done; it is untouched on failure. ERR_SYNTAX, ERR_RANGE, ERR_MISSING, ERR_EXISTS, ERR_CONFLICT,
 * ERR_TOO_BIG, each with a sentence. */
MUST_CHECK enum err election_parse(const struct election_file *files, size_t n_files, struct election *out,
                                   struct why *why);
/* The same, byte for byte and word for word, with a team to help; not for roles that serve. */
struct team;
MUST_CHECK enum err election_parse_with(const struct election_file *files, size_t n_files, struct team *team,
                                        struct election *out, struct why *why);
/* Reads a definition from a directory; other files there are ignored. */
MUST_CHECK enum err election_load(const char *dir, struct election *out, struct why *why);

/* Writes the files of a definition: its maps and digest are not looked at. election_parse of the result gives
 * the same definition, provided that the values are in their ranges; call it to be sure and to have the
 * digest. */
void election_print(const struct election *election, struct election_files *out);

#endif

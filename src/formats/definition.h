/* The election's definition out of the ledger's entries: prep-open/v1 says its digest and how many files, prep-file/v1 brings
 * them in pieces (docs/formats/ledger.md). */
#ifndef FORMATS_DEFINITION_H
#define FORMATS_DEFINITION_H

#include "formats/election.h"
#include "tlog/entry.h"

struct definition {
    struct election_files files;
    uint64_t sizes[ELECTION_FILES]; /* promised by the pieces */
    uint32_t promised;              /* files, by the opening entry */
    uint8_t digest[32];
    bool opened;
};

void definition_init(struct definition *definition);
void definition_done(struct definition *definition);
/* Takes an opening or a file entry in; every other is none of its business. ERR_CONFLICT for pieces that do not follow each
 * other, or a file that no definition has. */
MUST_CHECK enum err definition_take(struct definition *definition, const struct entry *entry,
                                    struct why *why);
/* Everything came, and it is what the opening entry states. ERR_MISSING names the file that is not whole. */
MUST_CHECK enum err definition_load(const struct definition *definition, struct election *out,
                                    struct why *why);

#endif

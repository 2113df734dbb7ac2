/* The copy's journal (docs/formats/copy.md): every event of the store, in order, each with length and
 * checksum. A torn end is no record; what stands before it is whole or the file was tampered with. Torn may be what was written
 * together last, and nothing else: the next was not begun before that was on the disk. */
#ifndef INTAKE_JOURNAL_H
#define INTAKE_JOURNAL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

#define JOURNAL_HEAD "prep-copy/v2\n"

struct journal_record {
    uint64_t index;
    bool first;              /* of what was written and brought to the disk together */
    struct span entry, note; /* borrowed */
};

void journal_print(struct buf *out, const struct journal_record *record);
/* Cuts the first record off `rest`. ERR_AGAIN: the end, torn or not; ERR_FORGED: it is whole and its checksum
 * is not that of its bytes. */
MUST_CHECK enum err journal_next(struct span *rest, struct journal_record *out);

/* What a journal holds: whole records from index 0 without holes. */
struct journal_about {
    uint64_t events;
    uint64_t bytes;   /* up to the end of the last whole record */
    uint64_t torn;    /* bytes after it */
    uint8_t last[32]; /* SHA-256 of the last one's entry */
};
typedef enum err (*journal_each)(void *arg, const struct journal_record *record);
/* Reads the file; `each` may be NULL. ERR_MISSING; ERR_SYNTAX: no journal; ERR_FORGED, ERR_CONFLICT: a record
 * in the middle is wrong or out of order. */
MUST_CHECK enum err journal_read(const char *path, journal_each each, void *arg, struct journal_about *out,
                                 struct why *why);

#endif

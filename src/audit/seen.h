/* Which texts of a database come more than once: keys and images. They are noted row by row, in order, and compared at the
 * end: texts in ascending order, as keys mostly stand, need no table at all. Of others a bit of their hash is noted in passing,
 * and only those whose bit came more than once go into a table. Keyed hashing, for the texts are foreign. */
#ifndef AUDIT_SEEN_H
#define AUDIT_SEEN_H

#include "base/buf.h"
#include "base/fresh.h"
#include "base/span.h"

#include <stdint.h>

enum {
    SEEN_FILE_MAX = INT32_MAX,
    SEEN_TEXT_MAX = UINT16_MAX,
    SEEN_WORDS = 16,
    SEEN_DIGEST = 32,
    SEEN_LATER = 16
};

/* Kept small: fresh memory is the dearest thing that a short process touches. */
struct seen_item {
    uint32_t at;   /* of the text in the file; EXTRA + offset: in `extra` */
    uint32_t line; /* of its row in the file */
    uint32_t row;
    uint32_t tag; /* of its hash */
    uint16_t len;
};

/* A bit for each tag (its lowest bits) that came, and for each that came again. */
struct seen_bits {
    uint64_t once;
    uint64_t twice;
};

/* Texts of rows that follow one another. */
struct seen_part {
    struct buf extra; /* texts that the file does not hold as they are */
    struct seen_item *items;
    uint32_t n;
    uint32_t room;
    uint32_t rows_before;   /* to be added to the items' rows */
    struct seen_bits *bits; /* NULL: none has a tag yet */
    uint32_t last_tag;      /* not in `bits` yet: its place there is on its way from memory */
    bool has_last;
};

struct seen {
    struct span file;    /* under 2 GiB */
    struct fresh *fresh; /* where its arrays are taken from */
    struct seen_part part;
    struct seen_part later
        [SEEN_LATER]; /* what was appended: nothing is moved, it may lie in memory that is warm elsewhere */
    unsigned n_later;
    bool ascending;    /* so far every text is greater than the one before */
    uint32_t tag_mask; /* of a tag: its bit in `bits` */
    uint64_t key[2];
    uint64_t factors[SEEN_WORDS + 2]; /* made from the key */
};

/* `expected` texts fit without growing. `fresh`, which may be NULL, must outlive it. */
void seen_init(struct seen *seen, struct span file, uint32_t expected, struct fresh *fresh);
/* Before anything is added: another key than the one that seen_init took from where memory lies. */
void seen_rekey(struct seen *seen, uint64_t first, uint64_t second);
/* A list for the texts that follow those of `first`, to be appended to it. */
void seen_init_next(struct seen *seen, const struct seen *first, uint32_t expected);
void seen_done(struct seen *seen);
/* A text of at most SEEN_TEXT_MAX bytes (longer ones are cut) in the row that begins at `line`. `hashed`: bytes that are
 * equal exactly when the texts are: the text, or a shorter form of it; at NULL (for all of a list) when texts are expected to
 * ascend, and are hashed from the first one that does not. */
void seen_add(struct seen *seen, struct span text, struct span hashed, uint32_t row, const char *line);

/* Takes over all of `next`, whose rows were counted from where `rows_before` ends; at most SEEN_LATER times, and nothing is added
 * afterwards. */
void seen_append(struct seen *seen, struct seen *next, uint32_t rows_before);

/* Calls `visit` for every text that came before, in the order of the rows: the row where it stood first, the row at hand,
 * and the how manieth it is (2, 3, ...). */
typedef void (*seen_visit)(void *arg, uint32_t first_row, const struct seen_item *again, uint32_t times);
void seen_repeated(struct seen *seen, seen_visit visit, void *arg);

#endif

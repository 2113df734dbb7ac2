/* One listing: what was found in each place and what runs, as it is kept in DIR/zero/NNNN.json (docs/formats/zero.md). */
#ifndef ZERO_LISTING_H
#define ZERO_LISTING_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "tlog/merkle.h"

#include <stdint.h>

enum {
    LISTING_PROGRAMS_MAX = 64,
    LISTING_FILES_MAX = 16,
    LISTING_NAME_MAX = 63,
    LISTING_BYTES_MAX = 1 << 20
};

enum place { PLACE_STORE, PLACE_LEDGER, PLACE_LOG, PLACE_COPY, PLACE_IMAGES, PLACES };
extern const char *const place_ids[PLACES];

struct listed_place {
    bool there;
    uint64_t entries; /* files, of images */
    uint64_t actas;   /* entries that carry votes; images likewise */
};

struct listed_file {
    char name[LISTING_NAME_MAX + 1];
    char sha256[65];
};

struct listing {
    int64_t time_ms;
    char origin[128];
    struct listed_file programs[LISTING_PROGRAMS_MAX];
    uint32_t n_programs;
    struct listed_file files[LISTING_FILES_MAX]; /* of the definition */
    uint32_t n_files;
    char definition[65], rules[65]; /* SHA-256 */
    char previous[65];              /* of the listing before this one, "" for the first */
    uint64_t actas_expected;
    struct listed_place places[PLACES];
    char root[65];        /* of the ledger's entries: RFC 6962 */
    uint64_t signed_size; /* the signer's */
    char signed_root[65]; /* "" when the signer has none */
    bool has_cut;         /* a cut is published */
    uint64_t cut, captured, votes;
    bool last;
};

void listing_print(const struct listing *listing, struct buf *out);
MUST_CHECK enum err listing_parse(struct span bytes, struct listing *out, struct why *why);
/* No place has a vote. */
bool listing_empty(const struct listing *listing);

#endif

/* Reading the table of actas back from its published chunks: what the rows themselves add up to. */
#ifndef CUT_ROWS_H
#define CUT_ROWS_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct row_sums {
    uint64_t captured; /* rows with an acta of the catalogue, not in review */
    uint64_t counted;
    uint64_t outside;
    uint64_t in_review;
    uint64_t votes; /* "Total calculado" of the counted rows */
};

/* `columns` is how many vote columns the chunk's table has. ERR_SYNTAX when a row is not as render_chunk writes it. */
MUST_CHECK enum err rows_sum(struct span chunk, unsigned columns, struct row_sums *out, struct why *why);

#endif

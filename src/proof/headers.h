/* The header figures after each of the last entries: a cut's entry comes some entries after what it covers, and is compared with the
 * figures as they stood there. */
#ifndef PROOF_HEADERS_H
#define PROOF_HEADERS_H

#include "render/fold.h"

struct header {
    uint64_t expected, captured, counted, votes;
};

struct headers {
    struct header *rows; /* by log size modulo HEADERS_KEPT, then contest */
    uint32_t n_contests;
    uint64_t from, to; /* log sizes that are known: [from, to] */
};

void headers_init(struct headers *headers, uint32_t n_contests);
void headers_done(struct headers *headers);
/* The figures as they are now. */
void headers_note(struct headers *headers, const struct fold *fold);
/* False: not known any more. */
bool headers_at(const struct headers *headers, uint64_t log_size, uint32_t contest, struct header *out);

#endif

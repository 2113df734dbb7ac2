/* A census of a worker's connections by what they do, for the notice board: a slice of the table each second, so that a full
 * house of a million costs no turn more than a millisecond. */
#ifndef EDGE_CENSUS_H
#define EDGE_CENSUS_H

#include "edge/conns.h"
#include "edge/notice_board.h"

enum { CENSUS_SLICE = 65536 };

struct census {
    uint32_t at;
    uint32_t counted[2][CONN_STAGES]; /* of this walk: plain, TLS */
};

/* Looks at the next slice; at the end of a walk the counts are told. */
void census_take(struct census *census, const struct conns *conns, struct worker_row *row);

#endif

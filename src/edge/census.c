/* One pass over the table's taken part. */
#include "edge/census.h"

#include <string.h>

_Static_assert((int)CONN_STAGES <= (int)EDGE_STAGES_MAX, "every stage has a place");

void census_take(struct census *census, const struct conns *conns, struct worker_row *row)
{
    uint32_t end = census->at + CENSUS_SLICE < conns->high ? census->at + CENSUS_SLICE : conns->high;
    for (; census->at < end; census->at++) {
        if ((conns->taken[census->at / 64] >> census->at % 64 & 1) != 0) {
            const struct conn *conn = &conns->all[census->at];
            census->counted[conn->tls != NULL][conn->stage]++;
        }
    }
    if (census->at < conns->high) {
        return;
    }
    for (int tls = 0; tls < 2; tls++) {
        for (int stage = 0; stage < CONN_STAGES; stage++) {
            atomic_store_explicit(&row->stages[tls][stage], census->counted[tls][stage],
                                  memory_order_relaxed);
        }
    }
    memset(census, 0, sizeof *census);
}

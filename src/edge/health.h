/* The health role: answers /health and /metrics on a listener of its own, from the notice board alone. It is another process
 * with other descriptors than the workers, so a flood on them does not reach it. */
#ifndef EDGE_HEALTH_H
#define EDGE_HEALTH_H

#include "base/buf.h"
#include "edge/notice_board.h"

/* NULL when all is well, else a sentence in both languages. */
const char *health_judge(const struct notice_board *board, uint32_t workers, bool is_site, int64_t now_ms);
/* Prometheus' text format 0.0.4. `night_ms` is the night's clock, for the age of the cut. */
void health_metrics(const struct notice_board *board, uint32_t workers, bool is_site, int64_t now_ms,
                    int64_t night_ms, struct buf *out);

/* role_main; the argument is a struct role_gift. */
int health_main(void *arg);

#endif

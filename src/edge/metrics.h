/* What an edge says of itself to monitors, from the notice board alone. docs/formats/metrics.md. */
#ifndef EDGE_METRICS_H
#define EDGE_METRICS_H

#include "base/buf.h"
#include "edge/edge.h"
#include "edge/notice_board.h"

/* /healthz: NULL when every worker had a turn of late, else a sentence in both languages. `now_ms` is monotonic. */
const char *health_alive(const struct notice_board *board, uint32_t workers, int64_t now_ms);
/* /readyz: NULL when it lives and serves what its kind is for: a cut, or a site. */
const char *health_ready(const struct notice_board *board, const struct edge_options *options,
                         int64_t now_ms);

/* Prometheus' text. `night_ms` is the night's clock, for the age of the cut. */
void edge_metrics(const struct notice_board *board, const struct edge_options *options, int64_t now_ms,
                  int64_t night_ms, struct buf *out);

#endif

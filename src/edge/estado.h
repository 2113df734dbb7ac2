/* /estado: what this host says of itself, made every second (docs/formats/tree.md). Pure. */
#ifndef EDGE_ESTADO_H
#define EDGE_ESTADO_H

#include "edge/edge.h"
#include "edge/notice_board.h"
#include "edge/view.h"

/* How this host serves, in a word: "waiting", "down", "stale", "normal". `facts` may be NULL: nothing is held yet. */
const char *estado_mode(enum edge_kind kind, const struct view_facts *facts, enum feed_state feed,
                        const struct loader_notice *notice);

/* `code` is "" while there is none. */
void estado_print(const struct edge_options *options, const struct view_facts *facts, enum feed_state feed,
                  int64_t feed_age_s, const char *code, const struct loader_notice *notice, int64_t now_ms,
                  struct buf *out);

#endif

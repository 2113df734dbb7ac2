/* /estado: what this host says of itself, made every second (docs/formats/tree.md). Pure. */
#ifndef EDGE_ESTADO_H
#define EDGE_ESTADO_H

#include "edge/edge.h"
#include "edge/notice_board.h"
#include "edge/view.h"

/* `facts` may be NULL: nothing is held yet. `code` is "" while there is none; a `notice` without text, too. */
void estado_print(const struct edge_options *options, const struct view_facts *facts, enum feed_state feed,
                  int64_t feed_age_s, const char *code, const struct notice_text *notice, int64_t now_ms,
                  struct buf *out);

#endif

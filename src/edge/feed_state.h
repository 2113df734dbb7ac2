/* What a mirror's puller says about its feed (docs/formats/night.md, feed-state). Pure. */
#ifndef EDGE_FEED_STATE_H
#define EDGE_FEED_STATE_H

#include "base/span.h"
#include "edge/notice_board.h"

/* "ok MOMENT", "lost MOMENT" ("-": never), or "conflict MOMENT": its log has signed two histories. Whatever is not that is a feed that is lost. */
void feed_state_parse(struct span text, int64_t now_ms, enum feed_state *state, int64_t *age_s);

#endif

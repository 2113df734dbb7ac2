/* What the pages share that a host makes every second, outside every cut: their rules and how a cut's hour is written. Pure. */
#ifndef EDGE_MADE_PAGE_H
#define EDGE_MADE_PAGE_H

#include "edge/view.h"

/* Appends a Content-Security-Policy: nothing but the page's own style, named by its hash. */
void made_rules(struct span style, struct buf *out);
/* "20:20 (UTC-6) · 06/06/2027": the election's hour, whatever the host's zone. */
void made_moment(int64_t ms, int offset_min, struct buf *out);
/* The strip that says that the data are not real; nothing when they are. */
void made_drill(const struct view_facts *facts, struct buf *out);

#endif

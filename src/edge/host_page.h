/* /difusores: what /estado says, for people and without a script: this host, what it serves and how old that is, and where else
 * the same results are. Made every second and outside every cut. Pure. */
#ifndef EDGE_HOST_PAGE_H
#define EDGE_HOST_PAGE_H

#include "edge/edge.h"
#include "edge/notice_board.h"
#include "edge/view.h"

/* `facts` may be NULL: nothing is held yet. `code` is "" while there is none. */
void host_page_print(const struct edge_options *options, const struct view_facts *facts, enum feed_state feed,
                     int64_t feed_age_s, const char *code, int64_t now_ms, struct buf *out);
/* The page's Content-Security-Policy. */
const char *host_page_rules(void);

#endif

/* /codigo: the code of the cut (doors/cut_code.h) in letters that a camera can read across a studio, made every second like /estado
 * and outside every cut. One page, complete without a script; it asks for itself again. Pure. */
#ifndef EDGE_CAPTION_H
#define EDGE_CAPTION_H

#include "edge/edge.h"
#include "edge/view.h"

/* `facts` may be NULL: nothing is held yet. `code` is "" while the cut's proof is not there. */
void caption_print(const struct edge_options *options, const struct view_facts *facts, const char *code,
                   struct buf *out);
/* The page's Content-Security-Policy: nothing but its own style, named by its hash. */
const char *caption_rules(void);

#endif

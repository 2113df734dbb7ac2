/* The banner of a site that was taken down: put into every page, behind its <body>. Pure. */
#ifndef EDGE_BANNER_H
#define EDGE_BANNER_H

#include "base/buf.h"
#include "base/span.h"
#include "edge/site.h"

#include <stdint.h>

void banner_print(int64_t since_ms, int64_t sealed_ms, uint64_t version, const struct site_link *links,
                  uint32_t n_links, struct buf *out);
/* Where a page's body begins: behind its first <body …> that is neither in a comment nor in a script, style, title or
 * textarea; a page without one begins behind its doctype. */
size_t banner_place(struct span page);

#endif

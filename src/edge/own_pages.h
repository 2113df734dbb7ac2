/* Pages of our own for what nobody brought: 404, and a site's first page with the way to the results. */
#ifndef EDGE_OWN_PAGES_H
#define EDGE_OWN_PAGES_H

#include "edge/site.h"

enum own_page { OWN_NOT_FOUND, OWN_SITE };

/* The page, with the site's links in it, as a body of the vault. */
MUST_CHECK enum err own_page_hold(struct vault *vault, enum own_page page, const struct site *site,
                                  struct body **out);

#endif

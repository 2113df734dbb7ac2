/* What a path in a manifest is to a mirror, and whether it may stand there at all. Pure. A signed manifest is
 * still foreign: a path outside this table is refused, whoever signed it. */
#ifndef MIRROR_PLACE_H
#define MIRROR_PLACE_H

#include "base/span.h"

#include <stdint.h>

enum place {
    PLACE_FOREIGN, /* nothing a cut may bring */
    PLACE_CUT,     /* cut/{n}/..., n the manifest's own */
    PLACE_SHARED,  /* chunk/..., a/...: named by their hash, kept between cuts */
    PLACE_PACKAGE, /* package/{n}/..., n not after the manifest's own: a package may be ready some cuts later */
    PLACE_ENTRY,   /* index.html, {contest}/index.html and twins: replaced with each cut */
    PLACE_POINTER /* latest.json */
};

enum place place_of(struct span path, uint32_t cut);

/* Is it in that package? */
bool place_in_package(struct span path, uint32_t package);

#endif
